"""What is thrown away is gone from its place at once, and its bytes soon after."""

import os
from pathlib import Path

import pytest

from core.trash import Trash


def made(path: Path) -> Path:
    path.mkdir()
    (path / "0.part").write_bytes(b"x")
    return path


def test_a_directory_leaves_its_place_at_once_and_the_disk_later(tmp_path: Path) -> None:
    trash = Trash(tmp_path / "trash")
    one, other = made(tmp_path / "7-1"), made(tmp_path / "7-2")
    trash.put(one)
    trash.put(other)
    assert not one.exists()
    assert not other.exists()
    assert len(list(tmp_path.glob("trash/*/0.part"))) == 2
    trash.empty()
    assert list(tmp_path.glob("trash/*")) == []


def test_what_is_gone_already_is_nothing_to_throw_away(tmp_path: Path) -> None:
    trash = Trash(tmp_path / "trash")
    trash.empty()
    trash.put(tmp_path / "7-1")
    assert list(tmp_path.glob("trash/*")) == []


def test_without_a_trash_it_is_removed_where_it_is(tmp_path: Path) -> None:
    (tmp_path / "trash").write_text("no directory can be made here")
    directory = made(tmp_path / "7-1")
    Trash(tmp_path / "trash").put(directory)
    assert not directory.exists()


@pytest.mark.skipif(not Path("/dev/shm").is_dir() or not os.access("/dev/shm", os.W_OK), reason="one file system only")
def test_what_lies_on_another_file_system_is_removed_where_it_is(tmp_path: Path) -> None:
    if Path("/dev/shm").stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("one file system only")
    elsewhere = made(Path("/dev/shm") / f"boss-bot-{tmp_path.name}-{os.getpid()}")
    Trash(tmp_path / "trash").put(elsewhere)
    assert not elsewhere.exists()
