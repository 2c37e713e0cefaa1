"""Writes of a burst share transactions, and nobody notices but the disk."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from core import database as module
from core import group_commit
from core.database import Database, Work
from core.errors import RequestRefused

ADD = "INSERT INTO downloads (url) VALUES (:url) RETURNING id"


def adding(url: str) -> Work[int]:
    async def work(connection: AsyncConnection) -> int:
        return int((await connection.execute(text(ADD), {"url": url})).scalar_one())

    return work


async def refused(_connection: AsyncConnection) -> int:
    raise RequestRefused("No.")


def commits(path: Path) -> int:
    """How many transactions stand in the log: their last frame holds the size of the database, others 0."""
    log = path.with_name(path.name + "-wal").read_bytes()
    page = int.from_bytes(log[8:12], "big")
    salt = log[16:24]
    frames = [log[at : at + 24] for at in range(32, len(log), page + 24)]
    return sum(frame[8:16] == salt and frame[4:8] != bytes(4) for frame in frames)


async def test_a_burst_takes_few_commits_and_every_work_has_its_own_answer(sqlite_file: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{sqlite_file}")
    await database.write(adding("https://a.example/first"))
    before = commits(sqlite_file)
    ids = await asyncio.gather(*(database.write(adding(f"https://a.example/{number}")) for number in range(100)))
    assert ids == list(range(2, 102)), "in the order in which they came"
    assert commits(sqlite_file) - before <= 6
    await database.close()


async def test_writes_one_after_the_other_wait_for_nobody(sqlite_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_commit, "RATE", 1.0)
    database = Database(f"sqlite+aiosqlite:///{sqlite_file}")
    async with asyncio.timeout(20):  # of 40 s that they would wait for somebody to share with
        for number in range(45):
            await database.write(adding(f"https://a.example/{number}"))
    await database.close()


async def test_one_that_fails_fails_alone(sqlite_file: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{sqlite_file}")
    works = [adding("https://a.example/1"), adding(""), refused, adding("https://a.example/2")]  # '' breaks a CHECK
    ends = await asyncio.gather(*map(database.write, works), return_exceptions=True)
    assert [type(end).__name__ for end in ends] == ["int", "IntegrityError", "RequestRefused", "int"]
    urls = await database.read(lambda connection: connection.execute(text("SELECT url FROM downloads ORDER BY id")))
    assert [url for (url,) in urls] == ["https://a.example/1", "https://a.example/2"]
    await database.close()


async def test_who_is_cancelled_is_told_when_it_is_committed(sqlite_file: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{sqlite_file}")
    tasks = [asyncio.create_task(database.write(adding(f"https://a.example/{number}"))) for number in range(10)]
    await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
    ends = await asyncio.gather(*tasks, return_exceptions=True)
    assert {type(end) for end in ends} == {asyncio.CancelledError}
    count = await database.read(lambda connection: connection.execute(text("SELECT count(*) FROM downloads")))
    assert count.scalar_one() == 10
    await database.close()


async def test_patience_ends_for_all_of_them_at_once(sqlite_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.3)
    database = Database(f"sqlite+aiosqlite:///{sqlite_file}")
    other = Database(f"sqlite+aiosqlite:///{sqlite_file}")
    held, release = asyncio.Event(), asyncio.Event()

    async def hold(_connection: AsyncConnection) -> None:
        held.set()
        await release.wait()

    holding = asyncio.create_task(other.write(hold))
    await held.wait()
    writes = (database.write(adding(f"https://a.example/{number}")) for number in range(20))
    async with asyncio.timeout(5):
        ends = await asyncio.gather(*writes, return_exceptions=True)
    assert all("locked" in str(end) for end in ends)
    release.set()
    await holding
    await other.close()
    await database.close()
