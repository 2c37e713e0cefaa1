"""What is found below DOWNLOAD_DIR, whoever else has something there."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from core.layout import Layout
from storage_module import disk

NOBODY = 65534


@contextmanager
def rights_of_nobody() -> Iterator[None]:
    """Without those of root, which may look into everything."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def shared() -> Iterator[Path]:
    """A directory that everybody can look into, also where that of all tests is root's."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def test_directories_that_can_not_be_read_hide_nothing_but_themselves(shared: Path) -> None:
    home, aside = shared / "81" / "2026-09-30" / "7", shared / "81" / "2026-09-30" / "8.kept-1"
    for path in (home, aside, shared / "6.kept-1"):
        path.mkdir(parents=True)
    (home / "a.mp4").write_bytes(b"one film")
    closed = [shared / name for name in ("lost+found", "2019", "81/lost+found", "81/2026-10-01", "81/2026-09-30/7/x")]
    for path in closed:
        path.mkdir()
        path.chmod(0)
    (home / "y").mkdir()
    (home / "y" / "b.mp4").touch()
    (home / "y").chmod(0o744)  # its names are told, and no more
    layout = Layout(shared)
    with rights_of_nobody():
        with pytest.raises(PermissionError):
            list(closed[0].iterdir())
        assert [one.path for one in disk.homes(layout)] == [home]
        assert list(disk.put_aside(layout)) == [shared / "6.kept-1", aside]
        assert disk.size_of(home) == 8
        assert layout.is_home(closed[1]) is False
        assert home.parent not in disk.empty_shelves(layout)
