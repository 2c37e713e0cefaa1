"""A playlist becomes rows: its entries inherit what was asked of it."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from core.errors import RequestRefused
from core.models import ChildRow, Status
from core.requests import checked_url
from core.rows import storable
from core.tables import downloads, events

INHERITED = (
    "user_id",
    "guild_id",
    "channel_id",
    "destination",
    "priority",
    "paused",
    "cancelled",
    "upload_limit_bytes",
    "size_limit_bytes",
    "running_limit",
    "allow_torrents",
    "auto_retry",
    "locale",
)
NOT_INHERITED = ("items", "clip")  # options that mean the playlist itself, or one video
GONE = (Status.FAILED, Status.CANCELLED)


async def expand(connection: AsyncConnection, parent: RowMapping, children: Sequence[ChildRow], *, actor: str) -> int:
    """Insert the entries of `parent` that it does not have yet; how many.

    Args:
        parent: its row, held by this transaction, before it is settled.
        actor: who is named in the history.
    """
    known = select(downloads.c.url, downloads.c.status, downloads.c.upload)
    siblings = (await connection.execute(known.where(downloads.c.parent_id == parent["id"]))).all()
    options = json.loads(parent["options"])
    inherited = {name: parent[name] for name in INHERITED} | {
        "parent_id": parent["id"],
        # A playlist that was settled delivers nothing itself: what was asked at first stands in its entries.
        "upload": max(parent["upload"], *(row.upload for row in siblings), 0),
        "options": json.dumps({name: value for name, value in options.items() if name not in NOT_INHERITED}),
    }
    if parent["thread_id"] is not None:
        inherited |= {"channel_id": parent["thread_id"], "thread_id": parent["thread_id"]}
    there = {row.url for row in siblings if row.status not in GONE}
    rows = [inherited | entry for entry in _entries(children, there)]
    if rows:
        statement = insert(downloads).returning(downloads.c.id, sort_by_parameter_order=True)
        ids = (await connection.execute(statement, rows)).scalars().all()
        note = {"actor": actor, "moved_to": Status.PENDING, "note": f"part of #{parent['id']}"}
        await connection.execute(insert(events), [{"download_id": new_id, **note} for new_id in ids])
    return len(rows)


def _entries(children: Sequence[ChildRow], there: set[str]) -> Iterator[dict[str, Any]]:
    seen = set(there)
    for child in children:
        try:
            url = checked_url(child.url)
        except RequestRefused:  # a site names what it likes; nobody asked for this
            continue
        if url not in seen:
            seen.add(url)
            yield storable({"url": url, "title": child.title, "site": child.site, "media_id": child.media_id})
