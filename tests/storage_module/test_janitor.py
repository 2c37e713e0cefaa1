"""The janitor on a real disk and a real database: what goes when, and what never goes."""

import os

import pytest

from core import finished_mark
from core.models import Status
from core.preferences import Retention
from core.requests import Ask, Requests
from tests.conftest import Hand
from tests.storage_module.given import ENDED, Store


async def test_files_go_when_their_time_is_over_and_what_was_delivered_stays_known(store: Store) -> None:
    delivered = await store.row("uploaded")
    undelivered = await store.row("failed", failed_stage="upload")
    kept = await store.row("downloaded", upload=0)
    waiting = await store.row("downloaded", finished_at=None)

    store.pass_by(hours=23, minutes=59)
    assert (await store.janitor().retain()).removed == []
    store.pass_by(minutes=1)
    report = await store.janitor().retain()
    assert [(one.download_id, one.why) for one in report.removed] == [(delivered, "delivered")]
    assert report.words().startswith("removed 1 delivered: ")
    assert not store.home(delivered).exists()
    assert await store.read(delivered, "status", "file_path") == ("uploaded", None)
    assert len(await store.book.files(delivered)) == 1  # where it was posted is asked for later

    store.pass_by(days=400)
    assert [one.download_id for one in (await store.janitor().retain()).removed] == [undelivered]
    assert await store.book.files(undelivered) == []
    assert store.home(kept).exists()
    assert store.home(waiting).exists()


async def test_what_a_guild_wants_goes_over_what_the_host_wants(store: Store) -> None:
    row = await store.row("uploaded")
    await store.book.keep_for(81, Retention(delivered=72))
    store.pass_by(hours=71)
    assert (await store.janitor().retain()).removed == []
    store.pass_by(hours=1)
    assert [one.download_id for one in (await store.janitor().retain()).removed] == [row]


async def test_a_dry_run_says_the_same_and_touches_nothing(store: Store) -> None:
    row = await store.row("uploaded")
    staged = store.staged(await store.row("failed"))
    store.pass_by(days=9)
    said = [await store.janitor(dry_run=True).retain(), await store.janitor(dry_run=True).sweep()]
    assert store.home(row).exists()
    assert staged.exists()
    assert await store.read(row, "file_path") == (str(store.home(row)),)
    done = [await store.janitor().retain(), await store.janitor().sweep()]
    assert [one.words() for one in said] == [one.words() for one in done]


async def test_a_retry_after_the_files_are_gone_begins_with_fetching(store: Store) -> None:
    row = await store.row("failed", failed_stage="upload")
    requests = Requests(store.database, actor="test")
    store.pass_by(hours=72)
    await store.janitor().retain()
    assert await requests.ask(Ask.RETRY, [row]) == [row]
    assert await store.read(row, "status") == ("pending",)


@pytest.mark.parametrize(
    "asked", ["status = 'downloaded'", "upload = 1", "finished_at = '2099-01-01 00:00:00'", "finished_at = NULL"]
)
async def test_who_asks_again_at_that_very_moment_keeps_his_files(store: Store, hand: Hand, asked: str) -> None:
    id_ = await store.row("failed", failed_stage="upload", upload=0)
    row = (await store.book.find([id_]))[id_]
    await hand(f"UPDATE downloads SET {asked} WHERE id = {id_}")
    assert not await store.book.forget(row, str(store.home(id_)), note="files removed")
    assert len(await store.book.files(id_)) == 1


@pytest.mark.parametrize("why", ["another url", "no mark", "no row", "another place"])
async def test_what_is_not_proved_to_be_of_a_row_is_left_alone(store: Store, hand: Hand, why: str) -> None:
    row = await store.row("uploaded", file_path=None)
    match why:
        case "another url":
            finished_mark.mark(store.home(row), "http://site.test/of-an-earlier-database")
        case "no mark":
            (store.home(row) / finished_mark.NAME).unlink()
        case "no row":
            await hand("DELETE FROM media_files")
            await hand("DELETE FROM downloads")
        case _:
            (store.layout.root / "delivered").mkdir()
            store.home(row).rename(store.layout.root / "delivered" / str(row))
    store.pass_by(days=400)
    for look in (store.janitor().retain, store.janitor().sweep):
        assert (await look()).removed == []


async def test_what_was_delivered_to_a_folder_stays_known_as_there(store: Store) -> None:
    there = str(store.layout.root / "delivered")
    row = await store.row("uploaded", destination="folder", file_path=there)
    store.pass_by(hours=24)
    assert [one.why for one in (await store.janitor().retain()).removed] == ["delivered"]
    assert await store.read(row, "file_path") == (there,)


