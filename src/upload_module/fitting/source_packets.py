"""Where the bytes of a media file are: of each stream, over time, and where it can be cut."""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from core.children import end_child, start_child, was_killed
from core.errors import ProgramEnded
from core.media_input import plain
from core.media_probe import MEMORY
from core.sandbox import Files, Network
from upload_module.fitting.source_facts import SourceFacts

TIMEOUT = 600.0  # seconds; the whole file is read
BIN = 0.1  # seconds
APART = 0.5  # seconds between places to cut, at least: of sound each packet is one
LINE = 2**16  # bytes


@dataclass(slots=True)
class Stretch:
    """Packets of the streams that are kept."""

    bytes: int = 0
    packets: int = 0


@dataclass(slots=True, kw_only=True)
class SourcePackets:
    """What was counted. Times are seconds after the first timestamp of the file."""

    seconds: float = 0.0  # to the end of the last packet that is kept
    of_stream: dict[int, Stretch] = field(default_factory=lambda: defaultdict(Stretch))
    bins: dict[int, Stretch] = field(default_factory=lambda: defaultdict(Stretch))  # by number of BIN
    keys: list[float] = field(default_factory=list)  # where a picture stands that needs none before it


async def packets_of(facts: SourceFacts) -> SourcePackets:
    """Read a file from its beginning to its end, without decoding it; empty when it can't be read.

    Raises:
        ProgramEnded: ffprobe was killed.
    """
    kept = [stream.index for stream in (facts.picture, facts.sound) if stream]
    leading = kept[0]
    fields = ("-show_entries", "packet=stream_index,pts_time,dts_time,duration_time,size,flags", "-of", "csv=p=0")
    source = plain(facts.path)
    child = await start_child(
        ["ffprobe", "-v", "quiet", *fields, *source.arguments],
        network=Network.NONE,
        files=Files(reads=source.reads),
        memory_bytes=MEMORY,
        file_bytes=0,
        stderr=asyncio.subprocess.DEVNULL,
        line_limit=LINE,
    )
    assert child.stdout is not None
    found = SourcePackets()
    try:
        with contextlib.suppress(TimeoutError, ValueError):  # ValueError: a line of which no end is in sight
            async with asyncio.timeout(TIMEOUT):
                async for line in child.stdout:
                    _count(found, line.decode(errors="replace").strip().split(","), facts.start, kept, leading)
                if was_killed(await child.wait()):
                    raise ProgramEnded
    finally:
        await asyncio.shield(end_child(child))
    return found


def _count(found: SourcePackets, words: Sequence[str], start: float, kept: Sequence[int], leading: int) -> None:
    if len(words) < 6 or not words[0].isdecimal() or not words[4].isdecimal():
        return
    index, size = int(words[0]), int(words[4])
    found.of_stream[index].bytes += size
    found.of_stream[index].packets += 1
    shown, decoded = _seconds(words[1]), _seconds(words[2])
    at = shown if shown is not None else decoded
    if index not in kept or at is None:
        return
    at -= start
    found.seconds = max(found.seconds, at + (_seconds(words[3]) or 0.0))
    if index == leading and words[5].startswith("K") and at >= (found.keys[-1] + APART if found.keys else 0):
        found.keys.append(at)
    # A picture that is shown later than those after it was decoded with those before it.
    stretch = found.bins[int((decoded - start if decoded is not None else at) / BIN)]
    stretch.bytes += size
    stretch.packets += 1


def _seconds(said: str) -> float | None:
    try:
        return float(said)
    except ValueError:  # N/A
        return None
