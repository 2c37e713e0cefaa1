"""Which subtitles are chosen."""

from typing import Any

import pytest

from download_module.extractors.ytdlp_subtitles import choose_subtitles


def files(*endings: str, **more: Any) -> list[dict[str, Any]]:
    return [{"ext": ending, "url": f"https://site.test/{ending}"} | more for ending in endings]


MANUAL = {"en-US": files("vtt"), "de": files("ttml", "srt", "vtt"), "live_chat": files("json")}
AUTOMATIC = {"en-orig": files("vtt"), "en": files("vtt"), "fr": files("vtt")}


@pytest.mark.parametrize(
    ("wish", "manual", "automatic", "chosen"),
    [
        ("de", MANUAL, AUTOMATIC, [("de", "srt")]),
        ("en,de", MANUAL, AUTOMATIC, [("en-US", "vtt"), ("de", "srt")]),
        (" DE ,de", MANUAL, AUTOMATIC, [("de", "srt")]),
        ("fr,de", MANUAL, AUTOMATIC, [("de", "srt")]),  # no machine's words beside a person's
        ("fr", MANUAL, AUTOMATIC, [("fr", "vtt")]),
        ("fr", {}, AUTOMATIC, [("fr", "vtt")]),
        ("all", MANUAL, AUTOMATIC, [("en-US", "vtt"), ("de", "srt")]),
        ("all", {}, AUTOMATIC, [("en-orig", "vtt")]),  # not its translations by a machine
        ("all", {}, {"en": files("vtt"), "fr": files("vtt")}, [("en", "vtt")]),
        ("live_chat", MANUAL, {}, []),
        ("xx", MANUAL, AUTOMATIC, []),
        ("en", {"en": files("vtt", protocol="m3u8_native")}, {}, []),
        ("en", {"en": [{"ext": "srt", "url": "file:///etc/passwd"}]}, {}, []),
        ("en", {"en": [{"ext": "srt", "data": "1"}]}, {}, [("en", "srt")]),
    ],
    ids=str,
)
def test_languages_are_matched(wish: str, manual: Any, automatic: Any, chosen: list[tuple[str, str]]) -> None:
    found = choose_subtitles(wish, manual, automatic, "en")
    assert [(language, file["ext"]) for language, file in found] == chosen


def test_there_is_an_end_to_all() -> None:
    many = {f"x{number}": files("vtt") for number in range(100)}
    assert len(choose_subtitles("all", many, {}, None)) == 20
