"""Removes files that nobody needs any more, and says which: every few minutes, hourly, and when room is short.

What a living row needs is never touched, nor what a row may be retried with in its time, nor what can't be proved to
be of a row of this database. The row is told first, then the directory goes to the trash in one rename, so that whoever
asks for it at that moment finds all of it or nothing.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from loguru import logger

from core.finished_mark import is_marked, is_of
from core.layout import STAGING, Layout
from core.storage_book import StorageBook, Stored
from core.trash import Trash
from storage_module import disk
from storage_module.report import Removal, Report
from storage_module.retention import Hours, Outcome, Rules, is_due, outcome_of, to_make_room

STRAY_AGE = timedelta(hours=1)
TEMPORARY, STAGED, TRASH = "temporary file", "staged", "trash"
Clock = Callable[[], datetime]


def utc() -> datetime:
    """The present."""
    return datetime.now(UTC)


class Janitor:
    """Looks after one DOWNLOAD_DIR."""

    def __init__(
        self,
        book: StorageBook,
        layout: Layout,
        *,
        hours: Hours,
        is_dead: Callable[[str], bool],
        delivery_dir: Path | None = None,
        clock: Clock = utc,
        dry_run: bool = False,
    ) -> None:
        """Make it.

        Args:
            book: the rows.
            layout: of DOWNLOAD_DIR.
            hours: how long files stay.
            is_dead: whether a runner and all its children are certainly gone.
            delivery_dir: where the destination `folder` puts files, and may leave half copies.
            clock: tells the present.
            dry_run: says what would go, and removes nothing.
        """
        self.book = book
        self.layout = layout
        self._hours = hours
        self._is_dead = is_dead
        self._delivery_dir = delivery_dir
        self._clock = clock
        self.dry_run = dry_run
        self._trash = Trash(layout.root / STAGING / "trash")

    async def sweep(self) -> Report:
        """What settled rows staged, half copies, empty directories, and the trash."""
        report = Report()
        await self._staged(report, await self._rules())
        await self._strays(report)
        await self._empty(report)
        return report

    async def retain(self) -> Report:
        """Finished files whose time is over."""
        report = Report()
        rules, now = await self._rules(), self._clock()
        found = await asyncio.to_thread(lambda: list(disk.homes(self.layout)))
        rows, linked = await self.book.find(one.download_id for one in found), await self.book.linked()
        for one in found:
            row = rows.get(one.download_id)
            if row is None or row.id in linked:
                continue
            if is_due(row, rules, now) and self._is_his(one.path, row):
                await self._remove(report, one.path, row)
        await self._empty(report)
        return report

    async def make_room(self, wanted: int, free: Callable[[], int]) -> Report:
        """Remove files before their time until `free` says that `wanted` bytes are, the least needed first.

        What stays for ever by the rules is not touched.
        """
        report = Report()
        if free() >= wanted:
            return report
        await asyncio.to_thread(self._trash.empty)
        found = await asyncio.to_thread(lambda: [*disk.homes(self.layout), *disk.staged(self.layout)])
        await self._expend(report, found, lambda freed: free() + (freed if self.dry_run else 0) >= wanted)
        return report

    async def keep_below(self, most: int) -> Report:
        """The same until finished files take no more than `most` bytes."""
        report = Report()
        found = await asyncio.to_thread(lambda: list(disk.homes(self.layout)))
        kept = await asyncio.to_thread(lambda: sum(disk.size_of(one.path) for one in found))
        await self._expend(report, found, lambda freed: kept - freed <= most)
        return report

    # -- what is removed -----------------------------------------------------------------------------------------

    async def _expend(self, report: Report, found: Sequence[disk.Found], enough: Callable[[int], bool]) -> None:
        """Remove the least needed of what was found until `enough` says so of the bytes that were freed."""
        if enough(0):
            return
        rules = await self._rules()
        places: dict[int, list[Path]] = {}
        for one in found:
            places.setdefault(one.download_id, []).append(one.path)
        rows, linked = await self.book.find(places), await self.book.linked()
        unlinked = (row for row in rows.values() if row.id not in linked)
        for row in to_make_room(unlinked, rules, self._clock()):
            if enough(report.bytes):
                break
            for path in places[row.id]:
                if path.parent.name == STAGING:
                    await self._remove_staged(report, path, row)
                elif self._is_his(path, row):
                    await self._remove(report, path, row)
            await self._empty_trash()

    async def _staged(self, report: Report, rules: Rules) -> None:
        found = await asyncio.to_thread(lambda: list(disk.staged(self.layout)))
        rows = await self.book.find(one.download_id for one in found)
        now = self._clock()
        for one in found:
            row = rows.get(one.download_id)
            if row is not None and is_due(row, rules, now):
                await self._remove_staged(report, one.path, row)

    async def _remove_staged(self, report: Report, path: Path, row: Stored) -> None:
        if not self._is_free(path, row):
            return
        why = f"{STAGED} of {outcome_of(row) or row.status}"
        size = await asyncio.to_thread(disk.size_of, path)
        report.removed.append(Removal(path=path, why=why, bytes=size, download_id=row.id))
        if not self.dry_run:
            await asyncio.to_thread(self._trash.put, path)

    async def _remove(self, report: Report, path: Path, row: Stored) -> None:
        outcome = outcome_of(row)
        assert outcome is not None, "only what is over is due"
        size = await asyncio.to_thread(disk.size_of, path)
        if not self.dry_run:
            before = _inode(path)
            note = f"files removed: {outcome}"
            if not await self.book.forget(row, str(path), note=note):
                return  # somebody asked for it at this moment
            if _inode(path) == before:  # else a runner put new files there
                await asyncio.to_thread(self._trash.put, path)
        report.removed.append(Removal(path=path, why=outcome, bytes=size, download_id=row.id))
        logger.bind(download=row.id, dry_run=self.dry_run).debug("files removed: {}", outcome)

    async def _strays(self, report: Report) -> None:
        if self._delivery_dir is None:
            return
        found = await asyncio.to_thread(lambda: list(disk.strays(self._delivery_dir or Path())))
        rows = await self.book.find(one.download_id for one in found)
        for one in found:
            row = rows.get(one.download_id)
            with suppress(FileNotFoundError):
                told = one.path.stat()
                old = self._clock() - datetime.fromtimestamp(told.st_mtime, UTC) > STRAY_AGE
                if old and (row is None or outcome_of(row) not in (None, Outcome.UNDELIVERED)):
                    report.removed.append(Removal(path=one.path, why=TEMPORARY, bytes=told.st_size))
                    if not self.dry_run:
                        one.path.unlink()

    async def _empty(self, report: Report) -> None:
        """The trash, and directories that hold nothing; nobody counts those."""
        trashed = await asyncio.to_thread(disk.size_of, self.layout.root / STAGING / "trash") if self.dry_run else 0
        if trashed:
            report.removed.append(Removal(path=self.layout.root / STAGING / "trash", why=TRASH, bytes=trashed))
        await self._empty_trash()
        if not self.dry_run:
            await asyncio.to_thread(_remove_empty, disk.empty_shelves(self.layout))

    async def _empty_trash(self) -> None:
        if not self.dry_run:
            await asyncio.to_thread(self._trash.empty)

    # -- whose it is ---------------------------------------------------------------------------------------------

    def _is_his(self, path: Path, row: Stored) -> bool:
        """Whether a directory is proved to hold files of this row, and not of an earlier database's."""
        return row.file_path == str(path) or (is_marked(path) and is_of(path, row.url))

    def _is_free(self, path: Path, row: Stored) -> bool:
        """Whether nobody writes there: who held the row in that epoch has given it up, or is dead."""
        if row.is_over and disk.epoch_of(path) <= row.epoch:
            return True
        try:
            owner = (path / "owner").read_text(encoding="utf-8")
        except FileNotFoundError:
            return True
        except (OSError, ValueError):
            return False
        return self._is_dead(owner)

    async def _rules(self) -> Rules:
        return Rules(hours=self._hours, guilds=await self.book.retention())


def _remove_empty(shelves: Iterable[Path]) -> None:
    for path in shelves:
        with suppress(OSError):  # somebody puts something there at this moment
            path.rmdir()


def _inode(path: Path) -> int | None:
    with suppress(FileNotFoundError):
        return path.stat().st_ino
    return None
