"""What a look at the storage did and found, as values; in words for the table `chores` and the log."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB")


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """Something that was removed, or would be."""

    path: Path
    why: str  # in a few words: an outcome, or what it is
    bytes: int = 0
    download_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something that is not as it should be, and that only a person can judge."""

    path: Path
    what: str
    download_id: int | None = None


@dataclass(slots=True)
class Report:
    """All of it."""

    removed: list[Removal] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    checked: int = 0  # files that were compared with what was recorded

    @property
    def bytes(self) -> int:
        """Bytes that were freed, or would be."""
        return sum(one.bytes for one in self.removed)

    def words(self) -> str:
        """One line."""
        counts = Counter(one.why for one in self.removed)
        told = [f"{count} {why}" for why, count in counts.most_common()]
        done = f"removed {', '.join(told)}: {in_units(self.bytes)}" if told else "nothing to remove"
        checked = [f"{self.checked} files checked"] if self.checked else []
        faults = Counter(one.what for one in self.faults)
        found = [f"{what}: {count}" for what, count in faults.most_common()]
        return "; ".join([done, *checked, *found])


def in_units(count: float) -> str:
    """A size for people: `31.2 MiB`."""
    for unit in UNITS[:-1]:
        if count < 1024:
            return f"{count:.0f} {unit}" if unit == UNITS[0] else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} {UNITS[-1]}"
