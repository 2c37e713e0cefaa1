"""Indexes that were made to keep a reader busy."""

import struct
import time

import pytest

from core.errors import MediaNotFound, TooLarge
from download_module import ebml, mp4_index
from download_module.extractors.media_playlist import (
    MAX_LINES,
    MAX_SEGMENTS,
    MAX_TEXT,
    MAX_URI,
    absolute,
    read_playlist,
)
from download_module.range_reader import Unreadable

URL = "https://site.test/list.m3u8"
SECONDS = 30  # of CPU, on a busy machine; without bounds these take minutes


def test_a_movie_of_a_million_boxes_is_refused() -> None:
    with pytest.raises(Unreadable, match="more boxes"):
        mp4_index._kinds_of_children(struct.pack(">I4s", 8, b"free") * 1_000_000)


def test_an_index_of_a_million_elements_is_refused() -> None:
    nothing = b"\xec\x80" * 1_000_000
    with pytest.raises(Unreadable, match="more elements"):
        ebml.numbers(nothing)
    with pytest.raises(Unreadable, match="more elements"):
        list(ebml.children(nothing, 0xBB))


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n", "\v", "\f", "\x1c", "\x85", "\u2028"])
def test_a_playlist_of_very_many_lines_is_refused_whatever_ends_them(end: str) -> None:
    began = time.process_time()
    with pytest.raises(TooLarge):
        read_playlist("#EXTM3U" + end + ("#EXT-X-DISCONTINUITY" + end) * (MAX_LINES + 1), URL)
    assert time.process_time() - began < SECONDS


@pytest.mark.parametrize(
    "tag",
    [
        '#EXT-X-KEY:METHOD=AES-128,URI="k"\n',
        '#EXT-X-PART:DURATION=1,URI="a"\n',
        "#EXT-X-STREAM-INF:BANDWIDTH=1\na\n",
        "#" + "a=b," * 300 + "\n",
    ],
)
def test_the_largest_playlist_of_each_kind_of_tag_is_read_in_time(tag: str) -> None:
    count = min((MAX_LINES - 10) // tag.count("\n"), (MAX_TEXT - 100) // len(tag))
    began = time.process_time()
    with pytest.raises(MediaNotFound):
        read_playlist("#EXTM3U\n" + tag * count + "#EXTINF:1,\nfile:///etc/passwd\n", URL)
    assert time.process_time() - began < SECONDS


def test_the_longest_playlist_that_is_fetched_is_read_in_time() -> None:
    began = time.process_time()
    text = "#EXTM3U\n" + "".join(f"#EXTINF:1,\n{'x/' * 100}{number}.ts\n" for number in range(MAX_SEGMENTS))
    assert len(read_playlist(text, URL).pieces) == MAX_SEGMENTS
    assert time.process_time() - began < SECONDS


def test_an_address_longer_than_any_link_is_refused() -> None:
    with pytest.raises(MediaNotFound):
        absolute("x" * (MAX_URI + 1), URL)
