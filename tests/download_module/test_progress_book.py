"""The progress of all rows of a runner, written together."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from core.database import Database
from core.models import Progress
from core.queries import Queries
from download_module import progress_book
from download_module.progress_book import ProgressBook
from tests.core.given import claimed, row, runner
from tests.support.processes import wait_until


@pytest.fixture
def database_url(sqlite_file: Path) -> str:
    return f"sqlite+aiosqlite:///{sqlite_file}"


@asynccontextmanager
async def kept(book: ProgressBook) -> AsyncIterator[None]:
    keeping = asyncio.create_task(book.keep())
    yield
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)


def now(count: int) -> Progress:
    return Progress(
        progress=float(count), downloaded_bytes=count, download_speed=1, eta_seconds=None, activity="downloading"
    )


async def test_the_latest_of_each_row_is_written(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress_book, "INTERVAL", 0.01)
    store, queries = runner(database), Queries(database)
    ids = [await row(database) for _ in range(3)]
    claims = [await claimed(store) for _ in ids]
    book = ProgressBook(store)
    async with kept(book):
        for count in (1, 2, 3):
            for claim in claims:
                book.note(claim, now(count))

        async def written() -> bool:
            return [found.downloaded_bytes for found in await queries.find(ids)] == [3, 3, 3]

        await wait_until(written)


async def test_a_row_that_is_forgotten_is_written_no_more(database: Database) -> None:
    store, queries = runner(database), Queries(database)
    ids = [await row(database) for _ in range(2)]
    first, second = [await claimed(store) for _ in ids]
    book = ProgressBook(store)
    book.note(first, now(5))
    book.note(second, now(6))
    await book.forget(first)
    async with kept(book):

        async def written() -> bool:
            return sorted(found.downloaded_bytes or 0 for found in await queries.find(ids)) == [0, 6]

        await wait_until(written)
