"""What people may choose from: the heights that a site offers of a video, and how large the chosen one will be."""

from collections.abc import Mapping
from typing import Any, TypedDict

from download_module.extractors.ytdlp_answers import Entry, Stream

MAX_HEIGHTS = 12


class Renditions(TypedDict):
    """Fields of `DownloadPlan`."""

    height: int | None
    heights: tuple[int, ...]
    estimate: int | None


NO_CHOICE = Renditions(height=None, heights=(), estimate=None)


def renditions_of(entry: Entry) -> Renditions:
    """What is chosen of a video, and what could have been chosen."""
    found = {side for each in entry.offered if (side := _shorter_side(each.get("width"), each.get("height")))}
    pictures = [_shorter_side(stream.width, stream.height) for stream in entry.streams]
    sizes = [_bytes(entry, stream) for stream in entry.streams]
    known = [size for size in sizes if size is not None]
    return Renditions(
        height=next((side for side in pictures if side), None),
        heights=tuple(sorted(found, reverse=True)[:MAX_HEIGHTS]),
        estimate=sum(known) if known and len(known) == len(sizes) else None,
    )


def _shorter_side(*sides: Any) -> int | None:
    """Pixels: what 720p means, upright or not."""
    return min((int(side) for side in sides if isinstance(side, int | float) and side >= 1), default=None)


def _bytes(entry: Entry, stream: Stream) -> int | None:
    """Of one stream, by its size or by its rate."""
    if stream.filesize:
        return stream.filesize
    offered: Mapping[str, Any] = next((one for one in entry.offered if one.get("format_id") == stream.format_id), {})
    rate = offered.get("tbr")  # kbit/s
    if not isinstance(rate, int | float) or not entry.duration:
        return None
    return int(rate * 125 * entry.duration)
