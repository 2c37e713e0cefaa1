"""Bytes a second by hours of the day, as a setting says it: `22:00-06:00=0, 06:00-22:00=2M`."""

import re
from dataclasses import dataclass
from datetime import time

from core.rates import parse_rate

_SPAN = re.compile(r"(\d{1,2}):([0-5]\d)\s*-\s*(\d{1,2}):([0-5]\d)\s*=(.+)")
_DAY = 24 * 60  # minutes


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the day, in minutes after midnight; it may go past midnight. `rate` 0: no limit."""

    first: int
    end: int
    rate: int  # bytes a second

    def has(self, minute: int) -> bool:
        """Whether a minute of the day lies in it."""
        if self.first < self.end:
            return self.first <= minute < self.end
        return minute >= self.first or minute < self.end


@dataclass(frozen=True, slots=True)
class RateSchedule:
    """Spans of the day; where two overlap, the first counts."""

    spans: tuple[Span, ...] = ()

    def rate_at(self, moment: time) -> int | None:
        """Bytes a second at a local time, 0 for no limit; None: no span says anything about it."""
        minute = moment.hour * 60 + moment.minute
        return next((span.rate for span in self.spans if span.has(minute)), None)


def parse_schedule(text: str) -> RateSchedule:
    """Read a schedule; empty text is an empty one.

    Raises:
        ValueError: the sentence says which piece means nothing, and how one looks.
    """
    return RateSchedule(tuple(_span(piece.strip()) for piece in text.split(",") if piece.strip()))


def _span(piece: str) -> Span:
    found = _SPAN.fullmatch(piece)
    if found:
        from_hour, from_minute, to_hour, to_minute = map(int, found.groups()[:4])
        first, end = from_hour * 60 + from_minute, to_hour * 60 + to_minute
        if first < _DAY and end <= _DAY and first != end:
            return Span(first, end, parse_rate(found[5]))
    raise ValueError(f"{piece!r} is no span of the day with a rate. Write 22:00-06:00=0 or 06:00-22:00=2M")
