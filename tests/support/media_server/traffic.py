"""What went over a path: its requests, its bytes, its speed limit and the point at which it is held."""

import math
from dataclasses import dataclass, field

from tests.support.media_server.resources import Request

_BURST = 0.05


@dataclass(slots=True)
class Traffic:
    """The counters and brakes of one path, shared by all its connections."""

    rate: float | None = None
    served: int = 0
    held_at: float = math.inf
    """The bytes served in all beyond which bodies wait."""
    requests: list[Request] = field(default_factory=list)
    answers_cut: int = 0
    active: int = 0
    """Answers under way."""
    _free_at: float = 0.0

    def piece(self) -> int:
        """How many bytes to send at once, so that a limited path flows evenly."""
        if self.rate is None:
            return 1 << 20
        return max(1, min(1 << 16, int(self.rate / 50)))

    def wait_for(self, size: int, now: float) -> float:
        """Books `size` bytes and returns how long to wait before they may go out."""
        if self.rate is None:
            return 0.0
        start = max(now - _BURST, self._free_at)
        self._free_at = start + size / self.rate
        return start - now
