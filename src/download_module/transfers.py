"""One transfer of aria2's, as stage 3 sees it, and what a row's transfers are together."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from core.models import Progress
from download_module.plan import Part


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """A part to fetch. `gid` follows from row and epoch, so that adding it twice is the same as once."""

    gid: str  # 16 hexadecimal digits
    part: Part
    target: Path  # the file; for a torrent the directory of its files
    begun: Callable[[], None] = lambda: None  # called while bytes arrive
    restart: Callable[[], None]  # drops bytes on disk that can't be continued
    drop: Callable[[], None]  # drops bytes on disk that proved wrong
    # Called once with the files when the part is complete; raises a BossBotError when they are not what they should be.
    finish: Callable[[list[Path]], None]


@dataclass(frozen=True, slots=True)
class Amount:
    """How far one transfer is."""

    completed: int = 0
    total: int | None = None
    speed: int = 0


def gid_of(download_id: int, epoch: int, position: int) -> str:
    """The gid of a part: 8 digits of the row, 4 of the epoch, 4 of the position."""
    return f"{download_id & 0xFFFFFFFF:08x}{epoch & 0xFFFF:04x}{position & 0xFFFF:04x}"


def sum_up(amounts: Iterable[Amount]) -> Progress:
    """All transfers of a row as one: percent only when every size is known."""
    amounts = list(amounts)
    completed = sum(amount.completed for amount in amounts)
    speed = sum(amount.speed for amount in amounts)
    totals = [amount.total for amount in amounts]
    total = None if None in totals else sum(total for total in totals if total is not None)
    percent = min(100.0, 100.0 * completed / total) if total else 0.0
    left = total - completed if total else None
    eta = round(left / speed) if left is not None and speed > 0 else None
    return Progress(
        progress=round(percent, 1),
        downloaded_bytes=completed,
        download_speed=speed,
        eta_seconds=eta,
        activity="downloading",
    )
