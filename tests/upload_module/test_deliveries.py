"""What a delivery writes down, on each kind of database."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.database import Database
from core.deliveries import Deliveries
from core.errors import RowChanged
from core.models import UPLOAD_STAGE, Download, Settlement, Status
from core.queries import Queries
from core.store import Store
from tests.conftest import Hand
from tests.upload_module.given import downloaded

TWO = {"a.mp4": b"1", "b.mp4": b"2"}


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url)
    yield database
    await database.close()


@pytest.fixture
def store(database: Database) -> Store:
    return Store(database, stage=UPLOAD_STAGE, runner="upload-1")


@pytest.fixture
def deliveries(database: Database) -> Deliveries:
    return Deliveries(database, runner="upload-1")


@pytest.fixture
async def claim(database: Database, store: Store, tmp_path: Path) -> Download:
    await downloaded(database, tmp_path, TWO)
    claim = await store.claim()
    assert claim is not None
    return claim


async def ids(database: Database, claim: Download) -> list[int]:
    return [file.id for file in await Queries(database).files(claim.id)]


async def test_a_nonce_stands_beside_its_files_until_it_is_forgotten(
    database: Database, deliveries: Deliveries, claim: Download
) -> None:
    first, second = await ids(database, claim)
    await deliveries.commit_nonce(claim, [first, second], "nonce")
    await deliveries.forget_nonce(claim, [second])
    assert [file.nonce for file in await Queries(database).files(claim.id)] == ["nonce", None]


async def test_a_message_is_recorded_with_the_address_of_each_file(
    database: Database, deliveries: Deliveries, claim: Download
) -> None:
    first, second = await ids(database, claim)
    await deliveries.record_message(claim, 99, {first: "https://cdn.test/a", second: None})
    files = await Queries(database).files(claim.id)
    assert [(file.delivered_message_id, file.delivered_url) for file in files] == [
        (99, "https://cdn.test/a"),
        (99, None),
    ]
    assert await deliveries.recorded_messages([98, 99]) == {99}


@pytest.mark.parametrize(
    "edit",
    [
        "UPDATE downloads SET status = 'downloaded'",
        "UPDATE downloads SET claimed_by = 'upload-2'",
        "UPDATE downloads SET epoch = epoch + 1",
        "DELETE FROM downloads",
        "DELETE FROM media_files WHERE position = 1",
    ],
)
async def test_who_lost_the_row_writes_nothing(
    database: Database, deliveries: Deliveries, claim: Download, hand: Hand, edit: str
) -> None:
    both = await ids(database, claim)
    await hand(edit)
    with pytest.raises(RowChanged):
        await deliveries.commit_nonce(claim, both, "nonce")
    with pytest.raises(RowChanged):
        await deliveries.record_message(claim, 99, dict.fromkeys(both))
    with pytest.raises(RowChanged):
        await deliveries.reserve_target(claim, both[1], "file:///a")
    with pytest.raises(RowChanged):
        await deliveries.record_target(claim, both[1], url="file:///a", path="/a")
    files = await Queries(database).files(claim.id)
    assert {(file.nonce, file.delivered_message_id, file.delivered_url) for file in files} <= {(None, None, None)}


async def test_a_target_is_reserved_for_one_file_at_a_time(
    database: Database, deliveries: Deliveries, claim: Download
) -> None:
    first, second = await ids(database, claim)
    assert await deliveries.reserve_target(claim, first, "file:///a")
    assert await deliveries.reserve_target(claim, first, "file:///a"), "by itself it is not kept off"
    assert not await deliveries.reserve_target(claim, second, "file:///a")
    await deliveries.record_target(claim, first, url="file:///a", path="/a")
    assert await deliveries.reserve_target(claim, second, "file:///a"), "now the disk tells who is there"


async def test_a_target_of_a_download_that_is_over_is_free(
    database: Database, deliveries: Deliveries, claim: Download, store: Store, tmp_path: Path
) -> None:
    assert await deliveries.reserve_target(claim, (await ids(database, claim))[0], "file:///a")
    await store.settle(claim, Settlement(Status.FAILED))
    await downloaded(database, tmp_path)
    later = await store.claim()
    assert later is not None
    assert await deliveries.reserve_target(later, (await ids(database, later))[0], "file:///a")


async def test_a_sentence_was_told_when_the_row_failed_with_it_in_that_epoch_or_later(
    deliveries: Deliveries, claim: Download, store: Store
) -> None:
    assert not await deliveries.was_told(claim, "Look first.", since_epoch=1)
    await store.settle(claim, Settlement(Status.FAILED, {"error": "Look first."}))
    assert await deliveries.was_told(claim, "Look first.", since_epoch=claim.epoch)
    assert not await deliveries.was_told(claim, "Look first.", since_epoch=claim.epoch + 1)
    assert not await deliveries.was_told(claim, "Something else.", since_epoch=claim.epoch)


async def test_rows_that_wait_after_an_error_of_a_kind_become_due(
    deliveries: Deliveries, claim: Download, store: Store
) -> None:
    later = {"error_kind": "DestinationUnavailable", "available_at": "2999-01-01 00:00:00"}
    await store.settle(claim, Settlement(Status.DOWNLOADED, later))
    assert await deliveries.resume_waiting("SendFailed") == 0
    assert not await store.has_claimable()
    assert await deliveries.resume_waiting("DestinationUnavailable") == 1
    assert await store.has_claimable()