async def test_the_sweep_takes_staged_bytes_after_their_time_but_not_from_a_living_runner(store: Store) -> None:
    failed, waiting = await store.row("failed", epoch=1), await store.row("pending", finished_at=None)
    mine, living = store.staged(failed), store.staged(failed, 2, owner="download@here:1:a")
    paused = store.staged(waiting)
    store.pass_by(hours=5, minutes=59)
    assert (await store.janitor().sweep()).removed == []
    store.pass_by(minutes=1)
    assert [one.path for one in (await store.janitor().sweep()).removed] == [mine]
    assert not mine.exists()
    store.dead.add("download@here:1:a")
    assert [one.path for one in (await store.janitor().sweep()).removed] == [living]
    store.pass_by(days=400)
    await store.janitor().sweep()
    assert paused.exists()


async def test_what_was_staged_for_a_row_that_is_over_goes_although_its_runner_lives(store: Store) -> None:
    living = "download@here:1:a"
    failed, held = await store.row("failed", epoch=2), await store.row("failed", epoch=1, claimed_by=living)
    left = [store.staged(failed, epoch, owner=living) for epoch in (1, 2)]
    store.staged(held, owner=living)
    store.pass_by(hours=5)
    assert (await store.janitor().sweep()).removed == []
    store.pass_by(hours=1)
    assert [one.path for one in (await store.janitor().sweep()).removed] == left


async def test_the_sweep_takes_half_copies_empty_shelves_and_the_trash(store: Store) -> None:
    over, alive = await store.row("cancelled"), await store.row("uploading", finished_at=None)
    delivered = store.layout.root / "delivered"
    delivered.mkdir()
    for row in (over, alive):
        path = delivered / f".boss-bot-{row}-0-1.part"
        path.write_bytes(b"half")
        os.utime(path, (ENDED.timestamp(),) * 2)
    (delivered / "a film.mp4").write_bytes(b"whole")
    trash = store.layout.root / ".staging" / "trash" / "x"
    trash.mkdir(parents=True)
    empty = store.layout.root / "99" / "2026-01-01"
    empty.mkdir(parents=True)
    store.pass_by(hours=2)
    await store.janitor().sweep()
    assert {path.name for path in delivered.iterdir()} == {f".boss-bot-{alive}-0-1.part", "a film.mp4"}
    assert not trash.exists()
    assert not empty.parent.exists()
    assert store.home(alive).exists()


async def test_room_is_made_only_as_much_as_is_wanted(store: Store) -> None:
    new = await store.row("uploaded", finished_at="2026-09-30 11:30:00")
    old = await store.row("uploaded", finished_at="2026-09-30 11:00:00")
    kept = await store.row("downloaded", upload=0, finished_at="2026-09-01 11:00:00")
    free = 100

    def free_bytes() -> int:
        return free + 50 * (2 - sum(store.home(row).exists() for row in (new, old)))

    assert (await store.janitor().make_room(100, free_bytes)).removed == []
    report = await store.janitor().make_room(140, free_bytes)
    assert [one.download_id for one in report.removed] == [old]
    report = await store.janitor().make_room(10_000, free_bytes)
    assert [one.download_id for one in report.removed] == [new]
    assert store.home(kept).exists()


async def test_finished_files_are_kept_below_what_they_may_take(store: Store) -> None:
    rows = [await store.row("uploaded", {"a": bytes(5000)}, finished_at=f"2026-09-30 1{n}:00:00") for n in range(3)]
    store.staged(rows[2])
    for dry_run in (True, False):
        report = await store.janitor(dry_run=dry_run).keep_below(6000)
        assert [one.download_id for one in report.removed] == rows[:2]
    assert (await store.janitor().keep_below(6000)).removed == []


async def test_usage_is_told_by_guild_and_outcome(store: Store) -> None:
    await store.row("uploaded", {"a": b"12345"})
    await store.row("uploaded", {"a": b"123"})
    await store.row("downloaded", {"a": b"1"}, upload=0, guild_id=None)
    await store.row("uploaded", destination="folder", file_path="/delivered")
    told = [(one.guild_id, one.status, one.downloads, one.bytes) for one in await store.book.usage()]
    assert told == [(81, Status.UPLOADED, 2, 8), (None, Status.DOWNLOADED, 1, 1)]
