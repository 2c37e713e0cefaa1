"""Directories that go with their process, also when that was killed."""

import re
import tempfile
from pathlib import Path

import pytest

from core import locked_directory
from core.locked_directory import PREFIXES, LockedDirectory, remove_dead

SRC = Path(locked_directory.__file__).parents[1]


def test_a_sweep_removes_those_of_the_dead_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    alive, strange = LockedDirectory(PREFIXES[0]), tmp_path / "bb-somebody-else's"
    for path in (strange, *(tmp_path / f"{prefix}dead" for prefix in PREFIXES)):
        path.mkdir()
        (path / "file").touch()
    remove_dead()
    assert set(tmp_path.iterdir()) == {alive.path, strange}
    alive.close()


def test_the_sweep_knows_all_prefixes() -> None:
    used = {found for path in SRC.rglob("*.py") for found in re.findall(r'"(bb-[a-z-]+-)"', path.read_text())}
    assert used == set(PREFIXES)
