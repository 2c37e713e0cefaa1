"""One file to one path."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from upload_module.placing import StoppedError, _renamed, place, same_bytes

SHM = Path("/dev/shm")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source.mp4"
    path.write_bytes(os.urandom(3_000_000))
    return path


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Path]:
    if not SHM.is_dir() or SHM.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is no second file system")
    with TemporaryDirectory(dir=SHM) as directory:
        yield Path(directory)


def test_on_one_file_system_no_byte_is_copied(source: Path, tmp_path: Path) -> None:
    assert place(source, tmp_path / "clip.mp4", temporary=tmp_path / ".part", stop=threading.Event())
    assert (tmp_path / "clip.mp4").samefile(source)


def test_on_another_file_system_the_copy_appears_whole(source: Path, elsewhere: Path) -> None:
    assert place(source, elsewhere / "clip.mp4", temporary=elsewhere / ".part", stop=threading.Event())
    assert same_bytes(source, elsewhere / "clip.mp4")
    assert [path.name for path in elsewhere.iterdir()] == ["clip.mp4"]


def test_a_name_that_is_taken_is_left_alone(source: Path, tmp_path: Path, elsewhere: Path) -> None:
    for directory in (tmp_path, elsewhere):
        target = directory / "clip.mp4"
        target.write_text("of somebody else")
        assert not place(source, target, temporary=directory / ".part", stop=threading.Event())
        assert target.read_text() == "of somebody else"
        assert not (directory / ".part").exists()


def test_a_copy_that_is_stopped_leaves_nothing(source: Path, elsewhere: Path) -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(StoppedError):
        place(source, elsewhere / "clip.mp4", temporary=elsewhere / ".part", stop=stop)
    assert list(elsewhere.iterdir()) == []


def test_files_are_compared_by_content(source: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_bytes(source.read_bytes())
    assert same_bytes(source, other)
    other.write_bytes(source.read_bytes()[:-1] + b"!")
    assert not same_bytes(source, other)
    other.write_bytes(b"short")
    assert not same_bytes(source, other)


def test_where_there_are_no_links_the_copy_is_renamed_and_overwrites_nothing(source: Path, tmp_path: Path) -> None:
    target, part = tmp_path / "clip.mp4", tmp_path / ".part"
    part.write_bytes(source.read_bytes())
    assert _renamed(part, target)
    assert same_bytes(source, target)
    part.write_text("another")
    assert not _renamed(part, target)
    assert same_bytes(source, target)


def test_a_directory_that_is_gone_is_an_error(source: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        place(source, tmp_path / "gone" / "clip.mp4", temporary=tmp_path / "gone" / ".part", stop=threading.Event())
