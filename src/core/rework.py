"""A download is done again, or otherwise: its options change and it goes back to the start, in one guarded write."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.models import Status
from core.options import checked_options
from core.tables import downloads

ENDED_BADLY = (Status.FAILED, Status.CANCELLED)
BEFORE_DELIVERY = (Status.PENDING, Status.EXTRACTING, Status.DOWNLOADING)
# Whoever holds the row loses it by this, stops and writes nothing; the bytes of another format are dropped by the
# next attempt, which knows them by their identity.
ANEW = {
    "status": Status.PENDING,
    "cancelled": 0,
    "paused": 0,
    "available_at": None,
    "attempts": 0,
    "claimed_by": None,
    "heartbeat_at": None,
    "progress": 0,
    "downloaded_bytes": 0,
    "download_speed": 0,
    "eta_seconds": None,
    "activity": None,
    "error_kind": None,
    "error": None,
    "failed_stage": None,
    "file_size": None,
    "room_needed": None,
    "waits_for": None,
    "progress_message_status": None,  # its message is to be looked at, also when this ends the same at once
    "download_plan": "{}",
    "upload_plan": "{}",
}


async def begin_anew(
    connection: AsyncConnection,
    ids: Sequence[int],
    changes: Mapping[str, Any],
    where: ColumnElement[bool],
) -> list[int]:
    """Change the options of rows and set them back to the start; their ids.

    Args:
        connection: in a transaction that writes.
        ids: of these rows.
        changes: of their options; None takes one away.
        where: what must be true of a row.

    Raises:
        RequestRefused: an option means nothing.
    """
    found = select(downloads.c.id, downloads.c.options).where(downloads.c.id.in_(ids), where).with_for_update()
    changed = []
    for id_, text in (await connection.execute(found)).all():
        options = {**_object(text), **changes}
        wanted = {name: value for name, value in options.items() if value is not None}
        checked_options({name: value for name, value in changes.items() if value is not None})
        guarded = and_(downloads.c.id == id_, where)
        statement = update(downloads).where(guarded).values(**ANEW, options=json.dumps(wanted))
        if (await connection.execute(statement)).rowcount == 1:
            changed.append(id_)
    return changed


def ended_badly() -> ColumnElement[bool]:
    """Rows that failed or were cancelled."""
    return downloads.c.status.in_(ENDED_BADLY)


def not_fetched_yet() -> ColumnElement[bool]:
    """Rows whose media is still to be fetched, and that nobody wants to end."""
    failed = downloads.c.status == Status.FAILED
    return or_(failed, and_(downloads.c.status.in_(BEFORE_DELIVERY), downloads.c.cancelled == 0))


def _object(text: str) -> dict[str, Any]:
    try:
        return dict(json.loads(text))
    except (ValueError, RecursionError):
        return {}
