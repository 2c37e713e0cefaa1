"""Old versions are told apart from safe ones, as everybody spells them, and asked for nowhere."""

import sqlite3
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from loguru import logger
from packaging.requirements import Requirement

from core.version_floors import (
    AIOHTTP,
    BOT,
    DOWNLOAD,
    FFMPEG,
    FLOORS,
    PILLOW,
    SQLITE,
    UPLOAD,
    YT_DLP,
    Floor,
    Source,
    below,
    parsed,
    version_of,
    warn_of_old_versions,
)

PYPROJECT = Path(__file__).parents[2] / "pyproject.toml"


@pytest.mark.parametrize(
    ("floor", "found", "is_below"),
    [
        (YT_DLP, "2026.07.03", True),
        (YT_DLP, "2026.7.4", False),
        (YT_DLP, "2026.10.26", False),
        (YT_DLP, "2027.1", False),
        (SQLITE, "3.40.1", True),
        (SQLITE, "3.51.2", True),
        (SQLITE, "3.51.3", False),
        (FFMPEG, "ffmpeg version 5.1.9-0+deb12u1 Copyright (c) 2000-2026 the FFmpeg developers", True),
        (FFMPEG, "7.1.5-0+deb13u1~bpo12+1", True),
        (FFMPEG, "n8.1.2-12-gabc", True),
        (FFMPEG, "8.1", True),
        (FFMPEG, "8.1.3", False),
        (FFMPEG, "n8.2", False),
        (FFMPEG, "N-120000-g0123abcdef", False),  # of their repository: nobody knows
        (PILLOW, "12.3.0", True),
        (PILLOW, "13.0.0", False),
        (AIOHTTP, "3.14.0", True),
        (AIOHTTP, "3.14.10", False),
        (AIOHTTP, "not installed", False),
    ],
)
def test_versions_are_compared_as_numbers(floor: Floor, found: str, is_below: bool) -> None:
    assert below(floor, found) is is_below


def test_each_version_is_found_on_this_machine() -> None:
    for floor in FLOORS:
        found = version_of(floor)
        assert found is not None, floor.name
        assert parsed(found), found
    assert version_of(SQLITE) == sqlite3.sqlite_version
    assert version_of(replace(FFMPEG, name="not-there")) is None
    assert version_of(replace(PILLOW, name="not-there")) is None


def test_the_project_asks_for_what_the_table_holds_safe() -> None:
    asked = {
        requirement.name: requirement.specifier
        for text in tomllib.loads(PYPROJECT.read_text())["project"]["dependencies"]
        if (requirement := Requirement(text))
    }
    for floor in FLOORS:
        if floor.source is Source.PACKAGE:
            (least,) = [each.version for each in asked[floor.name] if each.operator == ">="]
            assert parsed(f"{least}.0") >= floor.safe, f"{floor.name}>={floor.shown} is safe, {least} is asked for"


def test_every_process_looks_at_something_of_the_table() -> None:
    for looked_at in (BOT, DOWNLOAD, UPLOAD):
        assert set(looked_at) <= set(FLOORS)
    assert {*BOT, *DOWNLOAD, *UPLOAD} == set(FLOORS)


def test_one_line_names_all_that_is_old_and_no_line_what_is_not() -> None:
    lines: list[str] = []
    sink = logger.add(lines.append, format="{level} {message}")
    try:
        warn_of_old_versions([replace(YT_DLP, safe=(1, 0, 0)), replace(PILLOW, name="not-there")])
        assert lines == []
        warn_of_old_versions([replace(YT_DLP, safe=(9999, 1, 2)), replace(PILLOW, safe=(9999, 0, 0))])
    finally:
        logger.remove(sink)
    (line,) = lines
    assert line.startswith("WARNING versions with known holes: yt-dlp 20")
    assert "safe from 9999.01.02" in line
    assert "CVE-2026-55404" in line
    assert "pillow" in line
