"""Which of a channel's earlier downloads are looked at when new files arrive."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from core.database import Database
from core.earlier import Earlier
from core.sql_functions import utc_now
from core.tables import media_files
from tests.core import given
from tests.upload_module.given import media_file

HERE = {"guild_id": 5, "user_id": 7, "destination": "discord", "channel_id": 6}
POSTED = {"status": "uploaded", "finished_at": utc_now(), **HERE}
SUM, LOOKS = "5a" * 32, "0123456789abcdef " * 3 + "0123456789abcdef"
VIDEO: dict[str, Any] = {
    "kind": "video",
    "width": 1280,
    "height": 720,
    "duration_seconds": 60.0,
    "perceptual_hash": LOOKS,
}
OTHER: dict[str, Any] = {"sha256": "b5" * 32}


@pytest.mark.parametrize(
    ("file", "row", "is_looked_at"),
    [
        ({"kind": "document", "sha256": SUM}, {}, True),
        (VIDEO | OTHER, {}, True),
        (VIDEO | OTHER | {"duration_seconds": 60.9, "width": 1300}, {}, True),
        (VIDEO | OTHER | {"duration_seconds": None, "width": None}, {}, True),
        (VIDEO | OTHER | {"duration_seconds": 70.0}, {}, False),
        (VIDEO | OTHER | {"width": 720, "height": 1280}, {}, False),
        (VIDEO | OTHER | {"perceptual_hash": None}, {}, False),
        (VIDEO | OTHER | {"kind": "image"}, {}, False),
        (VIDEO | {"sha256": SUM}, {"channel_id": 8}, False),
        (VIDEO | {"sha256": SUM}, {"status": "failed"}, False),
    ],
)
async def test_only_what_may_be_the_same_is_read(
    database: Database, file: dict[str, Any], row: dict[str, Any], is_looked_at: bool
) -> None:
    earlier = await given.row(database, **POSTED | row)

    async def work(connection: AsyncConnection) -> None:
        values = {"download_id": earlier, "position": 0, "path": "a", "bytes": 3, "delivered_message_id": 99, **file}
        await connection.execute(insert(media_files).values(values))

    await database.write(work)
    await given.row(database, **HERE)
    claim = await given.claimed(given.runner(database))
    arrived = replace(media_file(0, 1), path="b", sha256=SUM, **VIDEO)
    found = await Earlier(database).with_files(claim, [arrived], days=7)
    assert [one.download.id for one in found] == ([earlier] if is_looked_at else [])


async def test_nothing_is_looked_for_when_nothing_is_known_of_the_files(database: Database) -> None:
    await given.row(database, **HERE)
    claim = await given.claimed(given.runner(database))
    unknown = replace(media_file(0, 1), sha256=None, perceptual_hash=None)
    assert await Earlier(database).with_files(claim, [unknown], days=7) == []
