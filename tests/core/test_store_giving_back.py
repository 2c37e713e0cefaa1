"""Rows that nobody works on: the dead runner's, the cancelled ones; and the list of runners."""

import pytest

from core.database import Database
from core.models import DOWNLOAD_STAGE, UPLOAD_STAGE, Stage, Status
from core.news import News
from core.queries import Queries
from tests.conftest import Hand
from tests.core import given

LEASE = 15.0
AGO = {
    "sqlite": "datetime('now', '{:+d} seconds')",
    "postgresql": "to_char(now() AT TIME ZONE 'UTC' + interval '{} seconds', 'YYYY-MM-DD HH24:MI:SS')",
}


def moved(database: Database, seconds: int) -> str:
    """SQL for a time of the database's clock."""
    return AGO["sqlite" if database.is_sqlite else "postgresql"].format(seconds)


@pytest.mark.parametrize(
    ("stage", "status", "back"),
    [
        (DOWNLOAD_STAGE, "extracting", Status.PENDING),
        (DOWNLOAD_STAGE, "downloading", Status.PENDING),
        (UPLOAD_STAGE, "uploading", Status.DOWNLOADED),
    ],
)
async def test_a_row_with_an_old_heartbeat_goes_back_to_where_its_stage_takes_it(
    database: Database, hand: Hand, stage: Stage, status: str, back: Status
) -> None:
    download_id = await given.row(database, status=status, claimed_by="dead", epoch=3, attempts=1, activity="merging")
    store, queries = given.runner(database, stage=stage), Queries(database)
    await hand(f"UPDATE downloads SET heartbeat_at = {moved(database, -10)}")
    assert await store.give_back("silent", lease=LEASE) == []

    await hand(f"UPDATE downloads SET heartbeat_at = {moved(database, -20)}")
    assert await store.give_back("silent", lease=LEASE) == [download_id]

    row = await queries.get(download_id)
    assert row is not None
    assert (row.status, row.claimed_by, row.heartbeat_at, row.activity) == (back, None, None, None)
    assert (row.epoch, row.attempts) == (3, 1), "it costs no attempt, and the next claim raises the epoch"
    (event,) = await queries.history(download_id)
    assert (event.moved_to, event.note) == (back, "silent")


@pytest.mark.parametrize(
    "nonsense",
    ["heartbeat_at = NULL", "claimed_by = NULL", "heartbeat_at = '2999-01-01 00:00:00'"],
    ids=["no heartbeat", "no runner", "the clock was set back"],
)
async def test_a_row_whose_claim_makes_no_sense_goes_back(database: Database, hand: Hand, nonsense: str) -> None:
    download_id = await given.row(database, status="downloading", claimed_by="other")
    await hand(f"UPDATE downloads SET heartbeat_at = {moved(database, 0)}")
    store = given.runner(database)
    assert await store.give_back("silent", lease=LEASE) == []

    await hand(f"UPDATE downloads SET {nonsense}")
    assert await store.give_back("silent", lease=LEASE) == [download_id]


async def test_a_runner_never_takes_its_own_rows_for_abandoned(database: Database, hand: Hand) -> None:
    await given.row(database)
    store = given.runner(database)
    await given.claimed(store)
    await hand("UPDATE downloads SET heartbeat_at = '2020-01-01 00:00:00'")
    assert await store.give_back("silent", lease=LEASE) == [], "who asks is alive"
    assert await given.runner(database, "runner-2").give_back("silent", lease=LEASE) != []


async def test_the_rows_of_named_runners_go_back_whatever_their_heartbeat(database: Database) -> None:
    for _ in range(3):
        await given.row(database)
    one, two, three = (given.runner(database, name) for name in ("one", "two", "three"))
    held = {store.runner: (await given.claimed(store)).id for store in (one, two, three)}

    given_back = await three.give_back("its runner died", runners_gone=["one", "two"])

    assert sorted(given_back) == sorted([held["one"], held["two"]])
    assert await three.give_back("its runner died", runners_gone=[]) == []
    assert len(await three.requests()) == 1


