"""The upload stage's plan in words."""

import json
from typing import Any

import pytest

from cli.plans import plan_in_words
from tests.cli.conftest import Ctl, Given, Play

AS_IS = {"name": "a.jpg", "bytes": 1000, "step": "as is", "says": "", "parts": 1, "predicted_bytes": 1000}
FILM = {"name": "film.mkv", "bytes": 31_000_000, "step": "compress", "says": "720p", "predicted_bytes": 9_600_000}
LONG = {"name": "long.mkv", "bytes": 99_000_000, "step": "split", "says": "", "parts": 3, "predicted_bytes": 9_000_000}
BOOK = {"name": "book.pdf", "bytes": 40_000_000, "step": "keep"}


def test_a_plan_names_what_is_not_sent_as_it_is() -> None:
    plan = {"limit": 10 * 1024 * 1024, "messages": 2, "files": [AS_IS, FILM, LONG, BOOK]}
    assert plan_in_words(plan) == [
        "2 messages, at most 10.0 MiB a file",
        "film.mkv (29.6 MiB): compress, 720p, 9.2 MiB",
        "long.mkv (94.4 MiB): split, 3 x 8.6 MiB",
        "book.pdf (38.1 MiB): can't be made to fit",
    ]


def test_a_plan_without_work_is_one_line() -> None:
    assert plan_in_words({"limit": 1024, "messages": 1, "files": [AS_IS]}) == [
        "1 message, at most 1.0 KiB a file, all as they are"
    ]


def test_a_long_plan_is_cut_short() -> None:
    assert plan_in_words({"limit": 1024, "messages": 1, "files": [FILM] * 20})[-1] == "and 12 more"


@pytest.mark.parametrize("written", [{}, {"limit": "much"}, {"limit": 1, "messages": 1, "files": [7]}])
def test_no_plan_and_nonsense_say_nothing(written: dict[str, Any]) -> None:
    assert plan_in_words(written) == []


async def _planned(given: Given) -> None:
    claim = await given.claimed()
    plan = {"limit": 10 * 1024 * 1024, "messages": 1, "files": [FILM]}
    await given.downloader.write(claim, upload_plan=json.dumps(plan))


def test_show_prints_the_plan(ctl: Ctl, play: Play[Any]) -> None:
    play(_planned)
    lines = [line.strip() for line in ctl("show", 1).out.splitlines()]
    told = next(number for number, line in enumerate(lines) if line.startswith("Plan"))
    assert lines[told].endswith("1 message, at most 10.0 MiB a file")
    assert lines[told + 1] == "film.mkv (29.6 MiB): compress, 720p, 9.2 MiB"
