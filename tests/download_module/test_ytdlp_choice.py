"""Which formats are chosen. Formats are listed worst first, as yt-dlp sorts them."""

from typing import Any

import pytest

from download_module.extractors.ytdlp_choice import Wanted, carried_height, choose, is_fetchable

MIB = 1024 * 1024
MINUTE = 60.0


def both(name: str, height: int | None = None, **more: Any) -> dict[str, Any]:
    """A format with picture and sound, H.264 and AAC in MP4 over https unless said otherwise."""
    plain = {"protocol": "https", "ext": "mp4", "vcodec": "avc1.64001f", "acodec": "mp4a.40.2"}
    width = height * 16 // 9 if height else None
    return plain | {"format_id": name, "url": f"https://site.test/{name}", "height": height, "width": width} | more


def picture(name: str, height: int, **more: Any) -> dict[str, Any]:
    return both(name, height, acodec="none", **more)


def sound(name: str, **more: Any) -> dict[str, Any]:
    given: dict[str, Any] = {"ext": "m4a", "vcodec": "none", "abr": 128} | more
    return both(name, **given)


def names(formats: list[dict[str, Any]], duration: float | None = MINUTE, **wanted: Any) -> list[str]:
    return [each["format_id"] for each in choose(formats, Wanted(**wanted), duration)]


