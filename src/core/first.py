"""The same media is fetched once at a time: who asks for what is being fetched waits for the one who was first.

A claim writes down what it is about to fetch (`fetch_key`). Another claim of the same is given back and names the first
(`waits_for`). It can be claimed again as soon as nothing is to be expected of the first any more: its message is there,
its files can be taken, or it failed, was cancelled or paused, waits for room or for its next try. Only a row that
somebody works on or is about to deliver is waited for, and a row that waits is neither: so no two wait for each other.
"""

import json
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from core.earlier import shaping
from core.models import DOWNLOAD_STAGE, UPLOAD_STAGE, Destination, Download
from core.sql_functions import utc_now
from core.tables import downloads

LONGEST_WAIT = 3600.0  # seconds; then the second fetches itself


def fetch_key(claim: Download, site: str, media_id: str) -> str | None:
    """What a claim is about to fetch, and for whom; None where nobody else may have it: asked by nobody's member."""
    if claim.guild_id is None and claim.user_id is None:
        return None
    whose = [claim.guild_id] if claim.guild_id is not None else [None, claim.user_id]
    hidden = bool(claim.options.get("spoiler"))
    return json.dumps([*whose, site, media_id, shaping(claim.options), hidden], sort_keys=True)


def keeps_waiting() -> ColumnElement[bool]:
    """Whether a row can still expect something of the one that it waits for."""
    first = downloads.alias("first")
    same = or_(first.c.fetch_key.is_(None), first.c.fetch_key == downloads.c.fetch_key)
    expected = select(first.c.id).where(first.c.id == downloads.c.waits_for, same, _is_expected(first))
    return expected.exists()


def _is_expected(first: Any) -> ColumnElement[bool]:
    """Whether a row, as long as nobody stops it, ends with a message or with files for the row `downloads`."""
    due = or_(first.c.available_at.is_(None), first.c.available_at <= utc_now())
    place = [func.coalesce(table.c.thread_id, table.c.channel_id) for table in (first, downloads)]
    # Its message can be named there alone, and only on a card; others take the files, which are there by then.
    delivers_here = and_(
        first.c.status.in_((UPLOAD_STAGE.takes, *UPLOAD_STAGE.works_in)),
        *(table.c.destination == Destination.DISCORD for table in (first, downloads)),
        *(table.c.upload == 1 for table in (first, downloads)),
        downloads.c.parent_id.is_(None),
        place[0] == place[1],
        due,
    )
    wanted = and_(first.c.paused == 0, first.c.cancelled == 0)
    return and_(wanted, or_(first.c.status.in_(DOWNLOAD_STAGE.works_in), delivers_here))


async def who_is_first(connection: AsyncConnection, claim: Download, key: str) -> int | None:
    """The download that a claim has to wait for; None: it fetches itself. In a transaction that writes the key then.

    Args:
        connection: whose transaction writes `key` into the claim's row, unless it has to wait.
        claim: the one who asks.
        key: see `fetch_key`.
    """
    first = downloads.alias("first")
    waited_enough = and_(downloads.c.waits_for == first.c.id, downloads.c.available_at <= utc_now())
    statement = select(first.c.id).where(
        downloads.c.id == claim.id,
        first.c.id != claim.id,
        first.c.fetch_key == key,
        _is_expected(first),
        or_(downloads.c.waits_for.is_(None), downloads.c.available_at.is_(None), ~waited_enough),
    )
    return (await connection.execute(statement.order_by(first.c.id).limit(1))).scalar_one_or_none()
