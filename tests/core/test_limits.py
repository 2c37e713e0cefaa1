"""What a member may have: waiting and in a day at submit, running at a claim. The same for every kind of database."""

import pytest

from core.database import Database
from core.errors import OverLimit
from core.limits import Limited
from core.models import UPLOAD_STAGE, Request, Settlement, Status
from core.preferences import Limits
from core.requests import Requests
from tests.conftest import Hand
from tests.core import given

URL = "http://site.test/a.mp4"
HIS = {"user_id": 7, "guild_id": 5}
HIS_REQUEST = Request(url=URL, user_id=7, guild_id=5)


@pytest.mark.parametrize(
    ("what", "limits"), [(Limited.WAITING, Limits(waiting=2)), (Limited.A_DAY, Limits(a_day=2))], ids=str
)
async def test_who_has_all_that_he_may_have_is_told_the_limit(
    database: Database, what: Limited, limits: Limits
) -> None:
    requests = Requests(database, actor="test")
    for _ in range(2):
        await requests.submit(HIS_REQUEST, limits=limits)
    with pytest.raises(OverLimit, match=r"2 downloads .* your limit here") as refused:
        await requests.submit(HIS_REQUEST, limits=limits)
    assert (refused.value.what, refused.value.limit) == (what, 2)
    await requests.submit(Request(url=URL, user_id=8, guild_id=5), limits=limits)
    await requests.submit(Request(url=URL, user_id=7, guild_id=6), limits=limits)


async def test_what_runs_is_not_waiting_and_what_is_old_was_not_today(database: Database, hand: Hand) -> None:
    requests = Requests(database, actor="test")
    first = await requests.submit(HIS_REQUEST, limits=Limits(waiting=1))
    await given.claimed(given.runner(database))
    second = await requests.submit(HIS_REQUEST, limits=Limits(waiting=1, a_day=2))
    with pytest.raises(OverLimit):
        await requests.submit(HIS_REQUEST, limits=Limits(a_day=2))
    await hand(f"UPDATE downloads SET added_at = '2020-01-01 00:00:00' WHERE id IN ({first}, {second})")
    await requests.submit(HIS_REQUEST, limits=Limits(a_day=2))


async def test_a_playlist_counts_as_one(database: Database) -> None:
    requests = Requests(database, actor="test")
    list_id = await given.row(database, status="downloaded", upload=0, **HIS)
    for _ in range(3):
        await given.row(database, parent_id=list_id, **HIS)
    await requests.submit(HIS_REQUEST, limits=Limits(waiting=2, a_day=2))


async def test_no_more_rows_of_a_member_run_than_may(database: Database) -> None:
    for _ in range(3):
        await given.row(database, running_limit=1, **HIS)
    other = await given.row(database, running_limit=1, user_id=8, guild_id=5)
    elsewhere = await given.row(database, running_limit=1, user_id=7, guild_id=6)
    free = await given.row(database, user_id=9, guild_id=5)
    runner = given.runner(database)
    taken = [(await given.claimed(runner)).id for _ in range(4)]
    assert sorted(taken) == sorted((1, other, elsewhere, free))
    assert await runner.claim() is None
    assert not (await runner.news()).claimable


async def test_what_is_fetched_counts_until_it_is_delivered(database: Database) -> None:
    for _ in range(2):
        await given.row(database, running_limit=1, **HIS)
    runner, uploader = given.runner(database), given.runner(database, stage=UPLOAD_STAGE)
    await runner.settle(await given.claimed(runner), Settlement(Status.DOWNLOADED))
    assert await runner.claim() is None
    delivered = await given.claimed(uploader)
    assert await runner.claim() is None
    await uploader.settle(delivered, Settlement(Status.UPLOADED))
    assert (await given.claimed(runner)).id == 2
