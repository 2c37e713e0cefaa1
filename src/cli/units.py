"""Numbers and texts as people read them."""

import unicodedata
from datetime import UTC, datetime

TIME_FORMAT = "%Y-%m-%d %H:%M:%S"
# Embeddings, overrides, isolates and marks of direction: they make a name look like another.
_TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def size(count: float) -> str:
    """Bytes: `512 B`, `10.2 MiB`."""
    if count < 1024:
        return f"{count:.0f} B"
    for unit in ("KiB", "MiB", "GiB"):
        count /= 1024
        if count < 1024:
            return f"{count:.{0 if count >= 99.95 else 1}f} {unit}"
    return f"{count / 1024:.1f} TiB"


def duration(seconds: float) -> str:
    """Seconds, in the two largest units that matter: `5 s`, `2 min 05 s`, `3 h 20 min`, `4 d 2 h`."""
    whole = max(0, round(seconds))
    minutes, rest = divmod(whole, 60)
    hours, minutes_left = divmod(minutes, 60)
    days, hours_left = divmod(hours, 24)
    if days:
        return f"{days} d {hours_left} h"
    if hours:
        return f"{hours} h {minutes_left:02} min"
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"


def rough_duration(seconds: float) -> str:
    """Seconds in one unit: `5 s`, `2 min`, `3 h`, `4 d`."""
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds // length:.0f} {unit}"
    return f"{max(0, seconds):.0f} s"


def now() -> datetime:
    """This moment, to be compared with the times of the database."""
    return datetime.now(UTC)


def seconds_until(time: str, moment: datetime) -> float:
    """Seconds from `moment` to a time as the database writes it; negative for the past."""
    return (datetime.strptime(time, TIME_FORMAT).replace(tzinfo=UTC) - moment).total_seconds()


def visible(text: str) -> str:
    """A text of a stranger without what would steer a terminal or turn the direction of writing."""
    return "".join("\ufffd" if _steers(character) else character for character in text)


def _steers(character: str) -> bool:
    return character in _TURNING or unicodedata.category(character) in ("Cc", "Cs")
