"""Holding a row: heartbeats, requests, and that nobody writes to a row he no longer holds."""

import json
from collections.abc import Awaitable, Callable

import pytest

from core.database import Database
from core.models import Download, Progress, Settlement, Status
from core.queries import Queries
from core.store import Held, Store
from tests.conftest import Hand
from tests.core import given

NOW = Progress(progress=42.5, downloaded_bytes=425, download_speed=100, eta_seconds=6, activity="merging")
Write = Callable[[Store, Download], Awaitable[bool]]


async def _progress(store: Store, claim: Download) -> bool:
    await store.write_progress([(claim, NOW)])
    return False


WRITES: dict[str, Write] = {
    "write": lambda store, claim: store.write(claim, title="mine"),
    "write_progress": _progress,
    "move": lambda store, claim: store.move(claim, Status.DOWNLOADING, title="mine"),
    "settle": lambda store, claim: store.settle(
        claim, Settlement(Status.DOWNLOADED, {"title": "mine"}), files=[given.media("/a")]
    ),
}
LOSSES = {
    "another runner took it": "UPDATE downloads SET claimed_by = 'runner-2'",
    "it was claimed again": "UPDATE downloads SET epoch = epoch + 1",
    "a hand set it back": "UPDATE downloads SET status = 'pending'",
    "a hand ended it": "UPDATE downloads SET status = 'uploaded'",
    "nobody claims it": "UPDATE downloads SET claimed_by = NULL",
    "a hand deleted it": "DELETE FROM downloads",
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES.keys())
@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES.keys())
async def test_a_lost_row_is_not_written_to(database: Database, hand: Hand, write: Write, loss: str) -> None:
    await given.row(database)
    store = given.runner(database)
    claim = await given.claimed(store)
    assert await store.holds(claim)

    await hand(loss)
    before = await hand("SELECT * FROM downloads")

    assert not await store.holds(claim)
    assert not await write(store, claim)
    assert await hand("SELECT * FROM downloads") == before
    assert await hand("SELECT count(*) FROM media_files") == [(0,)]
    assert await hand("SELECT count(*) FROM events") == [(1,)], "the claim alone"


async def test_a_held_row_is_written_to(database: Database) -> None:
    await given.row(database)
    store, queries = given.runner(database), Queries(database)
    claim = await given.claimed(store)

    assert await store.write(claim, title="A film", extractor="direct")
    assert await store.move(claim, Status.DOWNLOADING, note="two parts", file_size=1000)
    await store.write_progress([(claim, NOW)])

    row = await queries.get(claim.id)
    assert row is not None
    assert (row.title, row.extractor, row.status, row.file_size) == ("A film", "direct", Status.DOWNLOADING, 1000)
    assert (row.progress, row.downloaded_bytes, row.download_speed) == (42.5, 425, 100)
    assert (row.eta_seconds, row.activity, row.epoch) == (6, "merging", 1)
    assert [(e.moved_to, e.note) for e in await queries.history(claim.id)][1:] == [("downloading", "two parts")]


async def test_progress_of_no_rows_writes_nothing(database: Database) -> None:
    await given.runner(database).write_progress([])


async def test_settling_gives_up_the_claim(database: Database) -> None:
    await given.row(database)
    store, queries = given.runner(database), Queries(database)
    claim = await given.claimed(store)
    await store.write_progress([(claim, NOW)])

    assert await store.settle(claim, Settlement(Status.FAILED, {"error": "It broke."}))

    row = await queries.get(claim.id)
    assert row is not None
    assert (row.status, row.claimed_by, row.heartbeat_at) == (Status.FAILED, None, None)
    assert (row.download_speed, row.eta_seconds, row.activity) == (0, None, None)
    assert row.progress == 42.5, "what was reached is still told"
    assert (row.error, row.is_over) == ("It broke.", True)
    assert row.finished_at is not None
    assert (await queries.history(claim.id))[-1].note == "It broke."
    assert not await store.settle(claim, Settlement(Status.DOWNLOADED)), "a row is settled once"


@pytest.mark.parametrize("status", [Status.PENDING, Status.DOWNLOADED])
async def test_a_row_that_goes_on_is_not_finished(database: Database, status: Status) -> None:
    await given.row(database)
    store = given.runner(database)
    claim = await given.claimed(store)
    assert await store.settle(claim, Settlement(status))
    row = await Queries(database).get(claim.id)
    assert row is not None
    assert (row.status, row.finished_at) == (status, None)
    assert (row.downloaded_at is not None) == (status is Status.DOWNLOADED)


