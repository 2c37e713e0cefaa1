"""Backups of a SQLite database by the clock: named by their time, verified, and no more than so many."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from core.sqlite_copies import copy_database

_TIME = "%Y%m%d-%H%M%S"
MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Backup:
    """One of them."""

    path: Path
    taken_at: datetime
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Backups:
    """Those of one database in one directory."""

    database: Path
    directory: Path
    keep: int

    def take(self) -> str:
        """Make one and remove those that are too many; what was done, in a few words.

        Raises:
            ConfigurationError: there is no room, or the copy is not sound.
            sqlite3.Error: the database can't be read.
            OSError: the directory can't be written.
        """
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        name = f"{self.database.stem}-{datetime.now(UTC).strftime(_TIME)}{self.database.suffix}"
        size = copy_database(self.database, self.directory / name)
        for old in self.all()[self.keep :]:
            old.path.unlink(missing_ok=True)
        return f"{name}, {size / MIB:.1f} MiB, verified; {len(self.all())} kept"

    def all(self) -> list[Backup]:
        """The newest first; files of other names are none of ours."""
        found = []
        for path in self.directory.glob(f"{self.database.stem}-*{self.database.suffix}"):
            text = path.name.removeprefix(f"{self.database.stem}-").removesuffix(self.database.suffix)
            try:
                taken = datetime.strptime(text, _TIME).replace(tzinfo=UTC)
                found.append(Backup(path, taken, path.stat().st_size))
            except (ValueError, FileNotFoundError):
                continue
        return sorted(found, key=lambda one: one.taken_at, reverse=True)
