"""Deliveries to a directory."""

import asyncio
import errno
import json
import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from core.errors import (
    DestinationForbidden,
    DestinationGone,
    DestinationUnavailable,
    RowChanged,
    SendFailed,
    UploadError,
)
from core.models import Status
from tests.support.processes import wait_until
from tests.upload_module.given import ONE, Stage, downloaded
from upload_module.folder_destination import _as_ours

SHM = Path("/dev/shm")


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Path]:
    """A directory on another file system."""
    if not SHM.is_dir() or SHM.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is no second file system")
    with TemporaryDirectory(dir=SHM) as directory:
        yield Path(directory)


def going_to(directory: Path | str) -> str:
    return json.dumps({"to": str(directory)})


def content(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir()}


async def test_files_are_moved_under_their_display_names(stage: Stage) -> None:
    row = await downloaded(stage.database, stage.download_dir, {"a\u202e.mp4": b"a", "b.jpg": b"bb"}, attempts=2)
    done = await stage.deliver(row)
    assert content(stage.delivered) == {"a.mp4": b"a", "b.jpg": b"bb"}
    assert (done.status, done.file_path, done.attempts) == (Status.UPLOADED, str(stage.delivered), 0)
    assert done.progress == 100
    files = await stage.files(row)
    assert [file.delivered_url for file in files] == [Path(file.path).as_uri() for file in files]
    assert not (stage.download_dir / str(row)).exists()


async def test_a_row_may_name_its_directory(stage: Stage, tmp_path: Path) -> None:
    row = await downloaded(stage.database, stage.download_dir, options=going_to(tmp_path / "x" / "y"))
    done = await stage.deliver(row)
    assert done.file_path == str(tmp_path / "x" / "y")
    assert content(tmp_path / "x" / "y") == ONE


async def test_a_taken_name_gets_a_number(stage: Stage) -> None:
    stage.delivered.mkdir(parents=True)
    (stage.delivered / "clip.mp4").write_bytes(b"of somebody else")
    (stage.delivered / "clip (2).mp4").symlink_to("nowhere")
    await stage.deliver(await downloaded(stage.database, stage.download_dir))
    assert (stage.delivered / "clip.mp4").read_bytes() == b"of somebody else"
    assert (stage.delivered / "clip (3).mp4").read_bytes() == b"one clip"


async def test_two_files_of_one_name_both_arrive(stage: Stage) -> None:
    await stage.deliver(await downloaded(stage.database, stage.download_dir, {"a?.mp4": b"1", "a*.mp4": b"2"}))
    assert content(stage.delivered) == {"a_.mp4": b"1", "a_ (2).mp4": b"2"}


async def test_another_file_system_gets_a_copy(stage: Stage, elsewhere: Path) -> None:
    row = await downloaded(stage.database, stage.download_dir, options=going_to(elsewhere))
    await stage.deliver(row)
    assert content(elsewhere) == ONE
    assert not (stage.download_dir / str(row)).exists()


@pytest.mark.parametrize("placed", [False, True])
async def test_after_a_crash_the_same_name_is_taken_up(stage: Stage, placed: bool) -> None:
    row = await downloaded(stage.database, stage.download_dir)
    target = stage.delivered / "clip.mp4"
    await stage.write_files(row, nonce=target.as_uri())
    if placed:
        target.parent.mkdir()
        os.link(stage.download_dir / str(row) / "clip.mp4", target)
    await stage.deliver(row)
    assert content(stage.delivered) == ONE


async def test_half_a_copy_of_a_crash_is_removed(stage: Stage, elsewhere: Path) -> None:
    row = await downloaded(stage.database, stage.download_dir, options=going_to(elsewhere))
    await stage.write_files(row, nonce=(elsewhere / "clip.mp4").as_uri())
    (elsewhere / f".boss-bot-{row}-0-1.part").write_bytes(b"one")
    await stage.deliver(row)
    assert content(elsewhere) == ONE


async def test_a_file_that_took_the_committed_name_meanwhile_is_left_alone(stage: Stage) -> None:
    row = await downloaded(stage.database, stage.download_dir)
    stage.delivered.mkdir()
    await stage.write_files(row, nonce=(stage.delivered / "clip.mp4").as_uri())
    (stage.delivered / "clip.mp4").write_bytes(b"foreign!")
    await stage.deliver(row)
    assert content(stage.delivered) == {"clip.mp4": b"foreign!", "clip (2).mp4": b"one clip"}


async def test_a_name_that_another_delivery_is_about_to_take_is_not_taken(stage: Stage) -> None:
    other = await downloaded(stage.database, stage.download_dir, priority=-1)
    await stage.write_files(other, nonce=(stage.delivered / "clip.mp4").as_uri())
    await stage.deliver(await downloaded(stage.database, stage.download_dir))
    assert set(content(stage.delivered)) == {"clip (2).mp4"}
    await stage.deliver(other)
    assert set(content(stage.delivered)) == {"clip.mp4", "clip (2).mp4"}


async def test_files_that_are_recorded_are_not_placed_again(stage: Stage) -> None:
    row = await downloaded(stage.database, stage.download_dir)
    claim = await stage.claim(row)
    await stage.pooler.work(claim)
    await stage.crash()  # before the row was settled
    done = await stage.deliver(row)
    assert done.status is Status.UPLOADED
    assert content(stage.delivered) == ONE


