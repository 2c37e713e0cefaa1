"""Which entries of a list are asked for, and what becomes a child."""

from typing import Any

import pytest

from core.options import parse_options
from download_module.extractors.ytdlp_playlists import become_children, count_of, items_of

URL = {"_type": "url", "url": "https://site.test/1"}
VIDEO = {"id": "1", "url": "https://site.test/1.mp4"}


@pytest.mark.parametrize(
    ("items", "cap", "asked", "count"),
    [
        (None, 100, "1:100", 100),
        (None, 3, "1:3", 3),
        ("1-5,8", 100, "1:5,8:8", 6),
        ("5-", 10, "5:14", 10),
        ("5-7,999-", 5, "5:7,999:1000", 5),
        ("1-50,60-70", 50, "1:50", 50),
    ],
)
def test_no_more_entries_are_asked_for_than_the_cap(items: str | None, cap: int, asked: str, count: int) -> None:
    given = items_of(parse_options({"items": items}), cap)
    assert (given, count_of(given)) == (asked, count)


@pytest.mark.parametrize(
    ("kind", "entries", "children"),
    [
        ("playlist", [URL, URL], True),
        ("playlist", [URL], False),
        ("playlist", [VIDEO, VIDEO], False),
        ("playlist", [VIDEO, URL], False),
        ("multi_video", [URL, URL], False),
        ("playlist", [], False),
    ],
)
def test_entries_that_are_elsewhere_become_children(kind: str, entries: list[dict[str, Any]], children: bool) -> None:
    assert become_children(kind, entries) is children