async def test_a_stage_leaves_the_rows_of_the_other_alone(database: Database) -> None:
    await given.row(database, status="uploading", claimed_by="dead")
    store = given.runner(database)
    assert await store.give_back("died", lease=LEASE, runners_gone=["dead"]) == []


async def test_a_runner_releases_a_row_that_it_holds_for_nobody(database: Database) -> None:
    await given.row(database)
    store = given.runner(database)
    await given.claimed(store)
    (held,) = await store.requests()

    await given.runner(database, "runner-2").release(held)
    assert await store.requests() == [held], "only the holder may"
    await store.release(held)

    assert await store.requests() == []
    assert await store.has_claimable()


async def test_rows_that_nobody_took_are_cancelled_at_once(database: Database) -> None:
    waiting = await given.row(database, cancelled=1, available_at="2999-01-01 00:00:00")
    paused = await given.row(database, cancelled=1, paused=1)
    await given.row(database)
    running = await given.row(database, cancelled=1, status="downloading", claimed_by="other")
    over = await given.row(database, cancelled=1, status="failed")
    store, queries = given.runner(database), Queries(database)

    assert sorted(await store.cancel_waiting()) == [waiting, paused]

    rows = {row.id: row for row in await queries.newest()}
    assert rows[waiting].status is rows[paused].status is Status.CANCELLED
    assert rows[waiting].finished_at is not None
    assert (rows[running].status, rows[over].status) == (Status.DOWNLOADING, Status.FAILED)
    assert (await queries.history(waiting))[-1].moved_to == "cancelled"
    assert await store.cancel_waiting() == []


async def test_what_is_kept_is_not_cancelled_by_the_upload_stage(database: Database) -> None:
    await given.row(database, status="downloaded", upload=0, cancelled=1)
    waiting = await given.row(database, status="downloaded", cancelled=1)
    assert await given.runner(database, stage=UPLOAD_STAGE).cancel_waiting() == [waiting]


async def test_runners_sign_on_and_off_and_holders_names_all_that_may_hold(database: Database) -> None:
    await given.row(database, status="downloading", claimed_by="forgotten")
    await given.row(database, status="uploading", claimed_by="uploader")
    one, two = given.runner(database, "one"), given.runner(database, "two")
    await one.sign_on(11)
    await two.sign_on(22)
    await given.runner(database, "uploader", UPLOAD_STAGE).sign_on(33)

    assert sorted(await one.remains.holders()) == ["forgotten", "one", "two"]
    assert [(r.name, r.kind, r.pid) for r in await Queries(database).runners()] == [
        ("one", "download", 11),
        ("two", "download", 22),
        ("uploader", "upload", 33),
    ]

    await one.sign_off()
    await one.sign_off("two", "nobody")
    assert await one.remains.holders() == ["forgotten"]


async def test_what_hand_edits_left_half_done_is_completed(database: Database, hand: Hand) -> None:
    download_id = await given.row(
        database, status="cancelled", claimed_by="runner", activity="downloading", download_speed=9
    )
    if database.is_sqlite:  # whose shell does not hold the foreign keys
        await hand(
            "INSERT INTO media_files (download_id, position, path, kind, bytes) VALUES (999, 0, '/x', 'video', 1)"
        )
    await given.runner(database).remains.tidy()
    row = await Queries(database).get(download_id)
    assert row is not None
    assert (row.claimed_by, row.activity, row.download_speed) == (None, None, 0)
    assert row.finished_at is not None
    assert await hand("SELECT count(*) FROM media_files") == [(0,)]


async def test_news_tell_what_there_is_to_do(database: Database) -> None:
    store = given.runner(database)
    assert await store.news() == News(held=False, held_by_others=False, to_cancel=False, claimable=False)
    await given.row(database)
    assert await store.news() == News(held=False, held_by_others=False, to_cancel=False, claimable=True, waiting=True)
    await given.claimed(store)
    await given.row(database, cancelled=1)
    await given.row(database, status="extracting", claimed_by="another")
    assert await store.news() == News(held=True, held_by_others=True, to_cancel=True, claimable=False)
