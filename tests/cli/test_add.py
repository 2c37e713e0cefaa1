"""`add` writes rows, all or none."""

from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Ctl, Play


def test_a_link_becomes_a_row_with_its_number(ctl: Ctl) -> None:
    done = ctl("add", "https://example.com/clip.mp4")
    assert done.status == 0
    assert done.out == "#1 queued: https://example.com/clip.mp4\n"
    assert "bossbotctl run" in done.err  # nobody works yet


def test_json_carries_every_column_and_nothing_else(ctl: Ctl, here: Path) -> None:
    done = ctl("add", "--json", "--priority", "high", "--to", "films", "https://a.example/1", "magnet:?xt=urn:btih:a")
    first, second = done.json
    assert (first["id"], second["id"]) == (1, 2)
    assert (first["priority"], first["upload"], first["destination"]) == (1, True, "folder")
    assert first["options"] == {"to": str(here / "films")}
    assert second["url"] == "magnet:?xt=urn:btih:a"


def test_no_upload_keeps_the_files(ctl: Ctl) -> None:
    (row,) = ctl("add", "--json", "--no-upload", "https://a.example/1").json
    assert row["upload"] is False


def test_no_hint_when_runners_are_alive(ctl: Ctl, play: Play[None]) -> None:
    async def sign_on(given: Any) -> None:
        await given.downloader.sign_on(1)
        await given.uploader.sign_on(2)

    play(sign_on)
    assert ctl("add", "https://a.example/1").err == ""


@pytest.mark.parametrize(
    ("argument", "told"),
    [
        ("clip.mp4", "Did you mean https://clip.mp4?"),
        ("localhost:8000/x", "Did you mean https://localhost:8000/x?"),
        ("", "There is no link."),
        ("https://a.example/ b", "can't have spaces"),
        ("https://a.example/\x1b[31m", "control characters"),
        ("https://a.example/" + "x" * 9000, "too long"),
    ],
)
def test_what_is_no_link_is_refused_in_a_sentence_and_nothing_is_written(ctl: Ctl, argument: str, told: str) -> None:
    done = ctl("add", "https://a.example/good", argument)
    assert done.status == 1
    assert done.out == ""
    assert done.err.startswith("error: ")
    assert told in done.err
    assert "\x1b" not in done.err
    assert ctl("list", "--all", "--json").json == []


def test_a_file_is_no_place_for_files(ctl: Ctl, here: Path) -> None:
    (here / "taken").touch()
    done = ctl("add", "--to", "taken", "https://a.example/1")
    assert done.status == 1
    assert "is a file. Name a directory" in done.err


def test_to_and_no_upload_exclude_each_other(ctl: Ctl) -> None:
    done = ctl("add", "--to", "x", "--no-upload", "https://a.example/1")
    assert done.status == 2
    assert "--no-upload not to deliver" in done.err


def test_wishes_become_options_of_the_row(ctl: Ctl, here: Path) -> None:
    switches = ["--quality", "720P", "--audio", "--clip", "-20", "--items", "1 - 5", "--live", "10"]
    switches += [
        "--subtitles",
        "en, de",
        "--thumbnail",
        "--force",
        "--option",
        "quoted=yes",
        "--option",
        "spoiler=true",
    ]
    (row,) = ctl("add", "--json", *switches, "--to", "films", "https://a.example/1").json
    assert row["options"] == {
        "quality": "720p",
        "audio": True,
        "clip": "-20",
        "items": "1-5",
        "live": 10,
        "subtitles": "en,de",
        "thumbnail": True,
        "force": True,
        "quoted": True,
        "spoiler": True,
        "to": str(here / "films"),
    }


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--quality", "4k"), "quality is best, worst, audio, or a height such as 720p."),
        (("--clip", "1:00-0:30"), "The clip 1:00-0:30 ends before it begins."),
        (("--items", "0"), "items is a list of numbers from 1"),
        (("--live", "9999"), "it should be less than or equal to 720."),
        (("--option", "qualty=720p"), "There is no option qualty. Did you mean quality?"),
        (("--option", "spoiler"), "--option spoiler: write a name and a value, such as --option quality=720p."),
    ],
)
def test_a_wish_that_means_nothing_is_refused_before_a_row_is_written(
    ctl: Ctl, arguments: tuple[str, ...], told: str
) -> None:
    done = ctl("add", *arguments, "https://a.example/1")
    assert (done.status, done.out) == (1, "")
    assert told in done.err
    assert ctl("list", "--all", "--json").json == []


@pytest.mark.parametrize("command", ["add", "fetch"])
def test_help_says_what_may_be_wished(ctl: Ctl, command: str) -> None:
    told = " ".join(ctl(command, "--help").out.replace("│", " ").split())
    assert "Which entries of a playlist, album or torrent: 1-5,8." in told
    assert "An option without a switch: quoted, replies, retweets, videos, spoiler." in told
