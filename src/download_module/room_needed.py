"""How many bytes a plan has still to write, as far as that is known before anything is fetched."""

from dataclasses import dataclass
from pathlib import Path

from core.errors import DiskFull, TooLarge
from core.models import Download
from core.room import MIB, Disk
from core.store import Store
from download_module.assembler import is_made
from download_module.plan import DownloadPlan, Part
from download_module.staging import Staging


@dataclass(frozen=True, slots=True)
class RoomNeeded:
    """Bytes on the disk, beside those that are there."""

    least: int  # certainly
    expected: int  # by what the site says of sizes that nobody can know yet


async def take_room(store: Store, disk: Disk, claim: Download, plan: DownloadPlan, staging: Staging) -> None:
    """Have the room that a plan needs promised to its row.

    Raises:
        TooLarge: it could never have so much.
        DiskFull: it has to wait for it.
    """
    needed, ever = room_needed(plan, staging), max(0, disk.ever())
    if needed.least > ever:
        raise TooLarge(
            f"This media needs {needed.least // MIB:,} MiB; the disk of this bot has {ever // MIB:,} MiB for "
            "downloads, even when nothing else is there."
        )
    # What could never be there is a wrong estimate: nobody waits for it, and the watch sees what really comes.
    expected = needed.expected if needed.expected <= ever else needed.least
    if expected and not await store.enter_room(claim, needed=expected, left=disk.free() - disk.reserve):
        raise DiskFull(needed=expected)


def room_needed(plan: DownloadPlan, staging: Staging) -> RoomNeeded:
    """What is still to be fetched, and once more what is then put together of it."""
    sizes = [_size(part) for part in plan.parts]
    here = sum(_on_disk(staging.part(position)) for position in range(len(sizes)))
    made = {part for output in plan.outputs if is_made(output) for part in output.parts}
    fetched = sum(size or 0 for size in sizes)
    written = sum(size or 0 for part, size in zip(plan.parts, sizes, strict=True) if part in made)
    estimated = 0 if None not in sizes else (plan.estimate or 0) * (2 if made else 1)
    return RoomNeeded(least=max(0, fetched + written - here), expected=max(0, max(fetched + written, estimated) - here))


def _size(part: Part) -> int | None:
    if part.content is not None:
        return len(part.content)
    return sum(end - first for first, end in part.ranges) if part.ranges else part.size


def _on_disk(path: Path) -> int:
    try:
        found = path.stat()
    except OSError:
        return 0
    return min(found.st_size, found.st_blocks * 512)  # of a sparse file what is really there
