"""Claiming: which row comes next, and that no row is ever taken twice. The same for every kind of database."""

import sys

import pytest

from core.database import Database
from core.models import UPLOAD_STAGE, Settlement, Status
from core.queries import Queries
from core.requests import Ask, Requests
from tests.conftest import Hand
from tests.core import given
from tests.support.processes import Programs

PAST, FUTURE = "2001-01-01 00:00:00", "2999-01-01 00:00:00"


async def test_a_claim_takes_the_row_for_this_runner(database: Database) -> None:
    download_id = await given.row(database)
    store = given.runner(database)

    assert await store.has_claimable()
    claim = await given.claimed(store)

    assert (claim.id, claim.status, claim.claimed_by, claim.epoch) == (download_id, Status.EXTRACTING, "runner-1", 1)
    assert claim.started_at == claim.heartbeat_at is not None
    assert await Queries(database).get(download_id) == claim
    assert await store.claim() is None
    assert not await store.has_claimable()


@pytest.mark.parametrize(
    "columns",
    [
        {"paused": 1},
        {"cancelled": 1},
        {"available_at": FUTURE},
        {"status": "extracting", "claimed_by": "another"},
        {"status": "downloading", "claimed_by": "another"},
        {"status": "downloaded"},
        {"status": "uploading"},
        {"status": "uploaded"},
        {"status": "failed"},
        {"status": "cancelled"},
    ],
    ids=str,
)
async def test_a_row_that_is_not_wanted_now_is_not_claimed(database: Database, columns: dict[str, object]) -> None:
    await given.row(database, **columns)
    store = given.runner(database)
    assert not await store.has_claimable()
    assert await store.claim() is None


async def test_a_row_whose_time_has_come_is_claimed(database: Database) -> None:
    await given.row(database, available_at=PAST)
    await given.claimed(given.runner(database))


async def test_the_upload_stage_takes_only_rows_that_are_to_be_delivered(database: Database) -> None:
    await given.row(database, status="downloaded", upload=0)
    await given.row(database, status="pending")
    wanted = await given.row(database, status="downloaded")
    store = given.runner(database, stage=UPLOAD_STAGE)

    claim = await given.claimed(store)

    assert (claim.id, claim.status) == (wanted, Status.UPLOADING)
    assert await store.claim() is None


async def test_rows_are_taken_by_priority_then_by_age(database: Database) -> None:
    old = await given.row(database, added_at="2020-01-02 00:00:00")
    older = await given.row(database, added_at="2020-01-01 00:00:00")
    low = await given.row(database, priority=-1, added_at=PAST)
    high = await given.row(database, priority=1)
    same_age = await given.row(database, added_at="2020-01-02 00:00:00")
    store = given.runner(database)

    assert [(await given.claimed(store)).id for _ in range(5)] == [high, older, old, same_age, low]


async def test_the_guild_with_the_least_running_work_comes_first_then_the_member(database: Database) -> None:
    busy = [await given.row(database, guild_id=1, user_id=user, added_at=PAST) for user in (10, 10, 11)]
    quiet = [await given.row(database, guild_id=2, user_id=20) for _ in range(2)]
    store = given.runner(database)

    order = [(await given.claimed(store)).id for _ in range(5)]

    assert order[:4] == [busy[0], quiet[0], busy[2], quiet[1]], "guilds take turns, and members within their guild"
    assert order[4] == busy[1]


async def test_requests_without_a_guild_share_one_turn(database: Database) -> None:
    hand_made = [await given.row(database, added_at=PAST) for _ in range(2)]
    asked_on_discord = await given.row(database, guild_id=1, user_id=1)
    store = given.runner(database)
    assert [(await given.claimed(store)).id for _ in range(3)] == [hand_made[0], asked_on_discord, hand_made[1]]


async def test_every_claim_raises_the_epoch_and_keeps_the_tries(database: Database) -> None:
    await given.row(database, attempts=2)
    store = given.runner(database)
    first = await given.claimed(store)
    assert await store.settle(first, Settlement(Status.PENDING))

    second = await given.claimed(store)

    assert (first.epoch, second.epoch) == (1, 2)
    assert (first.attempts, second.attempts) == (2, 2)
    assert second.started_at == first.started_at


@pytest.mark.parametrize("how", ["by hand", "by request"])
async def test_a_failed_row_that_is_set_back_begins_with_all_its_tries(
    database: Database, hand: Hand, how: str
) -> None:
    download_id = await given.row(database, attempts=5)
    store = given.runner(database)
    told = {"attempts": 6, "error_kind": "TransferError", "error": "Broken.", "failed_stage": "download"}
    assert await store.settle(await given.claimed(store), Settlement(Status.FAILED, told))

    if how == "by hand":
        await hand(f"UPDATE downloads SET status = 'pending' WHERE id = {download_id}")
    else:
        assert await Requests(database, actor="test").ask(Ask.RETRY, [download_id]) == [download_id]
    claim = await given.claimed(store)

    assert (claim.attempts, claim.finished_at) == (0, None)
    assert (claim.error_kind, claim.error, claim.failed_stage) == (None, None, None)


async def test_a_claim_is_written_into_the_history(database: Database) -> None:
    download_id = await given.row(database)
    await given.claimed(given.runner(database))
    (event,) = await Queries(database).history(download_id)
    assert (event.actor, event.moved_to, event.note) == ("runner-1", "extracting", None)


RACER = """
import asyncio, sys
from core.database import Database
from core.models import DOWNLOAD_STAGE
from core.store import Store

async def main(url, name):
    database = Database(url)
    store = Store(database, stage=DOWNLOAD_STAGE, runner=name)
    while (claim := await store.claim()) is not None:
        print("claimed", claim.id, flush=True)
    await database.close()

asyncio.run(main(*sys.argv[1:]))
"""


async def test_four_processes_claim_200_rows_and_none_twice(
    database: Database, database_url: str, programs: Programs, hand: Hand
) -> None:
    numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200)"
    await hand(f"INSERT INTO downloads (url) {numbers} SELECT 'http://site.test/' || i FROM n")
    racers = [
        await programs.start([sys.executable, "-c", RACER, database_url, f"racer-{number}"]) for number in range(4)
    ]
    assert [await racer.wait(60) for racer in racers] == [0, 0, 0, 0]

    claimed = [line.split()[1] for racer in racers for line in racer.output.splitlines() if "claimed" in line]
    assert len(claimed) == len(set(claimed)) == 200
    assert await hand("SELECT DISTINCT epoch FROM downloads") == [(1,)]
    assert sum("claimed" in racer.output for racer in racers) > 1, "they did race"
