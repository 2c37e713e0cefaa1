"""Which bytes of a WebM or Matroska file hold a stretch of time, by its Cues (RFC 9559)."""

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from download_module import ebml
from download_module.byte_ranges import union
from download_module.needed import LEAST_HOLE, LEAST_WAY, TAIL, Needed, keep_free_behind
from download_module.range_reader import RemoteFile, Unreadable

EBML, SEGMENT, SEEK_HEAD, INFO, TRACKS, CUES, CLUSTER = (
    0x1A45DFA3,
    0x18538067,
    0x114D9B74,
    0x1549A966,
    0x1654AE6B,
    0x1C53BB6B,
    0x1F43B675,
)
SEEK, SEEK_ID, SEEK_POSITION = 0x4DBB, 0x53AB, 0x53AC
TIMESTAMP_SCALE, DURATION = 0x2AD7B1, 0x4489
TRACK_ENTRY, TRACK_NUMBER, TRACK_TYPE, VIDEO, AUDIO = 0xAE, 0xD7, 0x83, 1, 2
CUE_POINT, CUE_TIME, CUE_POSITIONS, CUE_TRACK, CUE_CLUSTER, CUE_RELATIVE = 0xBB, 0xB3, 0xB7, 0xF7, 0xF1, 0xF0
SIMPLE_BLOCK, BLOCK_GROUP, VOID = 0xA3, 0xA0, 0xEC
MAX_ELEMENTS = 64  # at the top of a segment before its first cluster, and in a cluster before its first block
MAX_CUES = 100_000
CLUSTER_HEAD, VOID_HEAD = 12, 9  # of those that are written here


@dataclass(frozen=True, slots=True, order=True)
class Cue:
    """A time from which the video can be decoded."""

    seconds: float
    cluster: int  # where the cluster begins
    relative: int  # where the block is, after the begin of the cluster's content; 0 when that is not told


@dataclass(frozen=True, slots=True, kw_only=True)
class _Index:
    tracks: frozenset[int]  # of video and sound
    media: int  # where the first cluster begins
    end: int  # where the last cluster ends
    cues: list[Cue]
    duration: float | None


async def needed_of_webm(file: RemoteFile, start: float, end: float | None) -> Needed:
    """What of a WebM or Matroska file has the seconds from `start` to `end`.

    Raises:
        Unreadable: there are no Cues, or they are not understood.
    """
    index = await _read_index(file)
    first = max((cue.cluster for cue in index.cues if cue.seconds <= start), default=index.media)
    last, behind = await _end_of(file, index, first, math.inf if end is None else end + TAIL * (len(index.tracks) > 1))
    before: tuple[tuple[int, bytes], ...] = ()
    if first > index.media:
        begin, before = await _way_over(file, index, first)
        first = first if before else begin
    if behind:
        await keep_free_behind(file, first, last)
    heads = [(offset, offset + len(data)) for offset, data in file.known]
    ranges = tuple(union([*heads, (first, last)]))
    return Needed(ranges=ranges, patches=(*before, *behind), duration=index.duration)


async def _end_of(file: RemoteFile, index: _Index, first: int, stop: float) -> tuple[int, list[tuple[int, bytes]]]:
    """Where the block is that is shown at `stop` or next, and what leads from there to the end of the media.

    Without that a reader that goes on behind the clip looks byte by byte for more: half a minute in a hole of 2 GiB.
    """
    cue = next((cue for cue in index.cues if cue.seconds >= stop and cue.cluster > first), None)
    if cue is None or index.end - cue.cluster - cue.relative < LEAST_HOLE:
        return index.end, []
    if not cue.relative:
        return cue.cluster, [(cue.cluster, _nothing(index.end - cue.cluster))]
    cluster = await ebml.element_at(file, cue.cluster, at_least=ebml.SMALL)
    last, over = cluster.body + cue.relative, cluster.end or index.end
    if cluster.kind != CLUSTER or not last + VOID_HEAD <= over <= index.end:
        raise Unreadable("a cue that leads nowhere")
    rest = [(over, _nothing(index.end - over))] if index.end - over >= LEAST_HOLE else []
    return last, [(last, _void(over - last)), *rest]


def _void(length: int) -> bytes:
    """The head of an element of that length that nobody reads."""
    return struct.pack(">BQ", VOID, 1 << 56 | length - VOID_HEAD)


def _nothing(length: int) -> bytes:
    """The head of a cluster of that length, without blocks."""
    return struct.pack(">IQ", CLUSTER, 1 << 56 | length - CLUSTER_HEAD) + _void(length - CLUSTER_HEAD)


