"""What a member may choose from, as the site offers it."""

from typing import Any

import pytest

from download_module.extractors.ytdlp_answers import Entry, Stream
from download_module.extractors.ytdlp_renditions import NO_CHOICE, renditions_of

OFFERED: list[dict[str, Any]] = [
    {"format_id": "a", "height": None, "tbr": 128.0},
    {"format_id": "b", "width": 640, "height": 360, "tbr": 500.0},
    {"format_id": "c", "width": 1280, "height": 720, "tbr": 1500.0},
    {"format_id": "d", "width": 1080, "height": 1920, "tbr": "fast"},
]


def an_entry(*streams: dict[str, Any], duration: float | None = 80.0) -> Entry:
    made = [Stream(url="https://site.test/a", **stream) for stream in streams]
    return Entry(duration=duration, offered=OFFERED, streams=made)


@pytest.mark.parametrize(
    ("streams", "duration", "height", "estimate"),
    [
        ([{"format_id": "c", "width": 1280, "height": 720, "filesize": 1000}], 80.0, 720, 1000),
        ([{"format_id": "c", "width": 1280, "height": 720}, {"format_id": "a"}], 80.0, 720, 15_000_000 + 1_280_000),
        ([{"format_id": "d", "width": 1080, "height": 1920}], 80.0, 1080, None),
        ([{"format_id": "c", "height": 720}], None, 720, None),
        ([{"format_id": "a"}], 8.0, None, 128_000),
        ([], 80.0, None, None),
    ],
)
def test_height_and_size_of_what_is_fetched(
    streams: list[dict[str, Any]], duration: float | None, height: int | None, estimate: int | None
) -> None:
    found = renditions_of(an_entry(*streams, duration=duration))
    assert (found["height"], found["estimate"]) == (height, estimate)


def test_the_heights_that_are_offered_are_those_of_the_shorter_side() -> None:
    assert renditions_of(an_entry())["heights"] == (1080, 720, 360)
    assert renditions_of(Entry()) == NO_CHOICE
