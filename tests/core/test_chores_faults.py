"""A database that can't be reached ends no chores: they are looked for again."""

import asyncio
import contextlib

from loguru import logger

from core.chores import ChoreBook, keep_doing
from core.database import Database
from tests.support.processes import free_port, wait_until


async def test_a_server_that_is_away_is_asked_again() -> None:
    said: list[str] = []
    sink = logger.add(lambda message: said.append(str(message)), level="WARNING")
    database = Database(f"postgresql+asyncpg://nobody@127.0.0.1:{free_port()}/none")  # the connection is refused
    doing = asyncio.create_task(keep_doing(ChoreBook(database, runner="download-1"), (), look=0.01))
    try:
        await wait_until(lambda: doing.done() or len(said) >= 2, description="a second look")
        assert not doing.done()
        assert "could not look for chores" in said[0]
    finally:
        logger.remove(sink)
        doing.cancel()
        with contextlib.suppress(asyncio.CancelledError, OSError):
            await doing
        await database.close()
