"""Looking at the database again whenever it changed."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

from core.database import Database
from core.wake import open_wake

LOOK_AGAIN = 1.0  # seconds; ages and times left move although nothing is written
LEAST_PAUSE = 0.1  # seconds between two looks, however much is written


@contextlib.asynccontextmanager
async def following(database: Database) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """Gives a function that returns when it is time to look again: after a change, or after a second."""
    wake = open_wake(database)

    async def changed() -> None:
        await asyncio.sleep(LEAST_PAUSE)
        await wake.wait(LOOK_AGAIN)

    try:
        yield changed
    finally:
        await wake.close()
