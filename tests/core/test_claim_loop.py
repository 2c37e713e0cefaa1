"""The claim loop on a real database: what it starts and what interrupts it. For every kind of database."""

import asyncio
import time
from pathlib import Path

import pytest

from core.attempt import Done
from core.claim_loop import Pace
from core.database import Database
from core.models import Download, Settlement, Status
from core.queries import Queries
from tests.conftest import Hand
from tests.core import given
from tests.core.seen import row, status_is
from tests.core.worker import DONE, Work, working
from tests.support.processes import wait_until

SLOW = Pace(poll_interval=5.0, heartbeat_interval=5.0, lease=15.0)  # whatever is quick now, waking up did it


async def test_work_that_is_done_is_settled(database: Database, work: Work, tmp_path: Path) -> None:
    download_id = await given.row(database)

    async def answer(claim: Download) -> Done:
        return Done(Settlement(Status.DOWNLOADED, {"title": "A film"}), files=(given.media("/a", description="A cat"),))

    work.answer = answer
    async with working(database, work, tmp_path):
        settled = await status_is(database, download_id, Status.DOWNLOADED)

    assert (settled.title, settled.claimed_by, settled.attempts) == ("A film", None, 0)
    (file,) = await Queries(database).files(download_id)
    assert (file.path, file.description) == ("/a", "A cat")


async def test_a_new_row_is_begun_within_300_ms(database: Database, work: Work, tmp_path: Path) -> None:
    pace = SLOW if database.is_sqlite else Pace(poll_interval=0.05)
    async with working(database, work, tmp_path, pace=pace):
        await asyncio.sleep(0.3)
        began = time.monotonic()
        await given.row(database)
        await wait_until(lambda: work.begun)
        assert time.monotonic() - began < 0.3
        work.finish.set()


INTERRUPTIONS = {
    "cancelled": ("UPDATE downloads SET cancelled = 1", Status.CANCELLED),
    "paused": ("UPDATE downloads SET paused = 1", Status.PENDING),
    "lost": ("UPDATE downloads SET status = 'failed'", Status.FAILED),
}


@pytest.mark.parametrize("reason", INTERRUPTIONS)
async def test_a_hand_edit_interrupts_work_within_300_ms(
    database: Database, hand: Hand, work: Work, tmp_path: Path, reason: str
) -> None:
    edit, status = INTERRUPTIONS[reason]
    download_id = await given.row(database, attempts=1)
    pace = SLOW if database.is_sqlite else Pace(poll_interval=0.05)
    async with working(database, work, tmp_path, pace=pace) as worker:
        await wait_until(lambda: work.begun)
        await hand(edit)
        began = time.monotonic()
        await wait_until(lambda: work.cancelled, every=0.005)
        assert time.monotonic() - began < 0.3
        await wait_until(lambda: worker.loop.running == 0)

    now = await row(database, download_id)
    assert work.cancelled == [reason]
    assert (now.status, now.attempts, now.error) == (status, 1, None)
    assert work.discarded == ([download_id] if reason == "cancelled" else [])


async def test_a_row_deleted_by_hand_interrupts_work(
    database: Database, hand: Hand, work: Work, tmp_path: Path
) -> None:
    await given.row(database)
    async with working(database, work, tmp_path) as worker:
        await wait_until(lambda: work.begun)
        await hand("DELETE FROM downloads")
        await wait_until(lambda: work.cancelled == ["lost"] and worker.loop.running == 0)
    assert await hand("SELECT count(*) FROM downloads") == [(0,)]


async def test_a_paused_row_resumes_and_has_all_its_tries(
    database: Database, hand: Hand, work: Work, tmp_path: Path
) -> None:
    download_id = await given.row(database, attempts=2)
    async with working(database, work, tmp_path) as worker:
        await wait_until(lambda: work.begun)
        await hand("UPDATE downloads SET paused = 1")
        await wait_until(lambda: worker.loop.running == 0)
        assert not await worker.store.has_claimable()
        await hand("UPDATE downloads SET paused = 0")
        await wait_until(lambda: len(work.begun) == 2)
        assert [(claim.epoch, claim.attempts) for claim in work.begun] == [(1, 2), (2, 2)]
        work.finish.set()
        await status_is(database, download_id, Status.DOWNLOADED)