async def _way_over(file: RemoteFile, index: _Index, first: int) -> tuple[int, tuple[tuple[int, bytes], ...]]:
    """Where the first blocks end, and a void element that leads from there to the cluster at `first`.

    The first block of each track stays, often without its content: it tells when the file begins, from which ffmpeg
    counts. Their cluster gets an unknown size, for the void element goes beyond it.
    """
    cluster = await ebml.element_at(file, index.media)
    at = cluster.body
    missing = set(index.tracks)
    for _ in range(MAX_ELEMENTS):
        if not missing or at == cluster.end:
            break
        block = await ebml.element_at(file, at, at_least=ebml.SMALL)
        if block.end is None or block.end > first:  # the next cluster
            break
        at = block.end
        if block.kind in (SIMPLE_BLOCK, BLOCK_GROUP):
            missing.discard(await _track_of(file, block))
    if cluster.kind != CLUSTER or missing == index.tracks:
        raise Unreadable("a cluster without a block")
    if first - at <= LEAST_WAY:
        return at, ()
    size_at = cluster.start + 4
    width = cluster.body - size_at
    unknown = ((1 << (7 * width + 1)) - 1).to_bytes(width, "big")
    return at, ((size_at, unknown), (at, _void(first - at)))


async def _track_of(file: RemoteFile, block: ebml.Element) -> int | None:
    at = block.body
    if block.kind == BLOCK_GROUP and block.end is not None:  # the block itself comes first in it, and more behind it
        await file.read(block.start, block.end)
        at = (await ebml.element_at(file, at, at_least=ebml.SMALL)).body
    return ebml.variable(await file.read(at, at + 8, at_least=ebml.SMALL), 0, marked=False)[0]


async def _read_index(file: RemoteFile) -> _Index:
    header = await ebml.element_at(file, 0)
    if header.kind != EBML or header.end is None:
        raise Unreadable("no EBML")
    segment = await ebml.element_at(file, header.end)
    if segment.kind != SEGMENT:
        raise Unreadable("no segment")
    found: dict[int, bytes] = {}
    at = segment.body
    cues_at = None
    for _ in range(MAX_ELEMENTS):
        element = await ebml.element_at(file, at)
        if element.kind == CLUSTER:
            break
        if element.end is None:
            raise Unreadable("an element without a size")
        if element.kind in (SEEK_HEAD, INFO, TRACKS, CUES):
            found[element.kind] = await file.read(element.body, element.end)
        at = element.end
    else:
        raise Unreadable("no cluster")
    end = segment.end or file.size
    if CUES not in found:
        cues_at = segment.body + _position_of(CUES, found.get(SEEK_HEAD, b""))
        cues = await ebml.element_at(file, cues_at)
        if cues.kind != CUES or cues.end is None:
            raise Unreadable("no cues")
        found[CUES] = await file.read(cues.body, cues.end)
        end = cues_at if cues_at > at else end
    scale, duration = _timing(found.get(INFO, b""))
    kinds = _kinds_of_tracks(found.get(TRACKS, b""))
    video = next((track for track, kind in kinds.items() if kind == VIDEO), None)
    points = sorted(_cues(found[CUES], segment.body, scale, video))
    if not points or any(not at <= cue.cluster < file.size for cue in points):
        raise Unreadable("cues that lead nowhere")
    tracks = frozenset(track for track, kind in kinds.items() if kind in (VIDEO, AUDIO))
    return _Index(tracks=tracks, media=at, end=end, cues=points, duration=duration)


def _position_of(kind: int, seek_head: bytes) -> int:
    """Where an element is, from the begin of the segment's content."""
    for seek in ebml.children(seek_head, SEEK):
        numbers = ebml.numbers(seek)
        if numbers.get(SEEK_ID) == kind and SEEK_POSITION in numbers:
            return numbers[SEEK_POSITION]
    raise Unreadable("no cues")


def _timing(info: bytes) -> tuple[float, float | None]:
    """Seconds of a tick, and the duration in seconds."""
    scale = ebml.numbers(info).get(TIMESTAMP_SCALE, 1_000_000) / 1e9
    for value in ebml.children(info, DURATION):
        if len(value) in (4, 8):
            (ticks,) = struct.unpack(">f" if len(value) == 4 else ">d", value)
            seconds = ticks * scale
            return scale, seconds if 0 <= seconds < math.inf else None
    return scale, None


def _kinds_of_tracks(tracks: bytes) -> dict[int, int]:
    entries = [ebml.numbers(entry) for entry in ebml.children(tracks, TRACK_ENTRY)]
    return {entry.get(TRACK_NUMBER, 0): entry.get(TRACK_TYPE, 0) for entry in entries}


def _cues(cues: bytes, base: int, scale: float, video: int | None) -> Iterator[Cue]:
    """The cues of the video, or all of a file that is sound alone."""
    for count, point in enumerate(ebml.children(cues, CUE_POINT)):
        if count >= MAX_CUES:
            raise Unreadable("too many cues")
        seconds = ebml.numbers(point).get(CUE_TIME, 0) * scale
        for positions in ebml.children(point, CUE_POSITIONS):
            numbers = ebml.numbers(positions)
            if CUE_CLUSTER in numbers and video in (None, numbers.get(CUE_TRACK)):
                yield Cue(seconds, base + numbers[CUE_CLUSTER], numbers.get(CUE_RELATIVE, 0))
