"""The daily look: what is not as it was fetched, what no row knows, what the dead left."""

import os
from pathlib import Path

import pytest

from core import finished_mark
from core.layout import STAGING
from storage_module.checksums import CHANGED, DAMAGED, GONE, UNREADABLE
from storage_module.inspection import ASIDE, HANDFUL, ORPHAN
from tests.conftest import Hand
from tests.storage_module.given import ENDED, Store

TWO = {"a.mp4": b"one film", "b.mp4": b"another"}


def aged(path: Path) -> Path:
    os.utime(path, (ENDED.timestamp(),) * 2)
    return path


async def test_files_that_are_gone_changed_or_damaged_are_told(store: Store) -> None:
    rows = [await store.row("downloaded", TWO, upload=0) for _ in range(4)]
    gone, changed, damaged, _sound = [store.home(row) for row in rows]
    (gone / "b.mp4").unlink()
    (changed / "a.mp4").write_bytes(b"longer than it was")
    (damaged / "a.mp4").write_bytes(b"ONE film")
    report = await store.inspector().inspect()
    assert [(one.download_id, one.what) for one in report.faults] == [(1, GONE), (2, CHANGED), (3, DAMAGED)]
    assert report.checked == 8
    assert [one.what for one in (await store.inspector().inspect(sums=False)).faults] == [GONE, CHANGED]
    assert await store.read(1, "file_path") == (str(gone),)  # the other file is here


async def test_a_row_whose_files_are_all_gone_has_none(store: Store) -> None:
    row = await store.row("downloaded", upload=0)
    waiting = await store.row("downloaded", finished_at=None)
    for id_ in (row, waiting):
        (store.home(id_) / "a.mp4").unlink()
    await store.inspector(dry_run=True).inspect()
    assert len(await store.book.files(row)) == 1
    await store.inspector().inspect()
    assert await store.read(row, "file_path") == (None,)
    assert await store.book.files(row) == []
    assert len(await store.book.files(waiting)) == 1  # its upload will say so


async def test_a_file_that_can_not_be_read_is_not_forgotten(store: Store) -> None:
    row = await store.row("downloaded", upload=0)
    path = store.home(row) / "a.mp4"
    path.unlink()
    path.symlink_to(path)  # which nobody can follow: as little is known of it as without the right to read it
    assert [one.what for one in (await store.inspector().inspect()).faults] == [UNREADABLE]
    assert len(await store.book.files(row)) == 1


@pytest.mark.parametrize("why", ["no staging", "all of them"])
async def test_nothing_is_forgotten_when_the_disk_is_not_there(store: Store, why: str) -> None:
    rows = [await store.row("downloaded", upload=0) for _ in range(HANDFUL + 1)]
    if why == "no staging":
        (store.layout.root / STAGING).rmdir()
    for row in rows[1:] if why == "no staging" else rows:
        (store.home(row) / "a.mp4").unlink()
    assert GONE in {one.what for one in (await store.inspector().inspect()).faults}
    assert [len(await store.book.files(row)) for row in rows] == [1] * len(rows)

    (store.layout.root / STAGING).mkdir(exist_ok=True)
    (store.home(rows[0]) / "a.mp4").write_bytes(b"one film")
    await store.inspector().inspect()
    assert [len(await store.book.files(row)) for row in rows] == [1] + [0] * HANDFUL


async def test_a_number_for_a_name_makes_no_directory_ours(store: Store) -> None:
    (store.layout.root / "2019" / "summer").mkdir(parents=True)
    old = store.layout.root / "2018"
    old.mkdir()
    finished_mark.mark(old, "http://site.test/of-an-older-version")
    for path in (old, store.layout.root / "2019"):
        aged(path)
    store.pass_by(days=2)
    report = await store.inspector().inspect(remove_unknown=True)
    assert [one.path for one in report.removed] == [old]
    assert (store.layout.root / "2019" / "summer").exists()


async def test_what_no_row_knows_is_told_and_goes_when_a_person_says_so(store: Store, hand: Hand) -> None:
    orphan, known = await store.row("uploaded"), await store.row("downloaded", upload=0)
    await hand(f"DELETE FROM media_files WHERE download_id = {orphan}")
    await hand(f"DELETE FROM downloads WHERE id = {orphan}")
    aside = store.home(known).with_name(f"{known}.kept-1")
    aside.mkdir()
    staged = store.staged(orphan)
    for path in (aside, store.home(orphan), staged):
        aged(path)
    store.pass_by(hours=23)
    assert (await store.inspector().inspect()).faults == []  # somebody may be about to make the row
    store.pass_by(hours=1)
    report = await store.inspector().inspect()
    assert {(one.path, one.what) for one in report.faults} == {
        (store.home(orphan), ORPHAN),
        (staged, ORPHAN),
        (aside, ASIDE),
    }
    assert report.removed == []
    said = await store.inspector(dry_run=True).inspect(remove_unknown=True)
    assert store.home(orphan).exists()
    done = await store.inspector().inspect(remove_unknown=True)
    assert (
        {one.path for one in said.removed}
        == {one.path for one in done.removed}
        == {
            store.home(orphan),
            staged,
            aside,
        }
    )
    assert not any(path.exists() for path in (store.home(orphan), staged, aside))
    assert store.home(known).exists()


async def test_what_the_dead_left_goes_unless_it_is_still_their_proof(store: Store, hand: Hand) -> None:
    data = store.directory / "data"
    for name in ("locks", "aria2", "patterns"):
        (data / name).mkdir(parents=True)
    names = ("dead", "living", "proof", "holder")
    locks = {name: data / "locks" / f"{name}.lock" for name in names}
    for lock in locks.values():
        lock.touch()
        aged(lock)
    store.dead |= {"dead", "proof", "holder"}
    store.staged(await store.row("failed"), owner="proof")
    await store.row("downloading", claimed_by="holder", finished_at=None)
    (data / "aria2" / f"aria2-{os.getpid()}.conf").touch()
    (data / "aria2" / "aria2-99999999.conf").touch()
    for age, name in (
        (100, "yt-dlp-2026.01.01-x-1.json"),
        (50, "yt-dlp-2026.05.05-x-1.json"),
        (100, "gallery-dl-1-x.json"),
    ):
        (data / "patterns" / name).touch()
        then = ENDED.timestamp() - age * 24 * 3600
        os.utime(data / "patterns" / name, (then, then))
    store.pass_by(days=2)
    await store.inspector().inspect()
    assert [name for name in names if locks[name].exists()] == ["living", "proof", "holder"]
    assert [path.name for path in (data / "aria2").iterdir()] == [f"aria2-{os.getpid()}.conf"]
    assert {path.name for path in (data / "patterns").iterdir()} == {
        "yt-dlp-2026.05.05-x-1.json",
        "gallery-dl-1-x.json",
    }
