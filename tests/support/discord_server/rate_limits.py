"""Real rate limit buckets, for tests that want a client to meet them."""

import time
from dataclasses import dataclass, field

from aiohttp import web

from .faults import Fault, rate_limit_headers
from .request_log import matches


@dataclass(slots=True, eq=False)
class RateLimit:
    """So many requests per window and major parameter (channel, guild or webhook)."""

    method: str
    pattern: str
    requests: int
    per: float
    _windows: dict[str, tuple[float, int]] = field(default_factory=dict)

    def take(self, path: str) -> tuple[int, float]:
        """Counts a request; returns how many are left, below 0 for too many, and when the window ends."""
        major, now = "/".join(path.split("/")[:3]), time.monotonic()
        ends, used = self._windows.get(major, (0.0, 0))
        if now >= ends:
            ends, used = now + self.per, 0
        self._windows[major] = (ends, used + 1)
        return self.requests - used - 1, ends - now


class RateLimits:
    def __init__(self) -> None:
        self.all: list[RateLimit] = []

    def check(self, method: str, path: str) -> tuple[Fault | None, dict[str, str]]:
        """The refusal if it is too much, and the headers that every answer carries."""
        for number, limit in enumerate(self.all):
            if matches(method, path, limit.method, limit.pattern):
                left, reset_after = limit.take(path)
                headers = rate_limit_headers(limit.requests, max(left, 0), reset_after, f"bucket{number}")
                return (Fault.rate_limit(reset_after) if left < 0 else None), headers
        return None, {}


def add_headers(answer: web.StreamResponse, headers: dict[str, str]) -> None:
    for name, value in headers.items():
        answer.headers.setdefault(name, value)
