"""The files of a download that was fetched, in place of those that it had before."""

import dataclasses
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from core.models import Destination, Download, NewMediaFile
from core.rows import storable
from core.tables import media_files

SENT = ("nonce", "delivered_message_id", "delivered_url")


async def replace_files(connection: AsyncConnection, claim: Download, files: Sequence[NewMediaFile]) -> None:
    """Write down which files a download has now.

    A delivery to Discord that was cancelled half-way, and is fetched again for another try, goes on where it was: the
    same bytes are not posted twice. One that was complete begins anew, since somebody set it back to have it again.
    """
    before = select(media_files).where(media_files.c.download_id == claim.id, media_files.c.fitted_from.is_(None))
    known = (await connection.execute(before.order_by(media_files.c.position))).mappings().all()
    sent = _sent_of(known) if claim.destination is Destination.DISCORD else {}
    await connection.execute(delete(media_files).where(media_files.c.download_id == claim.id))
    rows = []
    for position, file in enumerate(files):
        same = sent.get(file.sha256 or "")
        told = same.pop(0) if same else dict.fromkeys(SENT)
        row = storable(dataclasses.asdict(file)) | told
        rows.append({"download_id": claim.id, "position": position, **row})
    if rows:  # all in one statement: a gallery has hundreds
        await connection.execute(insert(media_files), rows)


def _sent_of(files: Sequence[RowMapping]) -> dict[str, list[dict[str, Any]]]:
    """What is known of messages that carry, or perhaps carry, files: by their sha256, in order."""
    sent: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    if all(file["delivered_message_id"] is not None for file in files):
        return {}
    for file in files:
        if file["sha256"] and file["nonce"]:
            sent[file["sha256"]].append({name: file[name] for name in SENT})
    return sent
