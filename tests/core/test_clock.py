"""The clock is set an hour forward and back while runners work: nobody loses a row, and none is kept for an hour."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from core.chores import Chore, ChoreBook
from core.claim_loop import Pace
from core.database import Database
from tests.core import given
from tests.core.worker import Work, working
from tests.support.processes import wait_until

PACE = Pace(poll_interval=0.05, heartbeat_interval=0.8, lease=4.0)
HOUR = 3600


@dataclass(slots=True)
class Clock:
    """SQLite's `datetime('now')`, moved by so many seconds."""

    moved: int = 0
    _sqlite: sqlite3.Connection = field(
        default_factory=lambda: sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
    )

    def datetime(self, value: Any, *changes: str) -> Any:
        places = ", ".join("?" * (1 + len(changes)))
        by = f", '{self.moved:+d} seconds'" if value == "now" else ""
        return self._sqlite.execute(f"SELECT datetime({places}{by})", (value, *changes)).fetchone()[0]

    def open(self, path: Path) -> Database:
        """The database as a process sees it that goes by this clock."""
        database = Database(f"sqlite+aiosqlite:///{path}")

        def use(connection: Any, _record: Any) -> None:
            # As SQLite takes it: in a CHECK it must be deterministic, which there, without 'now', it is.
            connection.create_function("datetime", -1, self.datetime, deterministic=True)

        event.listen(database.engine.sync_engine, "connect", use, insert=True)
        return database


@pytest.fixture
async def clock(sqlite_file: Path) -> AsyncIterator[tuple[Clock, Database, Database]]:
    clock = Clock()
    one, two = clock.open(sqlite_file), clock.open(sqlite_file)
    yield clock, one, two
    await one.close()
    await two.close()


@pytest.mark.parametrize("moved", [HOUR, -HOUR])
async def test_runners_that_live_keep_their_rows(
    clock: tuple[Clock, Database, Database], tmp_path: Path, moved: int
) -> None:
    time, one, two = clock
    first, second = await given.row(one), await given.row(one)
    a, b = Work(), Work()
    async with working(one, a, tmp_path, capacity=1, pace=PACE), working(two, b, tmp_path, capacity=1, pace=PACE):
        await wait_until(lambda: a.begun and b.begun)
        await asyncio.sleep(2 * PACE.heartbeat_interval + 1)  # a look at the clock as it was
        time.moved = moved
        await asyncio.sleep(1.5 * PACE.lease)
        assert [len(work.begun) for work in (a, b)] == [1, 1], "nobody took a row from the other"
        assert not a.cancelled + b.cancelled
        a.finish.set()
        b.finish.set()
        await wait_until(lambda: a.active == b.active == 0)
    assert {a.begun[0].id, b.begun[0].id} == {first, second}


@pytest.mark.parametrize("moved", [HOUR, -HOUR])
async def test_rows_of_a_silent_runner_are_not_kept_for_an_hour(
    clock: tuple[Clock, Database, Database], tmp_path: Path, moved: int
) -> None:
    time, one, two = clock
    await given.row(one)
    await given.claimed(given.runner(one, "silent"))  # which no lock proves dead
    work = Work()
    async with working(two, work, tmp_path, pace=PACE):
        await asyncio.sleep(1.2)  # a look at the clock as it was
        time.moved = moved
        await wait_until(lambda: work.begun, 3 * PACE.lease, description="it is taken within its lease")
        work.finish.set()


async def test_a_retry_does_not_wait_for_the_clock_to_catch_up(
    clock: tuple[Clock, Database, Database], tmp_path: Path
) -> None:
    time, one, two = clock
    await given.row(one)
    await given.claimed(given.runner(one, "silent"))  # so that the clock is looked at every second
    await given.row(one, available_at="2999-01-01 00:00:00", error_kind="SourceUnreachable", error="x", attempts=1)
    tonight = await given.row(one, available_at="2999-01-01 00:00:00")
    work = Work()
    async with working(two, work, tmp_path, capacity=3, pace=PACE):
        await asyncio.sleep(1.2)
        assert not work.begun
        time.moved = -HOUR
        await wait_until(lambda: len(work.begun) == 2, 3 * PACE.lease)
        assert tonight not in [claim.id for claim in work.begun], "what a member asked for stays as it is"
        work.finish.set()


async def test_a_chore_comes_round_although_the_clock_was_set_back(
    clock: tuple[Clock, Database, Database],
) -> None:
    time, one, _ = clock

    async def nothing() -> str:
        return ""

    chore = Chore(name="x", every=60.0, run=nothing)
    book = ChoreBook(one, runner="me")
    await book.list_up(["x"])
    assert await book.begin(chore)
    await book.end(chore, report="done", error=None)
    assert await book.due([chore]) == []
    time.moved = -HOUR
    assert await book.due([chore]) == [chore]
