"""A loop that has nothing to do asks the database nothing, and yet misses nothing."""

import asyncio
from pathlib import Path

from core.claim_loop import Pace
from core.database import Database
from core.news import News
from core.store import Store
from tests.core import given
from tests.core.worker import Work, working
from tests.support.processes import wait_until

STILL = Pace(poll_interval=0.01, heartbeat_interval=60.0, lease=180.0)  # it polls, and writes nothing meanwhile


class Counting(Store):
    """Counts how often it is asked for news."""

    asked = 0

    async def news(self) -> News:
        self.asked += 1
        return await super().news()


async def test_nothing_is_asked_while_nothing_is_written(sqlite_file: Path, tmp_path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{sqlite_file}")
    work = Work()
    async with working(database, work, tmp_path, pace=STILL, store_type=Counting) as worker:
        assert isinstance(worker.store, Counting)
        await asyncio.sleep(1.0)  # up to a hundred polls
        assert 0 < worker.store.asked < 10
        await given.row(database)
        await wait_until(lambda: work.begun)
        work.finish.set()
    await database.close()


async def test_a_row_is_begun_when_its_time_comes_although_nobody_writes(
    database: Database, work: Work, tmp_path: Path
) -> None:
    soon = "strftime('%Y-%m-%d %H:%M:%S', 'now', '+2 seconds')"
    if not database.is_sqlite:
        soon = "to_char((clock_timestamp() AT TIME ZONE 'UTC') + interval '2 seconds', 'YYYY-MM-DD HH24:MI:SS')"
    await database.write(
        lambda connection: connection.exec_driver_sql(
            f"INSERT INTO downloads (url, available_at) VALUES ('http://site.test/a', {soon})"
        )
    )
    async with working(database, work, tmp_path, pace=STILL):
        await wait_until(lambda: work.begun)
        work.finish.set()