async def test_a_row_that_is_cancelled_before_anybody_took_it_is_discarded(
    database: Database, work: Work, tmp_path: Path
) -> None:
    download_id = await given.row(database, cancelled=1)
    async with working(database, work, tmp_path):
        await status_is(database, download_id, Status.CANCELLED)
        await wait_until(lambda: work.discarded == [download_id])
    assert work.begun == []


async def test_a_cancelled_row_shows_it_only_when_its_files_are_gone(
    database: Database, hand: Hand, work: Work, tmp_path: Path
) -> None:
    download_id = await given.row(database)
    seen: list[Status] = []

    class Watchful(Work):
        async def discard(self, download_id: int) -> None:
            seen.append((await row(database, download_id)).status)
            raise PermissionError("this directory is not ours")

    watchful = Watchful()
    async with working(database, watchful, tmp_path):
        await wait_until(lambda: watchful.begun)
        await hand("UPDATE downloads SET cancelled = 1")
        await status_is(database, download_id, Status.CANCELLED)
    assert seen == [Status.EXTRACTING]


async def test_no_more_rows_are_worked_on_than_the_capacity(database: Database, work: Work, tmp_path: Path) -> None:
    ids = [await given.row(database) for _ in range(6)]
    async with working(database, work, tmp_path, capacity=3):
        await wait_until(lambda: work.active == 3)
        await asyncio.sleep(0.2)
        work.finish.set()
        for download_id in ids:
            await status_is(database, download_id, Status.DOWNLOADED)
    assert (len(work.begun), work.most_active) == (6, 3)


async def test_a_capacity_of_one_works_strictly_one_after_the_other(
    database: Database, work: Work, tmp_path: Path
) -> None:
    ids = [await given.row(database) for _ in range(4)]

    async def answer(claim: Download) -> Done:
        await asyncio.sleep(0.02)
        return DONE

    work.answer = answer
    async with working(database, work, tmp_path, capacity=1):
        await status_is(database, ids[-1], Status.DOWNLOADED)
    assert [claim.id for claim in work.begun] == ids
    assert work.most_active == 1


async def test_a_row_that_is_set_back_by_hand_is_begun_anew_when_the_old_work_is_out_of_the_way(
    database: Database, hand: Hand, tmp_path: Path
) -> None:
    download_id = await given.row(database)
    steps: list[str] = []

    async def answer(claim: Download) -> Done:
        steps.append(f"begin {claim.epoch}")
        try:
            await work.finish.wait()
        except asyncio.CancelledError:
            await asyncio.sleep(0.2)
            raise
        finally:
            steps.append(f"end {claim.epoch}")
        return DONE

    work = Work(answer=answer)
    async with working(database, work, tmp_path, capacity=3) as worker:
        await wait_until(lambda: steps == ["begin 1"])
        await hand("UPDATE downloads SET status = 'pending'")
        await wait_until(lambda: "begin 2" in steps)
        assert worker.loop.running == 1
        work.finish.set()
        await wait_until(lambda: worker.loop.running == 0)
    assert steps == ["begin 1", "end 1", "begin 2", "end 2"]
    row = await Queries(database).get(download_id)
    assert row is not None
    assert (row.status, row.attempts) == (Status.DOWNLOADED, 0)


async def test_two_loops_share_a_table_without_doing_anything_twice(
    database: Database, database_url: str, tmp_path: Path, hand: Hand
) -> None:
    ids = [await given.row(database) for _ in range(12)]

    async def answer(claim: Download) -> Done:
        await wait_until(lambda: one.begun and two.begun)  # else the first could do all of it before the other is there
        return DONE

    one, two = Work(answer=answer), Work(answer=answer)
    other = Database(database_url)
    async with working(database, one, tmp_path), working(other, two, tmp_path):

        async def all_done() -> bool:
            return await hand("SELECT count(*) FROM downloads WHERE status = 'downloaded'") == [(12,)]

        await wait_until(all_done)
    await other.close()
    assert sorted(claim.id for claim in one.begun + two.begun) == ids
