"""Every request that reached the server, for tests to count."""

import re
import time
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from .wire import API


@dataclass(slots=True, kw_only=True)
class Request:
    """One request; status is None until it is answered, and stays so if its connection was reset."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str] = field(repr=False)
    at: float = field(default_factory=time.monotonic)
    status: int | None = None
    seconds: float | None = None
    payload: Any = field(default=None, repr=False)
    files: tuple[str, ...] = ()
    size: int = 0

    @property
    def is_invalid(self) -> bool:
        """Counts towards Discord's 10,000 in 10 minutes, after which it bans the address."""
        return self.status in (401, 403, 429)


def api_path(path: str) -> str:
    """The path as patterns name it: without ``/api/v10``."""
    return path.removeprefix(API)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    parts = re.split(r"(\*\*|\*)", pattern)
    return re.compile("".join({"**": ".*", "*": "[^/]+"}.get(part, re.escape(part)) for part in parts))


def matches(method: str, path: str, wanted_method: str, pattern: str) -> bool:
    """Whether a request is meant: ``*`` stands for one step of a path (or any method), ``**`` for all that follow."""
    return wanted_method in ("*", method) and _compiled(pattern).fullmatch(path) is not None