async def test_a_row_that_is_only_to_be_kept_is_finished_when_it_is_downloaded(database: Database) -> None:
    await given.row(database, upload=0)
    store = given.runner(database)
    claim = await given.claimed(store)
    assert await store.settle(claim, Settlement(Status.DOWNLOADED))
    row = await Queries(database).get(claim.id)
    assert row is not None
    assert row.is_over
    assert row.finished_at == row.downloaded_at is not None


async def test_the_files_of_a_settlement_replace_those_before(database: Database) -> None:
    await given.row(database)
    store, queries = given.runner(database), Queries(database)
    first = [given.media(f"/old/{name}") for name in "abc"]
    assert await store.settle(await given.claimed(store), Settlement(Status.PENDING), files=first)

    second = [given.media("/new/a", duration_seconds=1.5, width=640, height=360), given.media("/new/b", kind="image")]
    claim = await given.claimed(store)
    assert await store.settle(claim, Settlement(Status.PENDING), files=second)

    files = await queries.files(claim.id)
    assert [(file.position, file.path, file.kind) for file in files] == [(0, "/new/a", "video"), (1, "/new/b", "image")]
    assert (files[0].duration_seconds, files[0].width, files[0].height, files[0].nonce) == (1.5, 640, 360, None)

    assert await store.settle(await given.claimed(store), Settlement(Status.DOWNLOADED))
    assert await queries.files(claim.id) == files, "a settlement that names no files keeps them"


async def test_a_settlement_is_written_whole_or_not_at_all(database: Database) -> None:
    await given.row(database)
    store = given.runner(database)
    claim = await given.claimed(store)

    with pytest.raises(Exception, match=r"(?i)check"):
        await store.settle(claim, Settlement(Status.DOWNLOADED), files=[given.media("/a"), given.media("/b", bytes=-1)])

    assert await store.holds(claim)
    assert await Queries(database).files(claim.id) == []


async def test_a_deleted_download_takes_its_files_along(database: Database) -> None:
    await given.row(database)
    store = given.runner(database)
    claim = await given.claimed(store)
    await store.settle(claim, Settlement(Status.DOWNLOADED), files=[given.media("/a")])

    await database.write(lambda connection: connection.exec_driver_sql("DELETE FROM downloads"))

    assert await Queries(database).files(claim.id) == []
    assert len(await Queries(database).history(claim.id)) == 2, "the history outlives its row"


async def test_a_heartbeat_renews_all_claims_and_brings_the_requests(database: Database, hand: Hand) -> None:
    for _ in range(4):
        await given.row(database)
    store, other = given.runner(database), given.runner(database, "runner-2")
    await store.sign_on(1)
    mine = [await given.claimed(store) for _ in range(3)]
    await given.claimed(other)
    await hand("UPDATE downloads SET heartbeat_at = '2020-01-01 00:00:00'")
    await hand("UPDATE runners SET heartbeat_at = '2020-01-01 00:00:00'")
    await hand(f"UPDATE downloads SET paused = 1 WHERE id = {mine[0].id}")
    await hand(f"UPDATE downloads SET cancelled = 1 WHERE id = {mine[1].id}")
    await hand(f"UPDATE downloads SET priority = 1 WHERE id = {mine[2].id}")
    expected = [
        Held(mine[0].id, 1, True, False, 0),
        Held(mine[1].id, 1, False, True, 0),
        Held(mine[2].id, 1, False, False, 1),
    ]

    assert sorted(await store.requests(), key=lambda held: held.id) == expected
    assert await hand("SELECT count(*) FROM downloads WHERE heartbeat_at > '2021'") == [(0,)], "asking renews nothing"

    assert sorted(await store.heartbeat(), key=lambda held: held.id) == expected
    assert await hand("SELECT count(*) FROM downloads WHERE heartbeat_at > '2021'") == [(3,)]
    assert await hand("SELECT count(*) FROM runners WHERE heartbeat_at > '2021'") == [(1,)]


async def test_texts_that_no_database_can_hold_are_made_storable(database: Database) -> None:
    await given.row(database)
    store = given.runner(database)
    claim = await given.claimed(store)
    found = {"tags": ["\ud83d", "\x00a", "😀"], "rating": float("nan"), "views": 7, "b\ud83d": {"c": None}}
    assert await store.write(claim, title="cut\ud83d off\x00", duration_seconds=1.5, metadata=json.dumps(found))
    held = await Queries(database).get(claim.id)
    assert held is not None
    assert (held.title, held.duration_seconds) == ("cut? off", 1.5)
    assert held.metadata == {"tags": ["?", "a", "😀"], "rating": None, "views": 7, "b?": {"c": None}}
