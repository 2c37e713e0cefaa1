"""What is fetched of the formats that were chosen, with a network that answers what a test says."""

import time
from collections.abc import Mapping
from typing import Any

import pytest

from download_module.extractors.ytdlp_asked import Asked
from download_module.extractors.ytdlp_streams import NotServed, Unfetchable, streams_of

SITE = "https://site.test"
PLAYLIST = "#EXTM3U\n#EXTINF:1,\na.ts\n#EXTINF:1,\nhttps://cdn.test/b.ts\n"


class Answers:
    """A network that serves what it is given, and remembers what was asked."""

    def __init__(self, texts: Mapping[str, str] | None = None, sizes: Mapping[str, int] | None = None) -> None:
        self.texts = texts or {}
        self.sizes = sizes or {}
        self.asked: list[str] = []

    def text(self, url: str, headers: Mapping[str, str]) -> tuple[str, str]:
        self.asked.append(url)
        if url not in self.texts:
            raise NotServed("gone", status=404)
        return f"{url}?final", self.texts[url]

    def size(self, url: str, headers: Mapping[str, str]) -> int | None:
        self.asked.append(url)
        if url not in self.sizes:
            raise NotServed("refused", status=403)
        return self.sizes[url]

    def cookie_header(self, url: str) -> str | None:
        return None if "cdn.test" in url else f"for={url}"


def format_(name: str, **more: Any) -> dict[str, Any]:
    plain = {"format_id": name, "url": f"{SITE}/{name}", "protocol": "https", "ext": "mp4", "height": 360}
    return plain | {"vcodec": "avc1", "acodec": "mp4a"} | more


def streams(network: Answers, *formats: dict[str, Any], url: str = SITE, **asked: Any) -> list[dict[str, Any]]:
    return streams_of(network, Asked(url=url, **asked), {"formats": list(formats), "duration": 10.0})


def test_a_playlist_is_fetched_with_its_final_address_and_a_cookie_for_each_host() -> None:
    network = Answers({f"{SITE}/v": PLAYLIST})
    (stream,) = streams(network, format_("v", protocol="m3u8_native"))
    assert (stream["playlist"], stream["playlist_url"]) == (PLAYLIST, f"{SITE}/v?final")
    assert stream["cookies"] == {"site.test": f"for={SITE}/v"}


def test_a_playlist_that_the_extractor_made_is_not_fetched() -> None:
    network = Answers()
    (stream,) = streams(network, format_("v", protocol="m3u8_native", hls_media_playlist_data=PLAYLIST))
    assert (stream["playlist"], network.asked) == (PLAYLIST, [])


@pytest.mark.parametrize("text", ["<html>", ""])
def test_what_is_no_playlist_is_refused(text: str) -> None:
    with pytest.raises(NotServed):
        streams(Answers({f"{SITE}/v": text}), format_("v", protocol="m3u8_native"))


def test_a_format_that_needs_a_test_is_tested_and_left_out_when_it_is_refused() -> None:
    doubtful = format_("doubtful", height=720, __needs_testing=True)
    assert streams(Answers(), format_("sure"), doubtful)[0]["format_id"] == "sure"
    good = Answers(sizes={f"{SITE}/doubtful": 7})
    assert streams(good, format_("sure"), doubtful)[0]["format_id"] == "doubtful"


def test_only_kinds_that_can_not_be_fetched_is_said() -> None:
    with pytest.raises(Unfetchable, match="f4m, rtmp"):
        streams(Answers(), format_("a", protocol="rtmp"), format_("b", protocol="f4m"))


def test_a_format_that_is_there_only_in_a_moment_is_waited_for() -> None:
    began = time.time()
    streams(Answers(), format_("v", available_at=began + 0.3))
    assert time.time() >= began + 0.3
    streams(Answers(), format_("v", available_at=time.time() + 86_400))  # not that long


@pytest.mark.parametrize(
    ("said", "page", "impersonates", "impersonate"),
    [
        ({}, SITE, False, None),
        ({"impersonate": "firefox"}, SITE, False, "firefox"),
        ({}, SITE, True, "chrome"),
        ({}, "https://other.test", True, None),
    ],
)
def test_a_browsers_handshake_is_used_where_the_site_wants_it(
    said: dict[str, Any], page: str, impersonates: bool, impersonate: str | None
) -> None:
    (stream,) = streams(Answers(), format_("v", **said), url=page, impersonates=impersonates)
    assert stream["impersonate"] == impersonate


def test_the_servers_pace_is_kept() -> None:
    (stream,) = streams(Answers(), format_("v", downloader_options={"http_chunk_size": 10_485_760}))
    assert stream["chunk"] == 10_485_760
