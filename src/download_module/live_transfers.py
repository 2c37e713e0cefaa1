"""Transfers on their way, and the rows that they belong to."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

from core.models import Progress
from download_module.aria2c_control import fetched_amount
from download_module.bytes_here import bytes_here
from download_module.transfers import Amount, Transfer, sum_up

MOST_CONNECTIONS = 16  # of one part; aria2 takes no more
SPLIT_ABOVE = 1024 * 1024  # bytes for each connection at least; aria2 takes no less
FEW = 4  # parts of a row; of more than that, a part of unknown size gets one connection

Report = Callable[[Progress], None]


@dataclass(slots=True, eq=False)
class Row:
    """The transfers of one row together."""

    base: Amount  # what earlier claims fetched
    max_bytes: int
    report: Report
    lives: list["Live"] = field(default_factory=list)
    reach: int = 0  # bytes that the row will have at least, as far as is known
    asked_rate: int = 0  # bytes a second, from the rules of its site
    over: bool = False  # nothing of it begins any more
    _percent: float = 0.0

    def __post_init__(self) -> None:
        self.reach = self.base.completed

    def progress(self) -> Progress:
        """All of it. The percentage never goes back: what is fetched again shows as standing still."""
        now = sum_up([self.base, *(live.amount for live in self.lives)])
        self._percent = max(self._percent, now.progress)
        return replace(now, progress=self._percent)


@dataclass(slots=True, eq=False)
class Live:
    """A transfer that waits for its turn or that aria2 works on."""

    transfer: Transfer
    row: Row
    gid: str = ""  # the transfer's own, then the one that follows a magnet's metadata
    uris: tuple[str, ...] = ()
    host: str = ""
    amount: Amount = field(default_factory=Amount)
    alone: bool = False  # over one connection, because what came over several was wrong
    connections: int = 0  # that the queue gave it; 0 while it waits there
    refusal: int = 0  # the HTTP status with which it ended, when it was one
    rate: int = 0  # bytes a second that aria2 was told
    adds: int = 0
    counted: int = 0  # bytes that were on disk when it was handed over, and those that came since
    waits_until: float = 0.0  # monotonic; aria2 said that it waits, so it is not asked before
    end: asyncio.Future[list[Path]] = field(init=False)

    def __post_init__(self) -> None:
        self.begin(self.transfer.part.uris, size=self._wanted)

    def begin(self, uris: tuple[str, ...], *, alone: bool = False, size: int | None = None) -> None:
        """Start from nothing, with these addresses."""
        self.gid = self.transfer.gid
        self.uris = uris
        self.host = "" if self.transfer.part.is_torrent else _host(uris)
        self.alone = alone
        self.adds = self.refusal = 0
        self._set(Amount(total=size))
        self.end = asyncio.get_running_loop().create_future()

    def handed_over(self) -> None:
        """Aria2 goes on from what lies on disk."""
        self.counted = bytes_here(self.transfer.target)
        part = self.transfer.part
        if part.ranges and part.size:
            self.counted = fetched_amount(part.size, part.ranges, self.counted)

    @property
    def is_magnet(self) -> bool:
        """Whether its files are known only when its metadata have come."""
        return self.transfer.part.is_torrent and self.transfer.part.torrent is None

    @property
    def wish(self) -> int:
        """How many connections it can make use of."""
        if self.alone or self.transfer.part.is_torrent:
            return 1
        size = self.amount.total
        if size is None:
            return MOST_CONNECTIONS if len(self.row.lives) <= FEW else 1
        return min(MOST_CONNECTIONS, max(1, size // max(SPLIT_ABOVE, self.transfer.part.chunk or 0)))

    def note(self, completed: int, total: int, speed: int) -> None:
        """Take in what aria2 says. It begins at 0 again for a moment when it is started again: that is passed over."""
        part = self.transfer.part
        if part.ranges and total:
            completed, total = fetched_amount(total, part.ranges, completed), self._wanted or 0
        if total or not part.ranges:
            self._count(completed)
        self._set(Amount(max(completed, self.amount.completed), total or self.amount.total, speed))

    def _count(self, completed: int) -> None:
        if 0 < completed < self.counted // 2:  # aria2 itself began anew; without ranges it must
            self.counted = 0
        if completed > self.counted:
            self.transfer.arrived(completed - self.counted)
            self.counted = completed

    def arrived(self) -> None:
        """It is complete."""
        self._set(Amount(self.amount.completed, self.amount.completed))

    def _set(self, amount: Amount) -> None:
        before, self.amount = self.amount, amount
        self.row.reach += _reach(amount) - _reach(before)

    @property
    def _wanted(self) -> int | None:
        part = self.transfer.part
        return sum(end - first for first, end in part.ranges) if part.ranges else part.size


def _reach(amount: Amount) -> int:
    return max(amount.completed, amount.total or 0)


def _host(uris: tuple[str, ...]) -> str:
    try:
        return urlsplit(uris[0]).hostname or ""
    except (ValueError, IndexError):  # aria2 refuses it in a moment
        return ""
