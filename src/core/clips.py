"""Stretches of time as people write them: `0:30-1:10`."""

import re
from dataclasses import dataclass

from core.errors import RequestRefused

_TIME = r"(?:(?:(\d{1,3}):)?(\d{1,3}):)?(\d{1,6}(?:\.\d{1,3})?)"
_CLIP = re.compile(rf"\s*(?:{_TIME})?\s*[-\u2013]\s*(?:{_TIME})?\s*")
_LENGTH = re.compile(rf"\s*\+\s*{_TIME}\s*")
EXAMPLE = "Write a clip as 0:30-1:10, or 30- for everything after 30 seconds."


@dataclass(frozen=True, slots=True)
class Clip:
    """A stretch of a video, in seconds. Without `start` it begins where the link's own `t=` says, else at 0."""

    start: float | None
    end: float | None  # None: to the end
    length: float | None = None  # in place of `end`: "+40", forty seconds from the start


def parse_clip(text: str) -> Clip:
    """Read `0:30-1:10`, `90-`, `-20`, `1:02:03-1:03:00.5` or `+40`.

    Raises:
        RequestRefused: it is none of these, or it ends before it begins.
    """
    if length := _LENGTH.fullmatch(text):
        seconds = _seconds(length.groups())
        if not seconds:
            raise RequestRefused(f"{text.strip()!r} is no clip. {EXAMPLE}")
        return Clip(None, None, seconds)
    found = _CLIP.fullmatch(text)
    if found is None:
        raise RequestRefused(f"{text.strip()[:40]!r} is no clip. {EXAMPLE}")
    start, end = _seconds(found.groups()[:3]), _seconds(found.groups()[3:])
    if start is None and end is None:
        raise RequestRefused(f"{text.strip()!r} is no clip. {EXAMPLE}")
    if end is not None and end <= (start or 0.0):
        raise RequestRefused(f"The clip {text.strip()} ends before it begins. {EXAMPLE}")
    return Clip(start, end)


def _seconds(groups: tuple[str | None, ...]) -> float | None:
    hours, minutes, seconds = groups
    if seconds is None:
        return None
    return int(hours or 0) * 3600 + int(minutes or 0) * 60 + float(seconds)
