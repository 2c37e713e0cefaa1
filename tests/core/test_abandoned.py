"""Rows of dead runners, of silent ones, and of those that only seem so."""

import asyncio
import signal
import sys
import time
from pathlib import Path

from core.abandoned import Abandoned
from core.alive import Alive
from core.claim_loop import Pace
from core.database import Database
from core.models import Download, Status
from core.queries import Queries
from core.store import Store
from tests.conftest import Hand
from tests.core import given
from tests.core.worker import PACE, Shell, Work, working
from tests.support.processes import Programs, wait_until

OLD = "UPDATE downloads SET heartbeat_at = '2020-01-01 00:00:00'"


HOLDER = """
import asyncio, sys
from pathlib import Path
from core.alive import Alive
from core.database import Database
from core.models import DOWNLOAD_STAGE
from core.store import Store

async def main(url, locks):
    database = Database(url)
    alive = Alive(Path(locks), "download")
    store = Store(database, stage=DOWNLOAD_STAGE, runner=alive.name)
    await store.sign_on(1)
    claim = await store.claim()
    print("holds", claim.id, flush=True)
    await asyncio.sleep(600)

asyncio.run(main(*sys.argv[1:]))
"""


async def test_the_rows_of_a_killed_runner_are_taken_back_at_once(
    database: Database, database_url: str, programs: Programs, tmp_path: Path, hand: Hand
) -> None:
    download_id = await given.row(database)
    holder = await programs.start([sys.executable, "-c", HOLDER, database_url, str(tmp_path)])
    await holder.wait_for_output(f"holds {download_id}")
    work = Work()
    async with working(database, work, tmp_path, pace=Pace(poll_interval=0.05, lease=3.0)):
        await asyncio.sleep(0.3)
        assert work.begun == [], "the holder lives"
        await holder.kill()
        killed = time.monotonic()
        await wait_until(lambda: work.begun)
        assert time.monotonic() - killed < 2.0, "sooner than any lease"
        work.finish.set()
    assert work.begun[0].epoch == 2
    assert await hand("SELECT count(*) FROM runners") == [(0,)], "the dead one was struck off"


async def test_the_rows_of_a_stopped_runner_are_taken_by_their_lease(
    database: Database, database_url: str, programs: Programs, tmp_path: Path
) -> None:
    download_id = await given.row(database)
    holder = await programs.start([sys.executable, "-c", HOLDER, database_url, str(tmp_path)])
    await holder.wait_for_output(f"holds {download_id}")
    holder.send(signal.SIGSTOP)
    work = Work()
    async with working(database, work, tmp_path):
        await wait_until(lambda: work.begun, timeout=4 * PACE.lease)
        work.finish.set()
    assert work.begun[0].epoch == 2


async def test_a_database_that_is_locked_for_longer_than_a_lease_takes_nobodys_rows(
    sqlite_file: Path, tmp_path: Path
) -> None:
    url = f"sqlite+aiosqlite:///{sqlite_file}"
    database, other = Database(url), Database(url)
    first, second = await given.row(database), await given.row(database)
    one, two = Work(), Work()
    async with working(database, one, tmp_path, capacity=1) as a, working(other, two, tmp_path, capacity=1) as b:
        await wait_until(lambda: one.begun and two.begun)
        await asyncio.sleep(2 * PACE.heartbeat_interval)

        async with Shell(sqlite_file) as shell:  # an admin's shell
            shell.execute(f"UPDATE downloads SET heartbeat_at = '2020-01-01 00:00:00', priority = {first}")
            await asyncio.sleep(1.5 * PACE.lease)

        await asyncio.sleep(PACE.lease)
        assert (a.loop.running, b.loop.running) == (1, 1), "both are alive; only the lock kept them silent"
        one.finish.set()
        two.finish.set()
        await wait_until(lambda: a.loop.running == b.loop.running == 0)
    rows = await Queries(database).find([first, second])
    assert [(row.status, row.epoch, row.priority) for row in rows] == [(Status.DOWNLOADED, 1, 1)] * 2
    await database.close()
    await other.close()


async def test_a_runner_that_was_silent_itself_gives_others_time_to_beat(
    database: Database, hand: Hand, tmp_path: Path
) -> None:
    download_id = await given.row(database)
    await given.claimed(given.runner(database, "other"))
    await hand(OLD)
    with Alive(tmp_path, "download") as alive:
        store = given.runner(database, alive.name)
        abandoned = Abandoned(store, alive, lease=0.4, heartbeat_interval=0.2)
        await abandoned.take_back()
        assert not await store.has_claimable(), "it has only just begun"
        await asyncio.sleep(0.7)
        await abandoned.take_back()
        assert not await store.has_claimable(), "it could not beat either"
        abandoned.beaten()
        await abandoned.take_back()
        assert not await store.has_claimable(), "it beats again, and the others may"
        await asyncio.sleep(0.3)
        abandoned.beaten()
        await asyncio.sleep(0.2)
        await abandoned.take_back()
    assert (await given.claimed(given.runner(database))).id == download_id


async def test_a_claim_whose_answer_was_lost_is_given_back(database: Database, tmp_path: Path) -> None:
    await given.row(database)
    lost: list[Download] = []

    class Forgetful(Store):
        async def claims(self, at_most: int) -> list[Download]:
            claims = await super().claims(at_most)
            if claims and not lost:
                lost.extend(claims)
                raise ConnectionResetError("after the commit")
            return claims

    work = Work()
    async with working(database, work, tmp_path, store_type=Forgetful):
        await wait_until(lambda: work.begun)
        work.finish.set()
    assert (lost[0].epoch, work.begun[0].epoch) == (1, 2)
