"""`metadata.json` of files that stay: completed once, with checksums, the history and the delivery."""

import hashlib
import json

from storage_module.records import complete_records
from tests.conftest import Hand
from tests.storage_module.given import Store

CONTENT = b"one film"


async def test_a_record_is_completed_when_the_download_is_over_and_once(store: Store, hand: Hand) -> None:
    row = await store.row("uploaded", {"a.mp4": CONTENT}, error="The first try failed.")
    path = store.home(row) / "metadata.json"
    path.write_text(json.dumps({"title": "A", "files": [{"filename": "a.mp4"}], "download": {"id": row, "user_id": 7}}))
    await hand("UPDATE media_files SET sha256 = NULL, delivered_message_id = 55, delivered_url = 'https://cdn.test/a'")
    for status in ("extracting", "uploaded"):
        await hand(f"INSERT INTO events (download_id, actor, moved_to) VALUES ({row}, 'r', '{status}')")

    assert (await complete_records(store.book, store.layout)).startswith("1 records completed, 8 bytes")
    said = json.loads(path.read_text())
    sha256 = hashlib.sha256(CONTENT).hexdigest()
    assert said["title"] == "A"
    assert said["files"] == [{"filename": "a.mp4", "checksum": f"sha256:{sha256}"}]
    assert (said["download"]["user_id"], said["download"]["status"]) == (7, "uploaded")
    assert [one["status"] for one in said["history"]] == ["extracting", "uploaded"]
    assert said["delivery"]["message_ids"] == [55]
    assert (await store.book.files(row))[0].sha256 == sha256

    assert (await complete_records(store.book, store.layout)).startswith("0 records")
    await hand("UPDATE downloads SET finished_at = '2099-01-01 00:00:00'")  # it was retried
    assert (await complete_records(store.book, store.layout)).startswith("1 records")


async def test_one_directory_that_can_not_be_written_stops_no_other(store: Store, hand: Hand) -> None:
    bad, good = await store.row("uploaded"), await store.row("uploaded")
    await hand("UPDATE media_files SET sha256 = NULL")
    (store.home(bad) / ".metadata.json.new").mkdir()
    assert (await complete_records(store.book, store.layout)).endswith("; 1 could not be written")
    assert "history" in json.loads((store.home(good) / "metadata.json").read_text())
    assert (await store.book.files(bad))[0].sha256 == hashlib.sha256(CONTENT).hexdigest()  # not to be read again
    (store.home(bad) / ".metadata.json.new").rmdir()
    assert (await complete_records(store.book, store.layout)).startswith("1 records")


async def test_a_file_that_is_somebody_else_s_is_left_as_it_is(store: Store) -> None:
    row = await store.row("uploaded")
    path = store.home(row) / "metadata.json"
    for foreign in ('{"download": {"id": 99}}', "[]", "no JSON"):
        path.write_text(foreign)
        await complete_records(store.book, store.layout)
        assert path.read_text() == foreign
