"""What is done for a SQLite database by the clock. Wiring only."""

import asyncio

from core.backups import Backups
from core.chores import Chore
from core.database import sqlite_path
from core.maintenance import faults_explained
from core.settings import Settings
from core.wal import cut_log

CUT_LOG_EVERY = 600.0  # seconds
HOUR = 3600.0


def database_chores(settings: Settings) -> tuple[Chore, ...]:
    """None for PostgreSQL, which looks after itself and has its own tool for backups."""
    path = sqlite_path(settings.database_url)
    if path is None:
        return ()

    async def cut() -> str:
        with faults_explained(settings.database_url):
            return await asyncio.to_thread(cut_log, path)

    chores = [Chore(name="write back the database's log", every=CUT_LOG_EVERY, run=cut)]
    if settings.database_backup_interval:
        backups = Backups(database=path, directory=settings.database_backup_path, keep=settings.database_backup_keep)

        async def back_up() -> str:
            with faults_explained(settings.database_url):
                return await asyncio.to_thread(backups.take)

        every = settings.database_backup_interval * HOUR
        chores.append(Chore(name="back up the database", every=every, run=back_up, timeout=HOUR))
    return tuple(chores)
