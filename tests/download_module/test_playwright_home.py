"""Directories of browsers."""

import tempfile
from pathlib import Path

import pytest

from download_module.extractors.playwright_home import Home, remove_dead


def test_a_home_goes_with_its_browser_and_those_of_the_dead_go_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    dead, alive = tmp_path / "bb-chromium-dead", Home()
    dead.mkdir()
    (dead / "profile").write_text("x")
    home = Home()
    assert set(tmp_path.iterdir()) == {alive.path, home.path}
    dead.mkdir()
    remove_dead()
    assert set(tmp_path.iterdir()) == {alive.path, home.path}
    home.close()
    alive.close()
    assert list(tmp_path.iterdir()) == []