async def test_a_row_that_was_lost_is_left_alone(stage: Stage) -> None:
    row = await downloaded(stage.database, stage.download_dir)
    claim = await stage.claim(row)
    await stage.crash()
    await stage.claim(row)
    stage.name = "upload-1"
    with pytest.raises(RowChanged):
        await stage.pooler.work(claim)
    assert not list(stage.delivered.glob("*"))


async def test_a_row_whose_files_were_deleted_by_hand_is_left_alone(stage: Stage) -> None:
    row = await downloaded(stage.database, stage.download_dir)
    claim = await stage.claim(row)
    files = await stage.files(row)
    courier = stage.pooler._couriers[claim.destination]
    await stage.write_files(row, download_id=await downloaded(stage.database, stage.download_dir, {}))

    async def tell(_: str) -> None: ...

    with pytest.raises(RowChanged):
        await courier.deliver(claim, files, tell)


@pytest.mark.parametrize("change", ["gone", "changed", "link", "directory"])
async def test_a_file_that_is_not_what_was_downloaded_is_refused(stage: Stage, change: str) -> None:
    row = await downloaded(stage.database, stage.download_dir)
    path = stage.download_dir / str(row) / "clip.mp4"
    path.unlink()
    match change:
        case "changed":
            path.write_bytes(b"longer than before")
        case "link":
            path.symlink_to("/etc/hostname")
        case "directory":
            path.mkdir()
    sentence = {"gone": "no longer on the disk", "changed": "was changed"}.get(change, "not an ordinary file")
    with pytest.raises(UploadError, match=rf"clip\.mp4 .*{sentence}"):
        await stage.deliver(row)


@pytest.mark.parametrize("path", ["relative/clip.mp4", "/nul\0byte"])
async def test_a_hand_edited_path_is_not_trusted_in_form(stage: Stage, path: str) -> None:
    row = await downloaded(stage.database, stage.download_dir)
    await stage.write_files(row, path=path)
    with pytest.raises(UploadError):
        await stage.deliver(row)


async def test_a_download_without_files_says_so(stage: Stage) -> None:
    row = await downloaded(stage.database, stage.download_dir, {})
    with pytest.raises(UploadError, match="has no files"):
        await stage.deliver(row)


@pytest.mark.parametrize("to", ['"relative"', "7", "true", '"/nul\\u0000"'])
async def test_a_directory_must_be_an_absolute_path(stage: Stage, to: str) -> None:
    row = await downloaded(stage.database, stage.download_dir, options=f'{{"to": {to}}}')
    with pytest.raises(UploadError, match="absolute path"):
        await stage.deliver(row)


@pytest.mark.parametrize("name", ["1", "99/deeper", ".staging/1-1"])
async def test_nothing_is_delivered_to_where_files_are_removed_later(stage: Stage, name: str) -> None:
    row = await downloaded(stage.database, stage.download_dir, options=going_to(stage.download_dir / name))
    with pytest.raises(DestinationForbidden, match="Choose another directory"):
        await stage.deliver(row)
    assert (stage.download_dir / str(row) / "clip.mp4").exists()


async def test_a_file_where_the_directory_should_be_is_a_sentence(stage: Stage, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    row = await downloaded(stage.database, stage.download_dir, options=going_to(tmp_path / "file"))
    with pytest.raises(DestinationGone, match="is not a directory"):
        await stage.deliver(row)


async def test_a_directory_that_may_not_be_written_is_a_sentence(stage: Stage, tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir()
    closed.chmod(0o555)
    # root may write everywhere but into the kernel's own file systems
    directory = closed if os.geteuid() else Path("/sys/boss-bot")
    row = await downloaded(stage.database, stage.download_dir, options=going_to(directory))
    with pytest.raises(DestinationForbidden, match="may not write"):
        await stage.deliver(row)


async def test_a_cancelled_download_is_removed_and_nothing_else(stage: Stage, tmp_path: Path) -> None:
    row = await downloaded(stage.database, stage.download_dir)
    kept = await downloaded(stage.database, stage.download_dir)
    outside = tmp_path / "outside"
    outside.mkdir()
    (stage.download_dir / "99").symlink_to(outside)
    for download_id in (row, 99, 12345):
        await stage.pooler.discard(download_id)
    assert not (stage.download_dir / str(row)).exists()
    assert (stage.download_dir / str(kept) / "clip.mp4").exists()
    assert outside.exists()


async def test_a_copy_that_is_interrupted_leaves_nothing_and_goes_on_later(stage: Stage, elsewhere: Path) -> None:
    files = {"clip.mp4": bytes(128 << 20)}
    row = await downloaded(stage.database, stage.download_dir, files, options=going_to(elsewhere))
    working = asyncio.create_task(stage.deliver(row))
    await wait_until(lambda: list(elsewhere.glob(".boss-bot-*")), every=0.001)
    working.cancel()
    await asyncio.wait([working])
    assert working.cancelled()
    assert list(elsewhere.iterdir()) == []
    await stage.crash()
    await stage.deliver(row)
    assert (elsewhere / "clip.mp4").stat().st_size == 128 << 20


@pytest.mark.parametrize(
    ("number", "error"),
    [
        (errno.ENOSPC, DestinationUnavailable),
        (errno.EDQUOT, DestinationUnavailable),
        (errno.EROFS, DestinationForbidden),
        (errno.ENOENT, DestinationGone),
        (errno.EIO, SendFailed),
    ],
)
def test_errors_of_the_file_system_become_ours(number: int, error: type[UploadError], tmp_path: Path) -> None:
    with pytest.raises(error, match=str(tmp_path)), _as_ours(tmp_path):
        raise OSError(number, os.strerror(number))
