"""The daily look at everything: are kept files what was fetched, and does all that lies here belong to somebody?

It removes what is certainly of no use (locks and configurations of dead processes, patterns of older versions). What
only looks useless, because no row knows it, may be all that is left of a lost database: it is told, and removed when a
person says so.
"""

import asyncio
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from loguru import logger

from core.finished_mark import is_marked
from core.layout import STAGING, Layout
from core.models import MediaFile
from core.storage_book import StorageBook, Stored
from core.trash import Trash
from storage_module import disk
from storage_module.checksums import GONE, UNREADABLE, fault_of
from storage_module.janitor import Clock, utc
from storage_module.report import Fault, Removal, Report

BATCH = 200  # downloads
HANDFUL = 5  # downloads; more of them that have lost all their files, and no other: their disk is not there
ORPHAN_AGE = timedelta(hours=24)
LOCK_AGE = timedelta(days=1)
PATTERN_AGE = timedelta(days=30)
ORPHAN, ASIDE = "directory that no row knows", "directory that was put aside"
LOCK, CONFIG, PATTERNS = "lock of a dead runner", "configuration of a dead aria2c", "old patterns"
_CONFIG = re.compile(r"aria2-(\d+)\.conf")


class Inspector:
    """Looks at DOWNLOAD_DIR and the runners' own directory."""

    def __init__(
        self,
        book: StorageBook,
        layout: Layout,
        data_dir: Path,
        *,
        is_dead: Callable[[str], bool],
        clock: Clock = utc,
        dry_run: bool = False,
    ) -> None:
        """Make it; see `Janitor`. `data_dir` is that of locks, configurations and patterns."""
        self._book = book
        self._layout = layout
        self._data_dir = data_dir
        self._is_dead = is_dead
        self._clock = clock
        self._dry_run = dry_run

    async def inspect(self, *, sums: bool = True, remove_unknown: bool = False) -> Report:
        """Look at all of it.

        Args:
            sums: whether to read each kept file and compare its checksum; else its size alone.
            remove_unknown: a person says that what no row knows may go.
        """
        report = Report()
        rows = [row for row in await self._book.with_files() if row.claimed_by is None]
        here, gone = 0, []  # downloads
        for some in _batched(rows):
            files = await self._book.files_of([row.id for row in some])
            report.checked += sum(map(len, files.values()))
            for row in some:
                faults = await _faults_of(files[row.id], sums=sums)
                if faults and not await self._is_still(row):
                    continue  # it was delivered, removed or fetched anew while we looked
                report.faults += faults
                what = Counter(fault.what for fault in faults)
                if faults and what[GONE] == len(files[row.id]):
                    gone.append(row)
                elif what[GONE] + what[UNREADABLE] < len(files[row.id]):
                    here += 1
        await self._forget(gone, here=here)
        await self._unknown(report, remove=remove_unknown)
        await self._left_by_the_dead(report)
        return report

    async def _is_still(self, row: Stored) -> bool:
        return (await self._book.find([row.id])).get(row.id) == row

    async def _forget(self, gone: Sequence[Stored], *, here: int) -> None:
        """Write down of downloads that their files are gone, unless it is rather DOWNLOAD_DIR that is."""
        if not gone or self._dry_run:
            return
        if not (self._layout.root / STAGING).is_dir() or (not here and len(gone) > HANDFUL):
            logger.warning("files of {} downloads are gone: is DOWNLOAD_DIR mounted? Nothing is forgotten", len(gone))
            return
        for row in gone:
            faults = await _faults_of(await self._book.files(row.id), sums=False)
            if row.is_over and row.file_path is not None and all(fault.what == GONE for fault in faults):
                await self._book.forget(row, row.file_path, note="files are gone")

    async def _unknown(self, report: Report, *, remove: bool) -> None:
        """What lies there without a row."""
        found = await asyncio.to_thread(lambda: [*disk.homes(self._layout), *disk.staged(self._layout)])
        rows = await self._book.find(one.download_id for one in found)
        unknown: list[tuple[Path, str, int | None]] = [
            (one.path, ORPHAN, one.download_id)
            for one in found
            if one.download_id not in rows and self._is_of_a_download(one.path)
        ]
        unknown += [(path, ASIDE, None) for path in await asyncio.to_thread(lambda: list(disk.put_aside(self._layout)))]
        for path, what, download_id in unknown:
            if self._age(path) < ORPHAN_AGE:
                continue
            if remove:
                size = await asyncio.to_thread(disk.size_of, path)
                report.removed.append(Removal(path=path, why=what, bytes=size, download_id=download_id))
                if not self._dry_run:
                    await asyncio.to_thread(Trash(self._layout.root / STAGING / "trash").put, path)
            else:
                report.faults.append(Fault(path=path, what=what, download_id=download_id))
        if remove and not self._dry_run:
            await asyncio.to_thread(Trash(self._layout.root / STAGING / "trash").empty)

    def _is_of_a_download(self, path: Path) -> bool:
        """Whether a directory is ours: one directly below DOWNLOAD_DIR may be a person's own `2019`."""
        return path.parent != self._layout.root or is_marked(path)

    async def _left_by_the_dead(self, report: Report) -> None:
        named = await self._book.named_runners() | await asyncio.to_thread(self._owners)
        for path in sorted((self._data_dir / "locks").glob("*.lock")):
            name = path.name.removesuffix(".lock")
            if name not in named and self._age(path) > LOCK_AGE and self._is_dead(name):
                self._remove(report, path, LOCK)
        for path in sorted((self._data_dir / "aria2").glob("aria2-*.conf")):
            pid = _CONFIG.fullmatch(path.name)
            if pid is not None and not _is_running(int(pid[1])):
                self._remove(report, path, CONFIG)
        for path in sorted((self._data_dir / "patterns").glob("*")):
            if path.is_file() and self._age(path) > PATTERN_AGE and _is_older_version(path):
                self._remove(report, path, PATTERNS)

    def _owners(self) -> set[str]:
        """Runners that a staging directory names: their locks prove that it may be taken."""
        owners = set()
        for one in disk.staged(self._layout):
            with suppress(OSError, ValueError):
                owners.add((one.path / "owner").read_text(encoding="utf-8").replace("/", "_"))
        return owners

    def _remove(self, report: Report, path: Path, why: str) -> None:
        with suppress(FileNotFoundError):
            report.removed.append(Removal(path=path, why=why, bytes=path.stat().st_size))
            if not self._dry_run:
                path.unlink()

    def _age(self, path: Path) -> timedelta:
        try:
            return self._clock() - datetime.fromtimestamp(path.lstat().st_mtime, UTC)
        except (FileNotFoundError, PermissionError):
            return timedelta(0)


def _batched(rows: Sequence[Stored]) -> Iterator[Sequence[Stored]]:
    """All of them, some hundred at a time."""
    yield from (rows[first : first + BATCH] for first in range(0, len(rows), BATCH))


async def _faults_of(files: Sequence[MediaFile], *, sums: bool) -> list[Fault]:
    """One file a thread: when the process ends it waits for the one that is being read, and not for all."""
    return [
        Fault(path=Path(one.path), what=what, download_id=one.download_id)
        for one in files
        if (what := await asyncio.to_thread(fault_of, one, sums=sums))
    ]


def _is_older_version(path: Path) -> bool:
    """Whether a newer file of the same library lies beside it."""
    library = path.name.split("-")[0]
    return any(other.stat().st_mtime > path.stat().st_mtime for other in path.parent.glob(f"{library}-*"))


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
