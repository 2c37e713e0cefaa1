"""Limits for single sites, and slots for those who are in a hurry. The same for every kind of database."""

import asyncio
from pathlib import Path

import pytest

from core.attempt import Done
from core.claim_loop import Pace
from core.database import Database
from core.errors import SiteBusy
from core.models import Download, Settlement, Status
from core.queries import Queries, seconds_between
from core.requests import Ask, Requests
from tests.conftest import Hand
from tests.core import given
from tests.core.seen import row, status_is
from tests.core.worker import DONE, Work, working
from tests.support.processes import wait_until

# Whatever is quick with this pace, waking up did it; a hand edit sends no word on PostgreSQL, but requests do.
SLOW = Pace(poll_interval=60.0, heartbeat_interval=60.0, lease=240.0)


# -- sites ---------------------------------------------------------------------------------------------------------


async def test_whose_media_it_is_is_noted(database: Database) -> None:
    await given.row(database)
    store = given.runner(database)
    claim = await given.claimed(store)
    assert await store.enter_site(claim, site="youtube", media_id="jNQXAC9IVRw")
    noted = await row(database, claim.id)
    assert (noted.site, noted.media_id) == ("youtube", "jNQXAC9IVRw")
    await store.settle(claim, Settlement(Status.FAILED))
    assert not await store.enter_site(claim, site="x", media_id=None, at_most=1)
    assert (await row(database, claim.id)).site == "youtube"


async def test_a_row_over_the_limit_of_its_site_is_told_so_and_then_waits_for_room(database: Database) -> None:
    store = given.runner(database)
    for number in range(4):
        await given.row(database, url=f"http://site.test/{number}")
    first, second, third = [await given.claimed(store) for _ in range(3)]
    assert await store.enter_site(first, site="a", media_id="1", at_most=2)
    assert await store.enter_site(second, site="a", media_id="2", at_most=2)
    with pytest.raises(SiteBusy, match=r"^waits: 2 downloads are running from a$"):
        await store.enter_site(third, site="a", media_id="3", at_most=2)
    await store.settle(third, Settlement(Status.PENDING))

    fourth = await given.claimed(store)
    assert await store.enter_site(fourth, site="b", media_id=None, at_most=2), "another site"
    assert not (await store.news()).claimable
    assert await store.claim() is None

    await store.settle(first, DONE.settlement)
    assert (await store.news()).claimable
    assert (await given.claimed(store)).id == third.id


async def test_of_many_who_ask_for_a_site_at_once_no_more_are_let_in(database: Database) -> None:
    store = given.runner(database)
    for _ in range(8):
        await given.row(database)
    claims = [await given.claimed(store) for _ in range(8)]
    answers = await asyncio.gather(
        *(store.enter_site(claim, site="a", media_id=None, at_most=2) for claim in claims), return_exceptions=True
    )
    assert answers.count(True) == 2
    assert sum(isinstance(answer, SiteBusy) for answer in answers) == 6


async def test_the_rows_of_other_runners_count(database: Database) -> None:
    one, other = given.runner(database), given.runner(database, "runner-2")
    for _ in range(2):
        await given.row(database)
    assert await one.enter_site(await given.claimed(one), site="a", media_id=None, at_most=1)
    with pytest.raises(SiteBusy, match="1 download is running from a"):
        await other.enter_site(await given.claimed(other), site="a", media_id=None, at_most=1)


async def test_the_limit_of_a_site_is_kept_by_the_loop_without_a_failure(
    database: Database, hand: Hand, tmp_path: Path
) -> None:
    ids = [await given.row(database) for _ in range(6)]
    inside: set[int] = set()
    most = 0
    go_on = asyncio.Event()

    async def answer(claim: Download) -> Done:
        nonlocal most
        await worker.store.enter_site(claim, site="a", media_id=None, at_most=2)
        inside.add(claim.id)
        most = max(most, len(inside))
        await go_on.wait()
        inside.remove(claim.id)
        return DONE

    async with working(database, Work(answer=answer), tmp_path, capacity=4) as worker:
        waiting = await _when_waiting(database, 4)
        assert (waiting.attempts, waiting.error, waiting.error_kind) == (0, None, None)
        assert waiting.activity is not None
        assert waiting.activity.startswith("waits: 2 downloads are running from a")
        assert waiting.available_at is not None
        history = await Queries(database).history(waiting.id)
        assert 4 <= seconds_between(history[-1].at, waiting.available_at) <= 6
        await hand("UPDATE downloads SET available_at = NULL")  # its time has come
        go_on.set()
        for download_id in ids:
            await status_is(database, download_id, Status.DOWNLOADED)
    assert most == 2


async def _when_waiting(database: Database, count: int) -> Download:
    """One of the rows that wait for their site, once there are so many."""

    async def waiting() -> list[Download] | None:
        found = [one for one in await Queries(database).newest(statuses=[Status.PENDING]) if one.available_at]
        return found if len(found) == count else None

    found = await wait_until(waiting)
    assert found is not None
    return found[0]


