"""What tests of core begin with: rows, runners, files."""

from typing import Any

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from core.database import Database
from core.models import DOWNLOAD_STAGE, Download, NewMediaFile, Stage
from core.store import Store
from core.tables import downloads


async def row(database: Database, **columns: Any) -> int:
    """A new row with these columns; its id."""

    async def work(connection: AsyncConnection) -> int:
        statement = insert(downloads).values(**{"url": "http://site.test/a.mp4", **columns}).returning(downloads.c.id)
        return int((await connection.execute(statement)).scalar_one())

    return await database.write(work)


def runner(database: Database, name: str = "runner-1", stage: Stage = DOWNLOAD_STAGE) -> Store:
    """The store of a runner of that name."""
    return Store(database, stage=stage, runner=name)


async def claimed(store: Store) -> Download:
    """The row that this runner claims now."""
    claim = await store.claim()
    assert claim is not None, "a row was there to be claimed"
    return claim


def media(path: str, **values: Any) -> NewMediaFile:
    """A finished file."""
    return NewMediaFile(
        **{"path": path, "kind": "video", "mime_type": "video/mp4", "bytes": 3, "sha256": "0", **values}
    )
