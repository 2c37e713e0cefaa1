"""`list` and `show` tell what the rows say, whatever a stranger named his files."""

from typing import Any

import pytest

from core.models import Download, NewMediaFile, Progress, Settlement, Status
from tests.cli.conftest import Ctl, Given, Play

HOSTILE = "red \x1b[31m [bold]not bold[/] :smile: \u202etxt.exe"


async def _moving(given: Given) -> Download:
    claim = await given.claimed()
    await given.downloader.move(claim, Status.DOWNLOADING, title="Big Buck Bunny", file_size=377_487_360)
    progress = Progress(
        progress=62.5,
        downloaded_bytes=1,
        download_speed=4_300_000,
        eta_seconds=125,
        activity="downloading",
    )
    await given.downloader.write_progress([(claim, progress)])
    return claim


async def _failed(given: Given) -> None:
    claim = await given.claimed("https://example.com/private")
    error = {"error_kind": "LoginRequired", "error": "This media is private.", "failed_stage": "download"}
    await given.downloader.settle(claim, Settlement(Status.FAILED, error))


async def _delivered(given: Given) -> None:
    claim = await given.claimed(user_id=77, user_name="Anna \x1b[31m[bold]")
    file = NewMediaFile(
        path="/files/a.mp4",
        kind="video",
        mime_type="video/mp4",
        bytes=1536,
        sha256="00",
        duration_seconds=61,
        width=640,
        height=360,
    )
    await given.downloader.settle(claim, Settlement(Status.DOWNLOADED, {"file_path": "/files"}), files=[file])


def test_an_empty_queue_says_so(ctl: Ctl) -> None:
    done = ctl("list")
    assert done.out.strip() == "Nothing to show. In all: no downloads yet."
    assert done.err == ""


def test_a_moving_download_shows_how_far_it_is(ctl: Ctl, play: Play[Any]) -> None:
    play(_moving)
    out = ctl("list").out
    for told in ("downloading", "Big Buck Bunny", "360 MiB", "62 %, 4.1 MiB/s, 2 min 05 s left", "1 downloading"):
        assert told in out


def test_it_fits_into_80_columns_and_has_no_control_codes(ctl: Ctl, play: Play[Any]) -> None:
    async def script(given: Given) -> None:
        await _moving(given)
        await given.row("https://example.com/" + "x" * 300)

    play(script)
    for arguments in (("list",), ("show", 2), ("doctor",), ("--help",), ("add", "--help"), ("db", "--help")):
        out = ctl(*arguments).out
        assert "\x1b" not in out
        assert max(len(line.rstrip()) for line in out.splitlines()) <= 80


def test_what_is_over_is_listed_when_asked_for(ctl: Ctl, play: Play[Any]) -> None:
    play(_failed)
    assert "private" not in ctl("list").out
    for arguments in (("--all",), ("--status", "failed")):
        assert "This media is private." in ctl("list", *arguments).out
    assert ctl("list", "--status", "uploaded", "--json").json == []


def test_the_limit_is_obeyed(ctl: Ctl, play: Play[Any]) -> None:
    async def script(given: Given) -> None:
        for number in range(3):
            await given.row(f"https://a.example/{number}")

    play(script)
    assert [row["id"] for row in ctl("list", "--all", "--limit", 2, "--json").json] == [3, 2]
    assert [row["id"] for row in ctl("list", "--limit", 2, "--json").json] == [1, 2]


def test_a_retry_that_waits_says_for_how_long_and_why(ctl: Ctl, play: Play[Any]) -> None:
    async def script(given: Given) -> None:
        claim = await given.claimed()
        values = {"available_at": "2100-01-01 00:00:00", "error": "The server does not answer."}
        await given.downloader.settle(claim, Settlement(Status.PENDING, values))

    play(script)
    assert "tries again in" in ctl("list", COLUMNS="120").out
    assert "The server does not answer." in ctl("list").out


def test_json_has_raw_numbers_and_times_as_stored(ctl: Ctl, play: Play[Any]) -> None:
    claim = play(_moving)
    (row,) = ctl("list", "--json").json
    assert (row["download_speed"], row["eta_seconds"], row["progress"]) == (4_300_000, 125, 62.5)
    assert row["added_at"] == claim.added_at


def test_show_tells_files_history_and_error(ctl: Ctl, play: Play[Any]) -> None:
    play(_delivered)
    play(_failed)
    out = ctl("show", 1).out
    for told in ("/files/a.mp4", "video/mp4, 640x360, 1 min 01 s", "1.5 KiB", "pending: asked", "downloaded"):
        assert told in out
    assert "member 77 (Anna \ufffd[31m[bold])" in out
    assert "(LoginRequired in the download stage)" in " ".join(ctl("show", 2).out.split())


def test_show_as_json_is_one_object(ctl: Ctl, play: Play[Any]) -> None:
    play(_delivered)
    shown = ctl("show", 1, "--json").json
    assert (shown["id"], shown["status"], shown["user_name"]) == (1, "downloaded", "Anna \x1b[31m[bold]")
    assert [(file["path"], file["bytes"]) for file in shown["files"]] == [("/files/a.mp4", 1536)]
    assert [event["moved_to"] for event in shown["history"]] == ["pending", "extracting", "downloaded"]


@pytest.mark.parametrize("arguments", [("show", 9), ("show", 9, "--json"), ("watch", 9)])
def test_a_number_that_is_not_there_is_an_error(ctl: Ctl, arguments: tuple[object, ...]) -> None:
    done = ctl(*arguments)
    assert (done.status, done.out) == (1, "")
    assert done.err == "error: There is no download #9. `bossbotctl list --all` shows all of them.\n"


def test_a_hostile_title_can_not_steer_the_terminal(ctl: Ctl, play: Play[Any]) -> None:
    async def script(given: Given) -> None:
        claim = await given.claimed()
        await given.downloader.move(claim, Status.DOWNLOADING, title=HOSTILE)

    play(script)
    for arguments in (("list",), ("show", 1)):
        out = ctl(*arguments, COLUMNS="120").out
        assert "red \ufffd[31m [bold]not bold[/] :smile: \ufffdtxt.exe" in out
    (row,) = ctl("list", "--json").json
    assert row["title"] == HOSTILE
