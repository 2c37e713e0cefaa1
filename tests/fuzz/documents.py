"""Documents that describe media: torrents, metalinks, playlists."""

import contextlib
import itertools
import json
import math
import re
from typing import Any

from core.errors import DrmProtected, MediaNotFound, TooLarge
from download_module.extractors import metalink
from download_module.extractors.base_extractor import ANYTHING
from download_module.extractors.media_playlist import MAX_SEGMENTS
from download_module.extractors.segments import SegmentedStream, clipped, dash_track, hls_track, parts_of, ranges_of
from download_module.extractors.torrent_extractor import MAX_FILES, TorrentExtractor, _damaged, _read
from tests.fuzz.links import Anywhere
from tests.fuzz.what_holds import at_once, is_a_sound_output, is_a_sound_part, is_a_time

HOME = "https://site.example/stream/list.m3u8?token=1"
HEADERS = (("User-Agent", "x"), ("Cookie", "secret=1"), ("Authorization", "secret"))


def torrents(data: bytes) -> None:
    """A .torrent file."""
    try:
        with _damaged("damaged"):
            torrent = _read(data)
            plan = at_once(
                TorrentExtractor(Anywhere([]))._torrent_file("https://a.example/x.torrent", torrent, ANYTHING)
            )
    except (MediaNotFound, TooLarge):
        return
    (output,) = plan.outputs
    is_a_sound_output(output)
    (part,) = output.parts
    info: Any = torrent.metainfo["info"]
    files = info.get("files") or [info]
    assert 0 < len(files) <= MAX_FILES
    assert part.size is not None
    assert part.size <= sum(file["length"] for file in files)
    assert set(torrent.metainfo) <= {"info", "announce", "announce-list"}
    for path in [[info["name"]], *(file["path"] for file in files if "path" in file)]:
        for name in (each.decode("latin-1") if isinstance(each, bytes) else str(each) for each in path):
            assert name not in ("", ".", "..")
            assert not re.search(r"[/\\\x00-\x1f]", name)


def metalinks(data: bytes) -> None:
    """A metalink."""
    try:
        outputs = metalink.outputs_of(data)
    except (MediaNotFound, TooLarge):
        return
    assert 0 < len(outputs) <= metalink.MAX_FILES
    for output in outputs:
        is_a_sound_output(output, metalink.SCHEMES)
        assert len(output.parts[0].uris) <= metalink.MAX_MIRRORS


def playlists(data: bytes) -> None:
    """A media playlist of HLS."""
    try:
        stream = hls_track(data.decode(errors="replace"), HOME, headers=HEADERS, identity="x")
    except (MediaNotFound, TooLarge, DrmProtected):
        return
    _is_sound(stream)
    for part in stream.parts:
        at_home = part.uris and part.uris[0].startswith("https://site.example/")
        assert at_home or not any(value.startswith("secret") for _, value in part.headers)


def fragments(data: bytes) -> None:
    """Fragments of DASH, as yt-dlp gives them: a list of JSON."""
    try:
        said = json.loads(data)
    except (ValueError, RecursionError):
        return
    if not isinstance(said, list) or not all(isinstance(one, dict) for one in said):
        return
    with contextlib.suppress(MediaNotFound, TooLarge):
        _is_sound(dash_track(said, "https://site.example/v/"))


def _is_sound(stream: SegmentedStream) -> None:
    for part in stream.parts:
        is_a_sound_part(part)
    segments = stream.track.segments
    assert 0 < len(segments) <= MAX_SEGMENTS
    for segment in segments:
        is_a_time(segment.seconds)
        assert all(0 <= position < len(stream.parts) for position in parts_of(segment))
        assert (segment.key is None) == (segment.iv is None)
        assert segment.iv is None or re.fullmatch(r"0x[0-9a-f]{32}", segment.iv)
        for data in (segment.data, segment.init):
            assert data is None or (data.offset >= 0 and (data.length is None or data.length >= 0))
    for position in range(min(len(stream.parts), 20)):
        spans = ranges_of(stream.track, position)
        assert all(first <= end for first, end in spans)
        assert all(before[1] < after[0] for before, after in itertools.pairwise(spans))
    with contextlib.suppress(MediaNotFound):
        kept = clipped(stream, 2.0, 9.0)
        assert len(kept.track.segments) <= len(segments)
        assert math.isfinite(kept.track.start)
        assert all(0 <= position < len(kept.parts) for segment in kept.track.segments for position in parts_of(segment))
