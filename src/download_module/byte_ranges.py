"""Stretches of a file, in bytes."""

from collections.abc import Iterable

ByteRange = tuple[int, int]  # first byte, and the one after the last
BLOCK = 16 * 1024  # bytes; what aria2 fetches of a file begins and ends at multiples of it
PIECE = 1024 * 1024  # bytes; the least that aria2 takes as `piece-length`


def union(ranges: Iterable[ByteRange], *, gap: int = 0) -> list[ByteRange]:
    """The same bytes in order and without overlaps; stretches that are at most `gap` bytes apart become one."""
    merged: list[ByteRange] = []
    for first, end in sorted(ranges):
        if first >= end:
            continue
        if merged and first <= merged[-1][1] + gap:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((first, end))
    return merged


def subtract(ranges: Iterable[ByteRange], others: Iterable[ByteRange]) -> list[ByteRange]:
    """The bytes of `ranges` that are not in `others`."""
    left = []
    taken = union(others)
    for first, end in union(ranges):
        at = first
        for other_first, other_end in taken:
            if other_end <= at or other_first >= end:
                continue
            if at < other_first:
                left.append((at, other_first))
            at = other_end
        if at < end:
            left.append((at, end))
    return left
