"""When to try again: a pure value that gives a decision."""

import math
import random
from collections.abc import Callable
from dataclasses import dataclass

from core.errors import BossBotError

FREE_RETRY_DELAY = 5.0  # seconds; for what costs no attempt, so that it can't spin


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """Exponential backoff with full jitter.

    The wait before try n + 1 is drawn from 0 .. min(max_delay, base_delay * 2 ** (n - 1)), after
    https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/ ("full jitter").
    """

    max_retries: int = 5
    base_delay: float = 30.0
    max_delay: float = 3600.0
    jitter: Callable[[float, float], float] = random.uniform

    def delay_after(self, error: BossBotError, attempts: int) -> float | None:
        """Seconds until the next try, or None to give up.

        Args:
            error: what the try ended in.
            attempts: tries that counted, with this one if it counts.
        """
        if not error.transient:
            return None
        if not error.costs_attempt:
            return max(self._asked_for(error), FREE_RETRY_DELAY)
        if attempts > self.max_retries:
            return None
        ceiling = min(self.max_delay, self.base_delay * 2.0 ** min(attempts - 1, 100))  # 2.0 ** 1024 overflows
        delay = self.jitter(0.0, ceiling)
        return max(delay, self._asked_for(error))

    def _asked_for(self, error: BossBotError) -> float:
        """Seconds that the other side wants; nothing for what is no time."""
        asked = error.retry_after or 0.0
        return 0.0 if math.isnan(asked) else min(asked, self.max_delay)
