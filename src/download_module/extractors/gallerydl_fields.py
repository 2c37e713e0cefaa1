"""What is read out of gallery-dl's metadata of a post or file: dictionaries that differ with every site."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

MAX_TEXT = 4000  # characters of one value
MAX_ENTRIES = 40  # of a list or dictionary inside
MAX_DEPTH = 4
MAX_WHOLE = 24_000  # characters of all values together
# Where alt text stands. `description` is that of the file on these sites, and of the post everywhere else.
ALT_OF_FILE = frozenset(("twitter", "bluesky"))
ALT = (("media", "description"), ("file", "comment"))  # Mastodon, Misskey


def at(values: Any, *path: str) -> Any:
    """What stands at the end of a path of keys, None when a step is missing."""
    for key in path:
        if not isinstance(values, dict):
            return None
        values = values.get(key)
    return values


def alt_text(owner: str, values: Mapping[str, Any]) -> str | None:
    """What the author wrote for those who can't see the picture."""
    found = values.get("description") if owner in ALT_OF_FILE else None
    for path in ALT:
        found = found or at(values, *path)
    return found.strip()[:MAX_TEXT] or None if isinstance(found, str) else None


def bounded(values: Mapping[str, Any]) -> dict[str, Any]:
    """A copy that JSON can hold, of limited size; what is private to gallery-dl (`_...`) is left out."""
    kept: dict[str, Any] = {}
    room = MAX_WHOLE
    for key, value in values.items():
        if isinstance(key, str) and not key.startswith("_"):
            copy = _copy(value, MAX_DEPTH)
            room -= len(key) + len(str(copy))
            if room < 0:
                break
            kept[key] = copy
    return kept


def _copy(value: Any, depth: int) -> Any:
    match value:
        case None | bool() | int() | float():
            return value
        case str():
            return value[:MAX_TEXT]
        case datetime():
            return value.strftime("%Y-%m-%d %H:%M:%S") if value.year > 1 else None  # year 1: gallery-dl's "unknown"
        case _ if depth == 0:
            return None
        case dict():
            return {
                str(key): _copy(inner, depth - 1)
                for key, inner in list(value.items())[:MAX_ENTRIES]
                if not str(key).startswith("_")
            }
        case list() | tuple() | set() | frozenset():
            return [_copy(inner, depth - 1) for inner in list(value)[:MAX_ENTRIES]]
        case _:
            return None
