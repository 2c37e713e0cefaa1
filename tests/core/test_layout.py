"""Where the files of a download lie, and which directories are nobody else's."""

from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pytest

from core.layout import Layout, shelf_of, shown_place


@dataclass(frozen=True)
class Row:
    id: int = 7
    guild_id: int | None = 81
    added_at: str = "2026-09-30 23:59:59"
    file_path: str | None = None


def test_files_lie_by_guild_and_day(tmp_path: Path) -> None:
    assert Layout(tmp_path).home(Row()) == tmp_path / "81" / "2026-09-30" / "7"
    assert shelf_of(Row(guild_id=None)) == "private/2026-09-30"


def test_the_directories_of_a_download_are_found_whatever_version_made_them(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    new, old, elsewhere = layout.home(Row()), tmp_path / "7", tmp_path / "82" / "2026-01-02" / "7"
    assert layout.homes(Row()) == []
    for home in (new, old, elsewhere):
        home.mkdir(parents=True)
    assert layout.homes(Row()) == [new, old]
    assert layout.homes(Row(file_path=str(elsewhere))) == [new, old, elsewhere]  # its guild was edited


@pytest.mark.parametrize("said", ["/", "{root}", "{root}/81", "{root}/81/2026-09-30", "{root}/../7", "7", "a\0b"])
def test_a_hand_edited_path_makes_no_other_directory_a_download_s(tmp_path: Path, said: str) -> None:
    (tmp_path / "81" / "2026-09-30" / "8").mkdir(parents=True)
    assert Layout(tmp_path).homes(Row(file_path=said.format(root=tmp_path))) == []


def test_a_guild_with_the_number_of_a_download_is_not_taken_for_its_old_directory(tmp_path: Path) -> None:
    (tmp_path / "7" / "2026-09-30" / "9").mkdir(parents=True)
    assert Layout(tmp_path).homes(Row()) == []


def test_a_link_to_elsewhere_is_never_a_download_s(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "7").symlink_to(tmp_path / "outside")
    assert Layout(tmp_path).homes(Row()) == []


@pytest.mark.parametrize(
    ("place", "ours"),
    [
        (".staging/7-1", True),
        ("81/2026-09-30", True),
        ("private", True),
        ("7", True),
        ("delivered/7", False),
        (".", False),
    ],
)
def test_which_places_are_worked_in(tmp_path: Path, place: str, ours: bool) -> None:
    assert Layout(tmp_path).owns(tmp_path / place) is ours


@pytest.mark.parametrize(
    ("path", "shown"),
    [("/srv/downloads/81/2026-09-30/7/a.mp4", "81/2026-09-30/7"), ("/srv/downloads/7/a.mp4", "7"), ("/a.mp4", "7")],
)
def test_a_person_is_told_where_a_file_lies(path: str, shown: str) -> None:
    assert shown_place(PurePosixPath(path), 7) == shown