YOUTUBE = [
    sound("139", filesize=MIB // 4, abr=48),
    sound("251", ext="webm", acodec="opus", filesize=MIB, abr=130),
    sound("140", filesize=MIB, abr=129),
    both("18", 360, filesize=4 * MIB),
    picture("160", 144, filesize=MIB),
    picture("134", 360, filesize=3 * MIB),
    picture("244", 480, filesize=4 * MIB, ext="webm", vcodec="vp9"),
    picture("135", 480, filesize=5 * MIB),
    picture("136", 720, filesize=9 * MIB),
    picture("248", 1080, filesize=15 * MIB, ext="webm", vcodec="vp9"),
    picture("137", 1080, filesize=20 * MIB),
    picture("401", 2160, filesize=80 * MIB, vcodec="av01.0.12M.08"),
]


@pytest.mark.parametrize(
    ("wanted", "chosen"),
    [
        ({}, ["401", "140"]),
        ({"max_height": 1080}, ["137", "140"]),
        ({"max_height": 600}, ["135", "140"]),
        ({"max_height": 100}, ["160", "140"]),
        ({"smallest": True}, ["160", "139"]),
        ({"limit_bytes": 1000 * MIB}, ["401", "140"]),
        ({"limit_bytes": 25 * MIB}, ["137", "140"]),
        ({"limit_bytes": 20 * MIB}, ["248", "140"]),
        ({"limit_bytes": 12 * MIB}, ["136", "140"]),
        ({"limit_bytes": 12 * MIB, "max_height": 480}, ["135", "140"]),
        ({"limit_bytes": 5 * MIB}, ["244", "139"]),
        ({"limit_bytes": 17 * MIB // 4}, ["134", "140"]),
        ({"limit_bytes": 3 * MIB // 2}, ["160", "139"]),
        ({"audio": True}, ["140"]),
        ({"audio": True, "limit_bytes": MIB // 2}, ["139"]),
    ],
    ids=str,
)
def test_the_best_that_fits_is_chosen(wanted: dict[str, Any], chosen: list[str]) -> None:
    assert names(YOUTUBE, **wanted) == chosen


@pytest.mark.parametrize(
    ("limit", "seconds", "chosen"),
    [
        (MIB, 60.0, "360"),  # 140 kbit/s: nearly all of it sound
        (10 * MIB, 600.0, "360"),
        (10 * MIB, 60.0, "720"),
        (40 * MIB, 60.0, "2160"),  # 5.6 Mbit/s carry about 1400 lines, and 1080 lines have lost some of them
        (10 * MIB, None, "720"),
    ],
)
def test_where_nothing_fits_it_is_what_compression_loses_least_of(
    limit: int, seconds: float | None, chosen: str
) -> None:
    heights = (360, 480, 720, 1080, 2160)
    formats = [both(str(height), height, filesize=(height + 1) * MIB) for height in heights]
    assert names(formats, seconds, limit_bytes=limit) == [chosen]


def test_4k_is_not_fetched_to_make_480p_of_it() -> None:
    formats = [both("360", 360, filesize=50 * MIB), both("2160", 2160, filesize=900 * MIB)]
    assert 400 < carried_height(10 * MIB * 8 / 120 - 96_000) < 560
    assert names(formats, 120.0, limit_bytes=10 * MIB) == ["360"]


def test_what_is_cheap_to_decode_is_compressed() -> None:
    formats = [both("avc", 720, tbr=9000), both("av1", 720, tbr=9000, vcodec="av01.0.05M.08")]
    assert names(formats, limit_bytes=MIB) == ["avc"]


@pytest.mark.parametrize(
    ("size", "fits"),
    [
        ({"filesize": 10 * MIB}, True),
        ({"filesize": 10 * MIB + 1}, False),
        ({"filesize_approx": 10 * MIB}, False),
        ({"filesize_approx": 9 * MIB}, True),
        ({"tbr": 1250.0}, True),  # 9.4 of 10.5 million bytes
        ({"tbr": 1400.0}, False),
        ({}, False),
    ],
    ids=str,
)
def test_an_exact_size_may_fill_the_limit_and_an_estimate_may_not(size: dict[str, Any], fits: bool) -> None:
    formats = [both("small", 144, filesize=MIB), both("large", 720, **size)]
    assert names(formats, limit_bytes=10 * MIB) == ["large" if fits else "small"]


def test_of_a_clip_only_its_own_length_has_to_fit() -> None:
    formats = [both("small", 360, tbr=500), both("large", 1080, tbr=5000, filesize=375 * MIB)]
    assert names(formats, 600.0, limit_bytes=10 * MIB) == ["small"]
    assert names(formats, 600.0, limit_bytes=10 * MIB, clip=True, seconds=10.0) == ["large"]


@pytest.mark.parametrize(
    ("worse", "better"),
    [
        pytest.param({"ext": "webm", "vcodec": "vp9", "acodec": "opus"}, {}, id="plays inline"),
        pytest.param({"protocol": "m3u8_native"}, {}, id="plain before segments"),
        pytest.param({"fps": 30}, {"fps": 60}, id="smoother"),
        pytest.param({"preference": -10}, {}, id="the extractor's own word"),
        pytest.param({"quality": 1}, {"quality": 2}, id="the extractor's own scale"),
        pytest.param({"language_preference": -1}, {"language_preference": 10}, id="original language"),
        pytest.param({"source_preference": -2}, {}, id="no description for the blind"),
    ],
)
def test_of_equal_heights_the_better_is_chosen(worse: dict[str, Any], better: dict[str, Any]) -> None:
    formats = [both("better", 720, **better), both("worse", 720, **worse)]
    assert names(formats) == ["better"]


def test_of_equals_it_is_the_one_that_yt_dlp_has_last() -> None:
    assert names([both("first", 720), both("second", 720)]) == ["second"]


def test_a_clip_is_taken_from_what_is_easily_cut() -> None:
    formats = [both("mp4", vcodec=None, acodec=None, ext="mp4"), both("ogv", vcodec=None, acodec=None, ext="mov")]
    assert names(formats) == ["ogv"]
    assert names(formats, clip=True) == ["mp4"]


def test_an_upright_video_is_named_by_its_shorter_side() -> None:
    formats = [both("720p", 1280, width=720), both("1080p", 1920, width=1080)]
    assert names(formats, max_height=720) == ["720p"]


@pytest.mark.parametrize(
    ("formats", "wanted", "chosen"),
    [
        ([sound("a")], {}, ["a"]),
        ([picture("v", 360)], {}, ["v"]),
        ([picture("v", 360), sound("a")], {}, ["v", "a"]),
        ([both("b", 360), picture("v", 720)], {}, ["b"]),  # sound before sharpness
        ([both("b", 360), both("c", 720)], {"audio": True}, ["b"]),  # the least picture to throw away
        ([both("unknown"), both("b", 1080)], {"max_height": 480}, ["unknown"]),
        ([picture("v", 360), sound("faint", abr=32), sound("a")], {"limit_bytes": 1}, ["v", "a"]),
        ([both("b", 360, protocol="m3u8_native"), both("c", 720)], {"live": True}, ["b"]),
        ([], {}, []),
    ],
    ids=str,
)
def test_what_there_is_decides(formats: list[dict[str, Any]], wanted: dict[str, Any], chosen: list[str]) -> None:
    assert names(formats, **wanted) == chosen


@pytest.mark.parametrize(
    "odd",
    [
        *({"protocol": protocol} for protocol in ("rtmp", "ism", "f4m", "websocket_frag", "mhtml", "ftps", None)),
        {"has_drm": True},
        {"hls_aes": {"key": "00"}, "protocol": "m3u8_native"},
        {"request_data": b"x"},
        {"vcodec": "none", "acodec": "none"},
        {"ext": "mhtml"},
    ],
    ids=str,
)
def test_what_can_not_be_fetched_is_not_chosen(odd: dict[str, Any]) -> None:
    assert not is_fetchable(both("odd", 720, **odd))
    assert names([both("plain", 144), both("odd", 720, **odd)]) == ["plain"]
    assert names([both("odd", 720, **odd)]) == []
