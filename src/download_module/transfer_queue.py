"""Which parts aria2 works on: bounded for each host and row, and shared between rows. A pure value, without aria2.

aria2's own queue knows neither hosts nor rows: 500 pictures would hold up everybody, over 500 connections. So parts
wait here, aria2 gets what may run at once, and reading what runs stays cheap however much waits.
"""

from collections import Counter, deque
from collections.abc import Hashable, Iterable
from typing import TypeVar

from download_module.live_transfers import MOST_CONNECTIONS, Live, Row
from download_module.transfer_limits import TransferLimits

K = TypeVar("K", bound=Hashable)

# aria2 1.36 writes the control file of each part that runs once every `auto-save-interval`, and waits for the disk
# twice over each (fsync): 5 ms a part on a busy disk, in which it neither receives nor answers. At one second, 32 parts
# cost 16 % of its time and 128 cost 79 %. It waits as long for each that is stopped, which a cancelled row waits for.
PARTS_OF_A_ROW = 20  # at once
PARTS = 32  # at once, of all rows; a row that has none may begin one nonetheless
LEAST_SHARE = 8  # connections that a part may take even when more than half of what is left


class TransferQueue:
    """Parts that wait, and what those that run take."""

    def __init__(self, limits: TransferLimits | None = None) -> None:
        self.limits = limits or TransferLimits()
        self._waiting: dict[Row, dict[str, deque[Live]]] = {}
        self._of_host: Counter[str] = Counter()  # connections
        self._of_row_and_host: Counter[tuple[Row, str]] = Counter()  # connections
        self._of_row: Counter[Row] = Counter()  # parts

    def put(self, lives: Iterable[Live]) -> None:
        """Let them wait for their turn."""
        for live in lives:
            self._waiting.setdefault(live.row, {}).setdefault(live.host, deque()).append(live)

    def waiting(self) -> list[Live]:
        """All that have not begun."""
        return [live for hosts in self._waiting.values() for lives in hosts.values() for live in lives]

    def running_of(self, row: Row) -> int:
        """How many parts of a row run."""
        return self._of_row[row]

    def withdraw(self, row: Row) -> None:
        """Forget what of a row has not begun."""
        self._waiting.pop(row, None)

    def release(self, live: Live) -> None:
        """One that ran has ended; to say it again changes nothing."""
        if not live.connections:
            return
        _lessen(self._of_host, live.host, live.connections)
        _lessen(self._of_row_and_host, (live.row, live.host), live.connections)
        _lessen(self._of_row, live.row, 1)
        live.connections = 0

    def admit(self) -> list[Live]:
        """Those that may begin now, each with its `connections`; the row that has the fewest parts is first."""
        begun: list[Live] = []
        turn = deque(sorted(self._waiting, key=lambda row: self._of_row[row]))
        while turn:
            row = turn.popleft()
            live = self._next(row)
            if live is not None:
                begun.append(live)
                turn.append(row)
        return begun

    def _next(self, row: Row) -> Live | None:
        here = self._of_row[row]
        if here >= PARTS_OF_A_ROW or (here and self._of_row.total() >= PARTS):
            return None
        hosts = self._waiting.get(row, {})
        for host, lives in hosts.items():
            connections = self._share(lives[0])
            if connections:
                live = lives.popleft()
                if not lives:
                    del hosts[host]
                if not hosts:
                    del self._waiting[row]
                self._take(live, connections)
                return live
        return None

    def _share(self, live: Live) -> int:
        """How many connections a part gets now; 0: it has to wait.

        A part that could take all that is left of a host leaves some for whoever comes after it.
        """
        if not live.host:  # peers
            return 1
        left = self.limits.host_connections - self._of_host[live.host]
        share = max(left // 2, min(left - 1, LEAST_SHARE), min(left, 1))
        asked = live.transfer.connections
        left_of_row = asked - self._of_row_and_host[live.row, live.host] if asked else MOST_CONNECTIONS
        return max(min(live.wish, share, left_of_row), 0)

    def _take(self, live: Live, connections: int) -> None:
        live.connections = connections
        self._of_host[live.host] += connections
        self._of_row_and_host[live.row, live.host] += connections
        self._of_row[live.row] += 1


def _lessen(counter: Counter[K], key: K, by: int) -> None:
    counter[key] -= by
    if not counter[key]:
        del counter[key]
