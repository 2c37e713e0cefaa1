"""Playlists, channels and pages with several videos: what of them is asked for, and what becomes a child."""

from collections.abc import Mapping, Sequence
from typing import Any

from core.options import Options


def items_of(options: Options, max_items: int) -> str:
    """The entries that are asked for, as yt-dlp spells them ("1:5,8:8"), at most `max_items` of them."""
    room = max_items
    pieces = []
    for first, last in options.ranges or ((1, None),):
        if room > 0:
            end = first + room - 1 if last is None else min(last, first + room - 1)
            pieces.append(f"{first}:{end}")
            room -= end - first + 1
    return ",".join(pieces)


def count_of(items: str) -> int:
    """How many entries `items_of` names."""
    ends = (piece.split(":") for piece in items.split(","))
    return sum(int(last) - int(first) + 1 for first, last in ends)


def is_reference(entry: Mapping[str, Any]) -> bool:
    """Whether an entry only tells where a video is, and was not looked at."""
    return entry.get("_type") in ("url", "url_transparent")


def become_children(kind: str, entries: Sequence[Mapping[str, Any]]) -> bool:
    """Whether each entry becomes a download of its own.

    One video in several files, a list of one, and videos that stand in one page together stay one download.

    Args:
        kind: `playlist` or `multi_video`.
        entries: as yt-dlp has them.
    """
    return kind == "playlist" and len(entries) > 1 and all(is_reference(entry) for entry in entries)
