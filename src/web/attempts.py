"""How often somebody may try to log in: few wrong tokens from one address, and not many from all together."""

import time
from collections import OrderedDict, deque
from collections.abc import Callable

WINDOW = 60.0  # seconds
FROM_ONE = 5  # wrong tries of one address within that
FROM_ALL = 100
ADDRESSES = 1000  # that are remembered; the longest unheard is forgotten first


class Attempts:
    """Counts wrong tries; right ones cost nothing."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._all: deque[float] = deque()
        self._by_address: OrderedDict[str, deque[float]] = OrderedDict()

    def wait(self, address: str) -> float:
        """Seconds until this address may try again; 0: now."""
        return max(self._left(self._all, FROM_ALL), self._left(self._by_address.get(address, deque()), FROM_ONE))

    def failed(self, address: str) -> None:
        """Note a wrong try."""
        now = self._clock()
        tries = self._by_address.setdefault(address, deque(maxlen=FROM_ONE))
        self._by_address.move_to_end(address)
        tries.append(now)
        self._all.append(now)
        if len(self._by_address) > ADDRESSES:
            self._by_address.popitem(last=False)

    def _left(self, tries: deque[float], allowed: int) -> float:
        now = self._clock()
        while tries and tries[0] <= now - WINDOW:
            tries.popleft()
        return tries[-allowed] + WINDOW - now if len(tries) >= allowed else 0.0
