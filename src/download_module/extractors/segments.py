"""Streams in pieces, of HLS or DASH, as parts and tracks of a plan. No network."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from core.errors import MediaNotFound, TooLarge
from download_module.extractors.media_playlist import MAX_SEGMENTS, UNREADABLE, absolute, read_playlist
from download_module.extractors.part_book import Headers, PartBook
from download_module.plan import Part, Segment, Slice, Track

NO_SEGMENTS = "This stream has no segments."


@dataclass(frozen=True, slots=True)
class SegmentedStream:
    """One track and the parts that its slices point into."""

    parts: tuple[Part, ...]
    track: Track

    @property
    def seconds(self) -> float:
        """How long it is, as its manifest says."""
        return sum(segment.seconds for segment in self.track.segments)


def hls_track(text: str, url: str, *, headers: Headers = (), identity: str | None = None) -> SegmentedStream:
    """The stream of a media playlist of HLS.

    Args:
        text: the playlist.
        url: where it was fetched from, after redirects.
        headers: sent for each part; cookies and authorization only to the playlist's own host.
        identity: what the media is, wherever it is fetched from ("youtube abc 137"); None: nothing is continued.

    Raises:
        MediaNotFound: it is no media playlist, is empty, or names what can't be fetched.
        DrmProtected: the segments are protected by more than a key that is handed out.
        TooLarge: more than `MAX_SEGMENTS` segments.
    """
    pieces = read_playlist(text, url).pieces
    if not pieces:
        raise MediaNotFound(NO_SEGMENTS)
    book = PartBook(url, headers=headers, identity=identity)
    segments = tuple(book.segment(piece) for piece in pieces)
    return SegmentedStream(book.parts, Track(segments=segments))


def dash_track(
    fragments: Sequence[Mapping[str, Any]],
    base_url: str | None,
    *,
    headers: Headers = (),
    identity: str | None = None,
) -> SegmentedStream:
    """The stream of a DASH representation.

    Args:
        fragments: as yt-dlp gives them: `url`, or `path` below `base_url`, and `duration` in seconds; one that lacks
            `duration` altogether, where others have it, initializes those that follow (one for each period).
        base_url: yt-dlp's `fragment_base_url`.
        headers: sent for each part.
        identity: see `hls_track`.

    Raises:
        MediaNotFound: there are no fragments, or they name what can't be fetched.
        TooLarge: more than `MAX_SEGMENTS` fragments.
    """
    if len(fragments) > MAX_SEGMENTS:
        raise TooLarge(f"This stream has more than {MAX_SEGMENTS:,} segments: this bot fetches shorter ones.")
    book = PartBook(base_url or "", headers=headers, identity=identity)
    timed = any("duration" in fragment for fragment in fragments)
    segments: list[Segment] = []
    init: Slice | None = None
    begins = False
    for fragment in fragments:
        data = Slice(part=book.add(_fragment_uri(fragment, base_url)))
        if timed and "duration" not in fragment:
            init, begins = data, bool(segments)
            continue
        segments.append(Segment(data=data, seconds=_duration(fragment), init=init, discontinuity=begins))
        begins = False
    if not segments:
        raise MediaNotFound(NO_SEGMENTS)
    return SegmentedStream(book.parts, Track(segments=tuple(segments)))


def whole_track(part: Part, seconds: float) -> SegmentedStream:
    """A plain file as a track of one segment, to be joined with others."""
    return SegmentedStream((part,), Track(segments=(Segment(data=Slice(part=0), seconds=seconds),)))


def join(streams: Sequence[SegmentedStream]) -> tuple[tuple[Part, ...], tuple[Track, ...]]:
    """Parts and tracks of an `Output` that has all of these streams."""
    parts: list[Part] = []
    tracks: list[Track] = []
    for stream in streams:
        tracks.append(_renumbered(stream.track, {i: i + len(parts) for i in range(len(stream.parts))}))
        parts += stream.parts
    return tuple(parts), tuple(tracks)


def clipped(stream: SegmentedStream, start: float, end: float | None) -> SegmentedStream:
    """Only the segments, and their parts, that the seconds from `start` to `end` of the whole stream need.

    `Track.start` says what was left out. The first segment begins at `start` or before it; it is for the assembler
    to cut exactly. A stream that tells no durations is kept whole.

    Raises:
        MediaNotFound: the stream ends before `start`.
    """
    kept: list[Segment] = []
    at = begins = stream.track.start
    for segment in stream.track.segments:
        if at + segment.seconds > start and (end is None or at < end):
            begins = begins if kept else at
            kept.append(segment)
        at += segment.seconds
    if at == stream.track.start:
        return stream
    if not kept:
        raise MediaNotFound("The clip begins after the end of the stream.")
    used = sorted({part for segment in kept for part in parts_of(segment)})
    track = Track(segments=tuple(kept), start=begins)
    numbers = {old: new for new, old in enumerate(used)}
    return SegmentedStream(tuple(stream.parts[old] for old in used), _renumbered(track, numbers))


def ranges_of(track: Track, part: int) -> tuple[tuple[int, int], ...]:
    """The (first, end) bytes of a part that a track needs, for `Part.ranges`; empty: all of them."""
    slices = [s for segment in track.segments for s in (segment.data, segment.init) if s is not None]
    spans = []
    for data in slices:
        if data.part == part:
            if data.length is None:
                return ()
            spans.append((data.offset, data.offset + data.length))
    merged: list[tuple[int, int]] = []
    for first, end in sorted(spans):
        if merged and first <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((first, end))
    return tuple(merged)


def _fragment_uri(fragment: Mapping[str, Any], base_url: str | None) -> str:
    uri = fragment.get("url") or fragment.get("path")
    if not isinstance(uri, str):
        raise MediaNotFound(UNREADABLE)
    return uri if uri.startswith("data:") else absolute(uri, base_url or "")


def _duration(fragment: Mapping[str, Any]) -> float:
    said = fragment.get("duration")
    return float(said) if isinstance(said, int | float) and 0 <= said < 1_000_000 else 0.0


def _renumbered(track: Track, numbers: Mapping[int, int]) -> Track:
    def moved(data: Slice | None) -> Slice | None:
        return replace(data, part=numbers[data.part]) if data is not None else None

    segments = tuple(
        replace(
            segment,
            data=replace(segment.data, part=numbers[segment.data.part]),
            init=moved(segment.init),
            init_key=numbers[segment.init_key] if segment.init_key is not None else None,
            key=numbers[segment.key] if segment.key is not None else None,
        )
        for segment in track.segments
    )
    return replace(track, segments=segments)


def parts_of(segment: Segment) -> Iterable[int]:
    """The parts that a segment needs."""
    yield segment.data.part
    if segment.init is not None:
        yield segment.init.part
    for key in (segment.init_key, segment.key):
        if key is not None:
            yield key
