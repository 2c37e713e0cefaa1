"""Who waits for whom, and until when: the same for every kind of database."""

from typing import Any

import pytest
from sqlalchemy import update

from core.attempt import Attempt
from core.database import Database
from core.errors import SameIsFetched
from core.first import LONGEST_WAIT, fetch_key
from core.models import UPLOAD_STAGE, Download, Settlement, Status
from core.queries import Queries
from core.requests import Ask, Requests
from core.retry_handler import RetryPolicy
from core.sql_functions import utc_in
from core.store import Store
from core.tables import downloads
from tests.core import given

HERE = {"guild_id": 5, "user_id": 7, "destination": "discord", "channel_id": 6}
ELSEWHERE = {**HERE, "user_id": 8, "channel_id": 66}
DELIVERED_SOON = Settlement(Status.DOWNLOADED)


def key_of(claim: Download) -> str:
    key = fetch_key(claim, "site.test", "/a")
    assert key is not None
    return key


async def enter(store: Store, claim: Download) -> int | None:
    return await store.enter_media(claim, key_of(claim))


async def first(database: Database, store: Store, **columns: Any) -> Download:
    """A claim that fetches."""
    await given.row(database, **HERE | columns)
    claim = await given.claimed(store)
    assert await enter(store, claim) is None
    return claim


async def waiter(database: Database, store: Store, **columns: Any) -> Download:
    """A claim that is given back, to wait for another."""
    await given.row(database, **HERE | columns)
    claim = await given.claimed(store)

    async def work(_: Download) -> Any:
        raise SameIsFetched(first=await enter(store, claim), key=key_of(claim), retry_after=LONGEST_WAIT)

    async def discard(_: int) -> None:
        raise AssertionError

    attempt = Attempt(claim=claim, store=store, policy=RetryPolicy(), work=work, discard=discard)
    attempt.start(lambda _: None)
    await attempt.task
    return claim


async def change(database: Database, id_: int, **values: Any) -> None:
    statement = update(downloads).where(downloads.c.id == id_).values(**values)
    await database.write(lambda connection: connection.execute(statement))


async def test_the_second_is_given_back_and_says_why(database: Database) -> None:
    store = given.runner(database)
    one = await first(database, store)
    two = await waiter(database, given.runner(database, "runner-2"), user_id=8)
    row = await Queries(database).get(two.id)
    assert row is not None
    assert (row.status, row.claimed_by, row.waits_for, row.attempts) == (Status.PENDING, None, one.id, 0)
    assert (row.activity, row.error) == (f"the same media is being fetched as #{one.id}", None)
    assert await store.claim() is None
    assert await enter(store, one) is None  # who is first never waits for those who wait for it


@pytest.mark.parametrize(
    "other",
    [
        {"guild_id": 55},
        {"options": '{"quality": "720p"}'},
        {"options": '{"spoiler": true}'},
        {"guild_id": None},
    ],
)
async def test_other_wishes_and_other_servers_wait_for_nobody(database: Database, other: dict[str, Any]) -> None:
    store = given.runner(database)
    await first(database, store)
    await given.row(database, **HERE | other)
    assert await enter(store, await given.claimed(store)) is None


async def test_nobodys_download_waits_for_nobody(database: Database) -> None:
    await given.row(database)
    assert fetch_key(await given.claimed(given.runner(database)), "site.test", "/a") is None


@pytest.mark.parametrize(
    "ending",
    [
        {"status": "failed"},
        {"status": "cancelled"},
        {"status": "pending", "room_needed": 5},
        {"status": "pending", "available_at": utc_in(600)},
        {"paused": 1},
        {"cancelled": 1},
        {"status": "uploaded"},
        {"status": "downloaded", "available_at": utc_in(600)},  # Discord does not answer
        {"status": "downloaded", "upload": 0},
        {"fetch_key": "something else"},  # edited by hand
    ],
)
async def test_the_second_goes_on_when_nothing_is_to_be_expected_any_more(
    database: Database, ending: dict[str, Any]
) -> None:
    store = given.runner(database)
    one = await first(database, store)
    two = await waiter(database, store)
    await change(database, one.id, claimed_by=None, **ending)
    store.room.left = 0 if "room_needed" in ending else store.room.left
    await change(database, two.id, room_needed=0)
    claim = await given.claimed(store)
    assert claim.id == two.id
    assert await enter(store, claim) is None


async def test_it_waits_for_a_message_in_its_own_place_only(database: Database) -> None:
    store, uploads = given.runner(database), given.runner(database, stage=UPLOAD_STAGE)
    one = await first(database, store)
    here, there = await waiter(database, store, user_id=8), await waiter(database, store, **ELSEWHERE)
    entry = await waiter(database, store, user_id=9, parent_id=one.id)  # of a playlist: no card could name a message
    await store.settle(one, DELIVERED_SOON)
    claims = [await given.claimed(store) for _ in range(2)]
    assert {claim.id for claim in claims} == {there.id, entry.id}  # the files are on disk now
    assert await store.claim() is None
    delivery = await given.claimed(uploads)
    assert await store.claim() is None
    await uploads.settle(delivery, Settlement(Status.UPLOADED))
    assert (await given.claimed(store)).id == here.id


async def test_of_several_who_wait_one_takes_over_and_the_others_wait_for_it(database: Database) -> None:
    store = given.runner(database)
    one = await first(database, store)
    two, three = await waiter(database, store, user_id=8), await waiter(database, store, user_id=9)
    await store.settle(one, Settlement(Status.FAILED))
    claims = [await given.claimed(store) for _ in (two, three)]
    assert [claim.id for claim in claims] == [two.id, three.id]
    assert await enter(store, claims[0]) is None
    assert await enter(store, claims[1]) == two.id


async def test_one_that_is_retried_waits_for_the_one_that_took_over(database: Database) -> None:
    store = given.runner(database)
    one = await first(database, store)
    await waiter(database, store)
    await store.settle(one, Settlement(Status.FAILED))
    two = await given.claimed(store)
    assert await enter(store, two) is None
    await Requests(database, actor="test").ask(Ask.RETRY, [one.id])
    again = await given.claimed(store)
    assert (again.id, again.fetch_key) == (one.id, None)
    assert await enter(store, again) == two.id


async def test_nobody_waits_for_ever(database: Database) -> None:
    store = given.runner(database)
    await first(database, store)
    two = await waiter(database, store)
    await change(database, two.id, available_at=utc_in(-1))
    claim = await given.claimed(store)
    assert await enter(store, claim) is None


async def test_one_that_a_person_resumes_waits_again(database: Database) -> None:
    store = given.runner(database)
    one = await first(database, store)
    two = await waiter(database, store)
    requests = Requests(database, actor="test")
    await requests.ask(Ask.PAUSE, [two.id])
    await requests.ask(Ask.RESUME, [two.id])
    assert await enter(store, await given.claimed(store)) == one.id
