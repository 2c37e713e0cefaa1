"""Wiring of what looks after the files: the janitor and its chores."""

from collections.abc import Callable
from functools import partial

from loguru import logger

from core.alive import proves_dead
from core.chores import Chore
from core.database import Database
from core.layout import Layout
from core.room import free_at
from core.settings import Settings
from core.storage_book import StorageBook
from storage_module.inspection import Inspector
from storage_module.janitor import Janitor
from storage_module.records import complete_records
from storage_module.report import Report
from storage_module.retention import Hours

MINUTE, HOUR, DAY = 60.0, 3600.0, 24 * 3600.0  # seconds


def hours_of(settings: Settings) -> Hours:
    """How long files stay on this host."""
    return Hours(
        delivered=settings.retention_delivered_hours,
        failed=settings.retention_failed_hours,
        undelivered=settings.retention_undelivered_hours,
        kept=settings.retention_kept_hours,
    )


def janitor_for(settings: Settings, database: Database, *, dry_run: bool = False, actor: str = "janitor") -> Janitor:
    """The janitor of DOWNLOAD_DIR."""
    return Janitor(
        StorageBook(database, actor=actor),
        Layout(settings.download_dir),
        hours=hours_of(settings),
        is_dead=partial(proves_dead, settings.lock_dir),
        delivery_dir=settings.delivery_path,
        dry_run=dry_run,
    )


def inspector_for(settings: Settings, database: Database, *, dry_run: bool = False) -> Inspector:
    """Who looks at everything."""
    return Inspector(
        StorageBook(database),
        Layout(settings.download_dir),
        settings.data_dir,
        is_dead=partial(proves_dead, settings.lock_dir),
        dry_run=dry_run,
    )


def storage_chores(settings: Settings, database: Database) -> tuple[Chore, ...]:
    """What is done by the clock."""
    janitor, inspector = janitor_for(settings, database), inspector_for(settings, database)

    async def room() -> str:
        return told("room", await janitor.make_room(settings.storage_min_free, free_of(settings)))

    async def sweep() -> str:
        return told("sweep", await janitor.sweep())

    async def retention() -> str:
        report = await janitor.retain()
        if settings.storage_max:
            report.removed += (await janitor.keep_below(settings.storage_max)).removed
        return told("retention", report)

    async def inspection() -> str:
        return told("inspection", await inspector.inspect())

    async def records() -> str:
        return await complete_records(janitor.book, janitor.layout)

    return (
        Chore(name="storage room", every=MINUTE, run=room),
        Chore(name="storage sweep", every=5 * MINUTE, run=sweep),
        Chore(name="storage records", every=10 * MINUTE, run=records, timeout=HOUR),
        Chore(name="storage retention", every=HOUR, run=retention),
        Chore(name="storage inspection", every=DAY, run=inspection, timeout=6 * HOUR),
    )


def free_of(settings: Settings) -> Callable[[], int]:
    """Tells the bytes that are free on the disk of DOWNLOAD_DIR."""
    return partial(free_at, settings.download_dir)


def told(what: str, report: Report) -> str:
    """The words of a report, which stand in the log as well when anything was done or found."""
    words = report.words()
    if report.removed or report.faults:
        logger.bind(chore=f"storage {what}", freed=report.bytes, faults=len(report.faults)).info("{}", words)
    for fault in report.faults[:20]:
        logger.bind(download=fault.download_id).warning("{}: {}", fault.what, fault.path)
    return words
