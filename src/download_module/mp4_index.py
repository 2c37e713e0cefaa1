"""Which bytes of an MP4 file hold a stretch of time (ISO/IEC 14496-12).

Of a progressive file ffprobe reads the sample tables, in a copy that has nothing else; of one in fragments the segment
index (`sidx`) says it.
"""

import asyncio
import contextlib
import math
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from core.children import end_child, start_child
from core.locked_directory import LockedDirectory
from core.sandbox import Files, Network
from download_module.byte_ranges import ByteRange, union
from download_module.needed import GAP, LEAD, LEAST_HOLE, LEAST_WAY, TAIL, Needed, keep_free_behind
from download_module.range_reader import HEAD, RemoteFile, Unreadable

MAX_BOXES = 64  # at the top of a file, before its media
MAX_CHILDREN = 1000  # of the movie box
MAX_LINES = 200_000  # packets that ffprobe may list
MEMORY = 1024**3  # bytes that it may take
TIMEOUT = 20.0  # seconds
AROUND = 1.0  # seconds of packets that are looked at where a clip begins and where it ends
LATEST_START = 0.1  # seconds at which a file may begin; others count their time in another way than people do


@dataclass(frozen=True, slots=True)
class Box:
    """A box of the file: its content lies between `body` and `end`."""

    kind: bytes
    start: int
    body: int
    end: int


async def needed_of_mp4(file: RemoteFile, start: float, end: float | None, inherit: tuple[int, ...] = ()) -> Needed:
    """What of an MP4 file has the seconds from `start` to `end`.

    Raises:
        Unreadable: there is no index, or none that is understood.
    """
    moov = sidx = None
    async for box in _boxes(file, 0):
        if box.kind == b"moov":
            moov = box
        elif box.kind == b"sidx":
            sidx = sidx or box  # one for each track, over the same fragments
        elif box.kind == b"moof" or (box.kind == b"mdat" and moov is not None):
            break
    if moov is None:
        raise Unreadable("no moov box")
    content = await file.read(moov.body, moov.end)
    kinds = _kinds_of_children(content)
    if sidx is not None:
        stop = math.inf if end is None else end
        return await _of_fragments(file, sidx, start - LEAD, stop, mixed=kinds.count(b"trak") > 1)
    if b"mvex" in kinds:
        raise Unreadable("fragments without an index")
    return await _of_samples(file, start, end, inherit)


async def _boxes(file: RemoteFile, at: int) -> AsyncIterator[Box]:
    for _ in range(MAX_BOXES):
        if at >= file.size:
            return
        box = _box(await file.read(at, at + 16, at_least=HEAD), at, file.size)
        yield box
        at = box.end


def _box(head: bytes, at: int, limit: int) -> Box:
    try:
        length, kind = struct.unpack_from(">I4s", head)
        body = at + 8
        if length == 1:
            (length,) = struct.unpack_from(">Q", head, 8)
            body = at + 16
    except struct.error as error:
        raise Unreadable("a box that is cut off") from error
    end = at + length if length else limit
    if not body <= end <= limit:
        raise Unreadable("a box beyond the end")
    return Box(kind, at, body, end)


def _kinds_of_children(content: bytes) -> list[bytes]:
    kinds: list[bytes] = []
    at = 0
    while at < len(content):
        if len(kinds) == MAX_CHILDREN:
            raise Unreadable("more boxes than a movie has")
        box = _box(content[at : at + 16], at, len(content))
        kinds.append(box.kind)
        at = box.end
    return kinds


# -- in fragments ------------------------------------------------------------------------------------------------------


async def _of_fragments(file: RemoteFile, sidx: Box, start: float, end: float, *, mixed: bool) -> Needed:
    """What has a stretch of time, of a file with one track or, `mixed`, with several."""
    times, offsets = _read_sidx(await file.read(sidx.body, sidx.end), sidx.end)
    if offsets[-1] > file.size:
        raise Unreadable("an index beyond the end")
    last = len(times) - 1  # the end of the last fragment
    first = max(number for number in range(last) if number == 0 or times[number] <= start)
    stop = min(number for number in range(first + 1, last + 1) if number == last or times[number] >= end + TAIL * mixed)
    if mixed and first > 0:  # ffmpeg begins with the fragment before when it seeks
        first -= 1
    # The first fragment tells when the file begins, from which ffmpeg counts: its description stays, without its media.
    # Free boxes lead from there to the fragments that are needed, and from these to the end.
    async for box in _boxes(file, offsets[0]):
        if box.kind == b"mdat":
            break
        await file.read(box.start, box.end)
    else:
        raise Unreadable("a fragment without media")
    begin = offsets[first]
    patches = []
    if begin - box.end > LEAST_WAY:
        patches.append((box.end, _free(begin - box.end)))
    elif first > 0:
        begin = min(begin, box.end)
    end_of_needed = offsets[stop]
    if file.size - end_of_needed >= LEAST_HOLE:
        await keep_free_behind(file, begin, end_of_needed)
        patches.append((end_of_needed, _free(file.size - end_of_needed)))
    else:
        end_of_needed = file.size
    ranges = tuple(union([(0, box.body), (begin, end_of_needed)]))
    return Needed(ranges=ranges, patches=tuple(patches), duration=times[-1])


