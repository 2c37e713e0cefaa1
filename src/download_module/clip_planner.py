"""Makes a plan for a clip: of each video and sound only what the clip needs is fetched, and the rest is cut off."""

import asyncio
import contextlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from core.clips import Clip
from core.errors import MediaNotFound, RequestRefused
from download_module.byte_index import limited_part, needed_part
from download_module.byte_ranges import ByteRange, union
from download_module.extractors.segments import SegmentedStream, clipped, join, ranges_of
from download_module.plan import Assemble, Cut, DownloadPlan, Kind, Output, Part, Track
from download_module.range_reader import RangeReader

MAX_INDEXED = 10  # outputs whose indexes are read; of more all is fetched


async def cut_plan(plan: DownloadPlan, clip: Clip, ranges: RangeReader) -> DownloadPlan:
    """The plan for a clip of what a plan fetches.

    Each output of video or sound gets `cut`, and parts and tracks that begin shortly before the clip and end shortly
    after it. Where a file does not tell which of its bytes are needed, all of it is fetched and cut afterwards. Outputs
    that the clip does not touch because they are shorter are left out; pictures, subtitles, torrents and live streams
    stay as they are.

    Args:
        plan: of the whole.
        clip: what is wanted; without a start it begins where the link's own `t=` says (`start_time`).
        ranges: reads the indexes of files.

    Raises:
        RequestRefused: the clip begins after the end of all of them.
        ForbiddenTarget: a server leads to an address that is not allowed.
    """
    start, end = _stretch(clip, plan.metadata.platform_data)
    if start == 0 and end is None:
        return plan
    only = sum(_can_be_cut(output) for output in plan.outputs) == 1
    outputs: list[Output] = []
    too_short: list[float] = []
    for output in plan.outputs:
        if not _can_be_cut(output):
            outputs.append(output)
            continue
        said = plan.metadata.duration if only else None  # of several videos nobody knows whose it is
        cut, duration = await _cut(output, start, end, said, ranges if len(outputs) < MAX_INDEXED else None)
        if cut is not None:
            outputs.append(cut)
        else:
            too_short.append(duration)
    if too_short and not any(output.cut for output in outputs):
        longest = _time(max(too_short))
        raise RequestRefused(f"The clip begins at {_time(start)}, but this video ends at {longest}. Ask for less.")
    return replace(plan, outputs=tuple(outputs))


def _stretch(clip: Clip, platform_data: Mapping[str, Any]) -> tuple[float, float | None]:
    """Where a clip begins and ends, in seconds."""
    linked = platform_data.get("start_time")
    start = clip.start
    if start is None:
        start = float(linked) if isinstance(linked, int | float) and 0 < linked < math.inf else 0.0
    if clip.length is not None:
        return start, start + clip.length
    if clip.end is not None and clip.end <= start:  # the link begins behind what was asked for
        start = 0.0
    return start, clip.end


def _can_be_cut(output: Output) -> bool:
    return (
        output.kind in (Kind.VIDEO, Kind.AUDIO)
        and output.live is None
        and not any(part.is_torrent for part in output.parts)
    )


async def _cut(
    output: Output, start: float, end: float | None, said: float | None, ranges: RangeReader | None
) -> tuple[Output | None, float]:
    """The output for a clip, None when it ends before; and how long it is in seconds, infinite when nobody knows."""
    if said is not None and start >= said:
        return None, said
    if output.assemble is Assemble.HLS:
        lengths = [sum(segment.seconds for segment in track.segments) for track in output.tracks]
        duration = max(lengths, default=0.0) or said or math.inf
        if start >= duration:
            return None, duration
        output = await _with_segments(output, start, end, ranges)
    else:
        found = await asyncio.gather(*(_needed_part(part, start, end, ranges) for part in output.parts))
        durations = [seconds for _, seconds in found if seconds is not None and 0 < seconds < math.inf]
        duration = max(durations, default=said or math.inf)
        if start >= duration:
            return None, duration
        output = replace(output, parts=tuple(part for part, _ in found))
    to_its_end = end is None or end >= duration
    return replace(output, cut=Cut(start=start, end=None if to_its_end else end)), duration


async def _needed_part(
    part: Part, start: float, end: float | None, ranges: RangeReader | None
) -> tuple[Part, float | None]:
    return await needed_part(part, start, end, ranges) if ranges is not None else (part, None)


async def _with_segments(output: Output, start: float, end: float | None, ranges: RangeReader | None) -> Output:
    """Only the segments of the clip."""
    streams = []
    for track in output.tracks:
        with contextlib.suppress(MediaNotFound):  # of video and sound one is shorter, and ends before the clip
            streams.append(clipped(SegmentedStream(output.parts, track), start, end))
    parts, tracks = join(streams)
    needed = [_needed_of_part(tracks, position) for position in range(len(parts))]
    if ranges is not None:
        parts = tuple([await limited_part(part, own, ranges) for part, own in zip(parts, needed, strict=True)])
    return replace(output, parts=parts, tracks=tracks)


def _needed_of_part(tracks: Sequence[Track], position: int) -> list[ByteRange]:
    """Which bytes of a part the tracks name; empty: all."""
    return union(span for track in tracks for span in ranges_of(track, position))


def _time(seconds: float) -> str:
    """As people write it: 1:02:03."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