# -- priority ------------------------------------------------------------------------------------------------------


async def test_who_waits_with_a_higher_priority(database: Database) -> None:
    store = given.runner(database)
    for columns in ({"priority": 0}, {"priority": 1}, {"priority": -1}, {"priority": 1, "paused": 1}):
        await given.row(database, **columns)
    await given.row(database, priority=1, status="downloading")
    assert await store.waiting_above(-1, limit=9) == [1, 0]
    assert await store.waiting_above(-1, limit=1) == [1]
    assert await store.waiting_above(0, limit=9) == [1]
    assert await store.waiting_above(1, limit=9) == []


async def test_a_higher_priority_takes_the_slot_that_was_begun_last_of_the_lowest(
    database: Database, tmp_path: Path
) -> None:
    normal = await given.row(database, attempts=1)
    work = Work()
    async with working(database, work, tmp_path, capacity=3, pace=SLOW, preempts=True) as worker:
        await wait_until(lambda: len(work.begun) == 1, 30)
        low = await given.row(database, priority=-1, attempts=1)
        await wait_until(lambda: len(work.begun) == 2, 30)
        later = await given.row(database, priority=-1, attempts=1)
        await wait_until(lambda: len(work.begun) == 3, 30)

        high = await given.row(database, priority=1)
        await wait_until(lambda: len(work.begun) == 4, 30)
        assert work.begun[-1].id == high
        assert work.cancelled == ["outranked"]
        waits = await row(database, later)
        assert (waits.status, waits.attempts, waits.error, waits.available_at) == (Status.PENDING, 1, None, None)
        assert work.discarded == []

        another = await given.row(database, priority=1)
        await wait_until(lambda: len(work.begun) == 5, 30)
        assert work.begun[-1].id == another
        assert {found.id for found in await Queries(database).queue() if found.status is Status.PENDING} == {low, later}
        assert (await row(database, normal)).status is Status.EXTRACTING
        assert worker.loop.running == 3
        work.finish.set()
        for download_id in (normal, low, later, high, another):
            await status_is(database, download_id, Status.DOWNLOADED)


async def test_equals_and_those_who_may_not_be_taken_interrupt_nobody(database: Database, tmp_path: Path) -> None:
    await given.row(database)
    work = Work()
    async with working(database, work, tmp_path, capacity=1, preempts=True):
        await wait_until(lambda: work.begun, 30)
        await given.row(database)
        await given.row(database, priority=1, paused=1)
        await given.row(database, priority=1, available_at="2999-01-01 00:00:00")
        await _seen(database)
    assert work.cancelled == ["shutdown"]


async def test_without_the_setting_nobody_is_interrupted(database: Database, tmp_path: Path) -> None:
    await given.row(database, priority=-1)
    work = Work()
    async with working(database, work, tmp_path, capacity=1):
        await wait_until(lambda: work.begun, 30)
        await given.row(database, priority=1)
        await _seen(database)
    assert work.cancelled == ["shutdown"]


async def test_a_running_row_that_is_raised_keeps_its_slot(database: Database, tmp_path: Path) -> None:
    first = await given.row(database)
    requests = Requests(database, actor="test")
    work = Work()
    async with working(database, work, tmp_path, capacity=1, pace=SLOW, preempts=True):
        await wait_until(lambda: work.begun, 30)
        second = await given.row(database)
        await requests.prioritize([first], 1)
        await requests.prioritize([second], 1)
        await _seen(database)
        assert work.cancelled == []
        await requests.prioritize([first], 0)
        await wait_until(lambda: len(work.begun) == 2, 30)
    assert work.begun[-1].id == second


async def _seen(database: Database) -> None:
    """Wait until the loop has looked at everything that was committed before."""
    last = await given.row(database, cancelled=1)
    await status_is(database, last, Status.CANCELLED)
    again = await given.row(database, cancelled=1)  # a second round: what the first began is begun
    await status_is(database, again, Status.CANCELLED)


# -- requests about what waits -------------------------------------------------------------------------------------


async def test_requests_about_waiting_rows_act_by_waking_up(database: Database, tmp_path: Path) -> None:
    requests = Requests(database, actor="test")
    work = Work()
    running, paused, normal, other = [
        await given.row(database, paused=int(name == "paused")) for name in ("running", "paused", "normal", "other")
    ]
    async with working(database, work, tmp_path, capacity=1, pace=SLOW):
        await wait_until(lambda: [claim.id for claim in work.begun] == [running], 30)
        await requests.ask(Ask.CANCEL, [normal])
        await status_is(database, normal, Status.CANCELLED)
        await requests.prioritize([paused], 1)
        await requests.ask(Ask.CANCEL, [running])
        await wait_until(lambda: len(work.begun) == 2, 30)
        assert work.begun[-1].id == other
        await requests.ask(Ask.RESUME, [paused])
        await requests.ask(Ask.CANCEL, [other])
        await wait_until(lambda: len(work.begun) == 3, 30)
        assert work.begun[-1].id == paused