def _free(length: int) -> bytes:
    """The head of a box that nobody reads."""
    return struct.pack(">I4sQ", 1, b"free", length)


def _read_sidx(body: bytes, anchor: int) -> tuple[list[float], list[int]]:
    """When each fragment begins in seconds, and where in the file; the last of each is the end of all."""
    try:
        long = body[0] > 0
        (timescale,) = struct.unpack_from(">I", body, 8)
        _, first_offset = struct.unpack_from(">QQ" if long else ">II", body, 12)
        at = 28 if long else 20
        (count,) = struct.unpack_from(">H", body, at + 2)
        entries = [struct.unpack_from(">III", body, at + 4 + 12 * number) for number in range(count)]
    except (struct.error, IndexError) as error:
        raise Unreadable("an index that is cut off") from error
    if not timescale or not entries or any(size >> 31 for size, _, _ in entries):  # the bit of an index of indexes
        raise Unreadable("an index that is not understood")
    times, offsets, ticks = [0.0], [anchor + first_offset], 0
    for size, duration, _ in entries:
        ticks += duration
        times.append(ticks / timescale)
        offsets.append(offsets[-1] + size)
    return times, offsets


# -- progressive -------------------------------------------------------------------------------------------------------


async def _of_samples(file: RemoteFile, start: float, end: float | None, inherit: tuple[int, ...]) -> Needed:
    looks = [f"{max(0.0, start - LEAD)}%{start + AROUND}"]
    if end is not None:
        looks.append(f"{max(start, end - AROUND)}%{end + TAIL + AROUND}")
    with contextlib.closing(LockedDirectory("bb-index-")) as directory:
        path = directory.path / "index.mp4"
        await asyncio.to_thread(_write_index, path, file)
        lines = [line async for line in _ffprobe(path, ",".join(looks), inherit)]
    return _from_packets(lines, file, end)


def _write_index(path: Path, file: RemoteFile) -> None:
    """A file as long as the one on the server, with holes for all that was not read of it."""
    with path.open("wb") as copy:
        for offset, data in file.known:
            copy.seek(offset)
            copy.write(data)
        copy.truncate(file.size)


async def _ffprobe(path: Path, intervals: str, inherit: tuple[int, ...]) -> AsyncIterator[list[str]]:
    """What ffprobe says of the file: lines of fields."""
    command = ["ffprobe", "-v", "quiet", "-f", "mov", "-protocol_whitelist", "file", "-read_intervals", intervals]
    shown = "packet=stream_index,dts_time,size,pos:stream=index,codec_type:format=start_time,duration"
    child = await start_child(
        [*command, "-show_entries", shown, "-of", "csv", str(path)],
        inherit=inherit,
        network=Network.NONE,
        files=Files(reads=(path,)),
        memory_bytes=MEMORY,
        file_bytes=0,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert child.stdout is not None, "started with a pipe"
    try:
        async with asyncio.timeout(TIMEOUT):
            for _ in range(MAX_LINES):
                line = await child.stdout.readline()
                if not line:
                    return
                yield line.decode(errors="replace").strip().split(",")
        raise Unreadable("more packets than a file has there")
    except (TimeoutError, ValueError) as error:
        raise Unreadable("an index that ffprobe does not read in time") from error
    finally:
        await asyncio.shield(end_child(child))


def _from_packets(lines: list[list[str]], file: RemoteFile, end: float | None) -> Needed:
    """From packets where the clip begins, and packets where it ends: for each stream all that lies between."""
    spans: dict[str, ByteRange] = {}
    kinds: dict[str, str] = {}
    begin = duration = None
    for fields in lines:
        match fields:
            case ["packet", stream, dts, size, position, *_] if size.isdecimal() and position.isdecimal():
                at, time = int(position), _number(dts)
                if end is None or time is None or time < end + TAIL:
                    first, last = spans.get(stream, (at, at))
                    spans[stream] = (min(first, at), max(last, at + int(size)))
            case ["stream", stream, kind, *_]:
                kinds[stream] = kind
            case ["format", start_time, length, *_]:
                begin, duration = _number(start_time), _number(length)
    # Subtitles are few and small, and one that began long ago would bring all media since then with it.
    heard_or_seen = [span for stream, span in spans.items() if kinds.get(stream) in ("video", "audio")]
    if not heard_or_seen or begin is None or abs(begin) > LATEST_START:
        raise Unreadable("an index that ffprobe does not read")
    ranges = [(first, last if end is not None else file.size) for first, last in heard_or_seen]
    if any(last > file.size for _, last in ranges):
        raise Unreadable("an index beyond the end")
    heads = [(offset, offset + len(data)) for offset, data in file.known]
    needed = tuple(union([*heads, *ranges], gap=GAP))
    if not needed:
        raise Unreadable("an index of nothing")
    return Needed(ranges=needed, duration=duration)


def _number(text: str) -> float | None:
    with contextlib.suppress(ValueError):
        number = float(text)
        return number if math.isfinite(number) else None
    return None
