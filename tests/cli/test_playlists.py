"""Playlists and their entries as `list`, `show`, `watch` and the requests tell of them."""

from typing import Any

from core.models import ChildRow, Settlement, Status
from tests.cli.conftest import Ctl, Given, Play

CHILDREN = tuple(ChildRow(f"https://a.example/{number}", f"Film {number}") for number in (1, 2, 3))
LIST, ONE, TWO, THREE, OTHER = range(1, 6)


async def _list(given: Given) -> None:
    """A list of three: the first is kept, the second failed, the third waits; and something else."""
    claim = await given.claimed("https://a.example/list", upload=False)
    values = {"title": "My list", "activity": "3 downloads"}
    await given.downloader.settle(claim, Settlement(Status.DOWNLOADED, values), children=CHILDREN)
    for settlement in (
        Settlement(Status.DOWNLOADED, {"author": "Somebody", "duration_seconds": 61, "site": "vimeo", "media_id": "7"}),
        Settlement(Status.FAILED, {"error": "This media is private.", "error_kind": "LoginRequired"}),
    ):
        entry = await given.downloader.claim()
        assert entry is not None
        await given.downloader.settle(entry, settlement)
    await given.row("https://a.example/other")


def _lines(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines()]


def test_a_list_stands_above_its_entries(ctl: Ctl, play: Play[Any]) -> None:
    play(_list)
    lines = _lines(ctl("list").out)
    rows = [line for line in lines if line.startswith(("1 ", "4 ", "5 ")) and line != "1 failed"]
    assert rows[0].startswith("1 1/3 done My list")
    assert rows[1].startswith("4 pending ↳ Film 3")
    assert rows[2].startswith("5 pending https://a.example/other")
    assert "1 failed" in lines
    assert not any("Film 1" in line for line in lines), "that one is over"


def test_all_of_them_are_listed_together_although_something_else_is_newer(ctl: Ctl, play: Play[Any]) -> None:
    play(_list)
    lines = _lines(ctl("list", "--all").out)
    numbers = [line.split()[0] for line in lines if line[:1].isdigit() and line != "1 failed"]
    assert numbers == ["5", "1", "4", "3", "2"]
    assert len(ctl("list", "--all", "--json").json) == 5


def test_show_tells_of_the_list_and_of_the_entry(ctl: Ctl, play: Play[Any]) -> None:
    play(_list)
    lines = _lines(ctl("show", LIST).out)
    assert "State 1/3 done" in lines
    assert "Note 1 failed" in lines
    assert any(line.startswith("3 failed ↳ Film 2") for line in lines)
    assert any(line.endswith("downloaded: 3 downloads added") for line in lines)
    entry = _lines(ctl("show", ONE).out)
    for told in ("Part of #1", "By Somebody", "Length 1 min 01 s", "Media vimeo 7"):
        assert told in entry
    assert [one["id"] for one in ctl("show", "--json", LIST).json["entries"]] == [ONE, TWO, THREE]


def test_requests_about_the_list_say_what_became_of_it(ctl: Ctl, play: Play[Any]) -> None:
    play(_list)
    assert ctl("pause", LIST).out == "#1 pause asked: My list\n"
    assert ctl("pause", LIST).out == "#1 nothing to pause: 1/3 done\n"
    assert ctl("prioritize", "high", LIST).status == 0
    assert [row["priority"] for row in ctl("list", "--json").json if row["id"] == THREE] == [1]
    assert ctl("resume", LIST).status == 0
    assert ctl("resume", LIST).out == "#1 nothing to resume: it is not paused\n"
    assert ctl("retry", LIST).status == 0
    assert ctl("cancel", LIST).status == 0


def test_watching_a_list_ends_with_its_last_entry(ctl: Ctl, play: Play[Any]) -> None:
    async def over(given: Given) -> None:
        await _list(given)
        entry = await given.downloader.claim()
        assert entry is not None
        await given.downloader.settle(entry, Settlement(Status.DOWNLOADED))

    play(over)
    done = ctl("watch", LIST)
    assert done.status == 1, "one failed"
    assert "#1 2/3 done (1 failed): My list" in done.out
    assert "#3 failed (This media is private.): Film 2" in done.out


def test_why_a_row_waits_for_its_site_is_told(ctl: Ctl, play: Play[Any]) -> None:
    async def busy(given: Given) -> None:
        claim = await given.claimed()
        told = {"available_at": "2999-01-01 00:00:00", "activity": "waits: 2 downloads are running from youtube"}
        await given.downloader.settle(claim, Settlement(Status.PENDING, told))

    play(busy)
    assert "waits: 2 downloads are running from youtube" in _lines(ctl("list").out)
