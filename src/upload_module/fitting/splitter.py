"""Cuts media into parts that play, each below a limit, without encoding anything."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.errors import CompressionFailed
from core.ffmpeg_run import Ffmpeg
from core.ffmpeg_run import Report as PassReport
from core.media_input import plain
from upload_module.fitting.source_facts import SourceFacts, facts_of
from upload_module.fitting.source_packets import BIN, SourcePackets, packets_of

ACTIVITY = "splitting"
FILL = 0.995  # of the limit: packets go where their time says, but for some at the edges
PACKET_BYTES, FILE_BYTES = 20, 8192  # of the container, for each packet and for the rest, at most
TRIES = (1.0, 0.9)  # of the limit
EARLY = 0.01  # seconds before a key frame: what is sought is never behind
NUMBERED = "part%04d"
FORMATS = {".m4a": "mp4", ".mka": "matroska"}  # where the ending is not the name of the muxer


@dataclass(frozen=True, slots=True, kw_only=True)
class Splitter:
    """Makes many files of one."""

    ffmpeg: Ffmpeg
    timeout: float  # seconds

    async def split(
        self, source: Path, suffix: str, limit_bytes: int, directory: Path, report: PassReport
    ) -> list[Path]:
        """The parts, in `directory`, in their order.

        Args:
            source: its picture and sound are copied, all else is left out.
            suffix: the ending of the parts, which says the container.
            limit_bytes: of each part.
            directory: holds nothing of the same names.
            report: told while the parts are written.

        Raises:
            CompressionFailed: there is no place to cut where one is needed.
            ChecksumMismatch: the source can't be read.
            DiskFull: there is no room.
        """
        facts = await facts_of(source)
        if facts is None:
            raise CompressionFailed("This file can't be read, so it can't be split.")
        packets = await packets_of(facts)
        for share in TRIES:
            times = cuts(packets, int(limit_bytes * share))
            if times is None:
                break
            parts = await self._cut(facts, packets.seconds, times, suffix, directory, report)
            if max(part.stat().st_size for part in parts) <= limit_bytes:
                return parts
            for part in parts:
                part.unlink()
        raise CompressionFailed("This file can't be split into parts that are small enough.")

    async def _cut(
        self,
        facts: SourceFacts,
        seconds: float,
        times: Sequence[float],
        suffix: str,
        directory: Path,
        report: PassReport,
    ) -> list[Path]:
        form = FORMATS.get(suffix, suffix.removeprefix("."))
        at = ("-segment_times", ",".join(f"{max(0.0, time - EARLY):.3f}" for time in times))
        await self.ffmpeg.run(
            [
                *plain(facts.path).arguments,
                *(word for stream in (facts.picture, facts.sound) if stream for word in ("-map", f"0:{stream.index}")),
                *("-c", "copy", "-map_metadata", "-1", "-map_chapters", "-1", "-f", "segment"),
                # Without a time ffmpeg would cut every two seconds.
                *(at if times else ("-segment_time", f"{seconds + 3600:.0f}")),
                *("-reset_timestamps", "1", "-segment_format", form),
                *(("-segment_format_options", "movflags=+faststart") if form == "mp4" else ()),
                str(directory / f"{NUMBERED}{suffix}"),
            ],
            activity=ACTIVITY,
            reads=(facts.path,),
            writes=(directory,),
            seconds=facts.seconds or seconds,
            report=report,
            timeout=self.timeout,
        )
        return sorted(directory.glob(f"part*{suffix}"))


def cuts(packets: SourcePackets, limit_bytes: int) -> list[float] | None:
    """Where to cut so that parts are as large as they may be; None: there is no place where one is needed.

    Times are seconds after the first timestamp; none of them: it fits as it is.
    """
    room = limit_bytes * FILL - FILE_BYTES
    number = max(packets.bins, default=-1) + 1
    sizes = [0] * (number + 1)  # sums, of all before each bin
    for position in range(number):
        stretch = packets.bins.get(position)
        weight = stretch.bytes + PACKET_BYTES * stretch.packets if stretch else 0
        sizes[position + 1] = sizes[position] + weight

    def between(begin: float, end: float) -> int:
        first, last = (min(number, max(0, int(time / BIN))) for time in (begin, end))
        return sizes[min(number, last + 1)] - sizes[first]

    places = [key for key in packets.keys if key > EARLY]
    chosen: list[float] = []
    begin, last = 0.0, None
    for place in (*places, number * BIN):
        if between(begin, place) > room:
            if last is None or between(last, place) > room:
                return None
            chosen.append(last)
            begin = last
        last = place
    return chosen
