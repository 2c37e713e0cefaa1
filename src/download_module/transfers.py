"""One transfer of aria2's, as stage 3 sees it, and what a row's transfers are together."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from core.errors import BossBotError
from core.models import Progress
from download_module.plan import Part
from download_module.way_out import STRAIGHT, WayOut

ENOUGH_TO_GUESS = 3  # parts of known size, from whose mean the others are guessed


def _nothing() -> None:
    """For hooks that nobody needs."""


def _uncounted(_: int) -> None:
    """For bytes that nobody counts."""


def _never(_: BossBotError) -> bool:
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """A part to fetch. `gid` follows from row and epoch, so that adding it twice is the same as once."""

    gid: str  # 16 hexadecimal digits
    part: Part
    target: Path  # the file; for a torrent the directory of its files
    begun: Callable[[], None] = _nothing  # called while bytes arrive
    arrived: Callable[[int], None] = _uncounted  # called with how many came since the last time, kept or not
    restart: Callable[[], None]  # drops bytes on disk that can't be continued
    drop: Callable[[], None]  # drops bytes on disk that proved wrong
    replaced: Callable[[], None] = _nothing  # from now on the bytes are those of a fallback
    # Called with the files when the part is complete; raises a BossBotError when they are not what they should be.
    finish: Callable[[list[Path]], None]
    verify: Callable[[list[Path]], Awaitable[None]] | None = None  # a longer look, after `finish`; raises like it
    done: Callable[[], None] = _nothing  # called when it is complete and what it should be
    forgives: Callable[[BossBotError], bool] = _never  # whether the others go on when this part ends in that error
    rate: int = 0  # bytes a second for all transfers of its row together; 0: no limit
    connections: int = 0  # from its row to its host at once; 0: no limit but the general one
    way_out: WayOut = STRAIGHT


@dataclass(frozen=True, slots=True)
class Amount:
    """How far one transfer is, or several together."""

    completed: int = 0
    total: int | None = None
    speed: int = 0
    parts: int = 1


def gid_of(download_id: int, epoch: int, position: int) -> str:
    """The gid of a part: 8 digits of the row, 4 of the epoch, 4 of the position."""
    return f"{download_id & 0xFFFFFFFF:08x}{epoch & 0xFFFF:04x}{position & 0xFFFF:04x}"


def sum_up(amounts: Iterable[Amount]) -> Progress:
    """All transfers of a row as one.

    Sizes that nobody knows yet are guessed by the mean of the known ones when there are some (segments of a stream);
    otherwise there is no percentage.
    """
    amounts = list(amounts)
    completed = sum(amount.completed for amount in amounts)
    speed = sum(amount.speed for amount in amounts)
    total = _total(amounts)
    percent = min(100.0, 100.0 * completed / total) if total else 0.0
    left = max(total - completed, 0) if total else None
    eta = round(left / speed) if left is not None and speed > 0 else None
    return Progress(
        progress=round(percent, 1),
        downloaded_bytes=completed,
        download_speed=speed,
        eta_seconds=eta,
        activity="downloading",
    )


def _total(amounts: list[Amount]) -> int | None:
    known = [(amount.total, amount.parts) for amount in amounts if amount.total is not None]
    total, parts = sum(size for size, _ in known), sum(parts for _, parts in known)
    unknown = [amount for amount in amounts if amount.total is None]
    if not unknown:
        return total
    if parts < ENOUGH_TO_GUESS:
        return None
    mean = total // parts
    return total + sum(max(mean * amount.parts, amount.completed) for amount in unknown)
