"""The ends of a claim loop: asked for, or forced by a fault."""

import asyncio
import time
from pathlib import Path

import pytest
from loguru import logger

from core.attempt import Done
from core.database import Database
from core.models import Download, Status
from core.news import News
from core.queries import Queries
from core.store import Store
from tests.conftest import Hand
from tests.core import given
from tests.core.worker import DONE, Shell, Work, working
from tests.support.processes import wait_until

OLD = "UPDATE downloads SET heartbeat_at = '2020-01-01 00:00:00'"


async def test_a_shutdown_gives_all_rows_back_and_costs_no_attempt(
    database: Database, hand: Hand, tmp_path: Path
) -> None:
    ids = [await given.row(database, attempts=1) for _ in range(3)]
    work = Work()
    async with working(database, work, tmp_path, capacity=3) as worker:
        await wait_until(lambda: len(work.begun) == 3)
        await worker.end()

    rows = await Queries(database).find(ids)
    assert [(row.status, row.attempts, row.claimed_by) for row in rows] == [(Status.PENDING, 1, None)] * 3
    assert work.cancelled == ["shutdown"] * 3
    assert await hand("SELECT count(*) FROM runners") == [(0,)], "it signed off"


async def test_the_heartbeat_goes_on_until_the_last_work_has_ended(
    database: Database, hand: Hand, tmp_path: Path
) -> None:
    await given.row(database)
    winding_down, may_end = asyncio.Event(), asyncio.Event()

    async def answer(claim: Download) -> Done:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            winding_down.set()
            await may_end.wait()
            raise
        return DONE

    async with working(database, Work(answer=answer), tmp_path) as worker:
        await wait_until(lambda: worker.loop.running == 1)
        worker.stop.set()
        await winding_down.wait()
        await hand(OLD)

        async def beaten() -> bool:
            return await hand("SELECT count(*) FROM downloads WHERE heartbeat_at > '2021'") == [(1,)]

        await wait_until(beaten)
        may_end.set()
        await worker.task
    assert await hand("SELECT status FROM downloads") == [("pending",)]


async def test_a_shutdown_does_not_wait_for_a_locked_database(sqlite_file: Path, tmp_path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{sqlite_file}")
    work = Work()
    async with working(database, work, tmp_path) as worker:
        await asyncio.sleep(0.2)
        async with Shell(sqlite_file):
            began = time.monotonic()
            await worker.end()
            assert time.monotonic() - began < 9.5, "service managers kill after 10 s"
    await database.close()


@pytest.mark.parametrize("sentence", ["DROP TABLE runners", "ALTER TABLE downloads RENAME TO elsewhere"])
async def test_a_fault_of_the_database_is_logged_and_outlived(
    database: Database, hand: Hand, tmp_path: Path, sentence: str
) -> None:
    undo = {
        "DROP TABLE runners": "CREATE TABLE runners (name TEXT, kind TEXT, heartbeat_at TEXT)",
        "ALTER TABLE downloads RENAME TO elsewhere": "ALTER TABLE elsewhere RENAME TO downloads",
    }
    lines: list[str] = []
    sink = logger.add(lines.append, level="ERROR", format="{message}")
    work = Work()
    async with working(database, work, tmp_path):
        await hand(sentence)
        await wait_until(lambda: any("no heartbeat could be written" in line for line in lines))
        await wait_until(lambda: any("did not answer as it should" in line for line in lines))
        await hand(undo[sentence])
        await given.row(database)
        await wait_until(lambda: work.begun)
        work.finish.set()
    logger.remove(sink)


async def test_a_loop_that_meets_a_fault_of_ours_ends_and_gives_rows_back(
    database: Database, hand: Hand, tmp_path: Path
) -> None:
    await given.row(database)

    class Broken(Store):
        async def news(self) -> News:
            if work.begun:
                raise ZeroDivisionError("a fault of ours")
            return await super().news()

    work = Work()
    async with working(database, work, tmp_path, store_type=Broken) as worker:
        with pytest.raises(ZeroDivisionError):
            await worker.task
    assert await hand("SELECT status FROM downloads") == [("pending",)]
