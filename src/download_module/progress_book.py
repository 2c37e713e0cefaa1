"""Collects the progress of all rows of a runner, and the bytes that came for them, and writes both."""

import asyncio

from loguru import logger

from core.database import DatabaseFault
from core.database_faults import is_full
from core.models import Download, Progress
from core.store import Store

INTERVAL = 0.8  # seconds; at least every second something is written while something moves


class ProgressBook:
    """The latest progress of each row; `keep` writes what changed."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._latest: dict[int, tuple[Download, Progress]] = {}
        self._unwritten: dict[int, tuple[Download, Progress]] = {}
        self._arrived: dict[tuple[int, int], tuple[Download, int]] = {}  # by row and epoch, since it was last written
        self._changed = asyncio.Event()
        self._writing = asyncio.Lock()

    def note(self, claim: Download, progress: Progress) -> None:
        """Remember how far a row is."""
        if self._latest.get(claim.id) != (claim, progress):
            self._latest[claim.id] = self._unwritten[claim.id] = (claim, progress)
            self._changed.set()

    def count(self, claim: Download, arrived: int) -> None:
        """Count bytes that came for a claim. They are written also when the row is forgotten before that."""
        _, before = self._arrived.get((claim.id, claim.epoch), (claim, 0))
        self._arrived[claim.id, claim.epoch] = claim, before + arrived
        self._changed.set()

    async def forget(self, claim: Download) -> None:
        """The row's transfer ended; nothing of it is written after this, so that what comes next is not undone."""
        self._latest.pop(claim.id, None)
        self._unwritten.pop(claim.id, None)
        async with self._writing:
            return

    async def keep(self) -> None:
        """Write for ever."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            await self._write_progress()
            await self.write_counts()
            await asyncio.sleep(INTERVAL)

    async def _write_progress(self) -> None:
        changed, self._unwritten = self._unwritten, {}
        try:
            async with self._writing:
                await self._store.write_progress([one for one in changed.values() if one[0].id in self._latest])
        except (DatabaseFault, OSError) as error:  # asyncpg lets the errors of the socket pass
            self._complain(error)
            self._unwritten = {row: self._latest[row] for row in changed if row in self._latest} | self._unwritten
            self._changed.set()

    async def write_counts(self) -> None:
        """Write the bytes that came since the last time."""
        counted, self._arrived = self._arrived, {}
        try:
            await self._store.add_fetched(list(counted.values()))
        except (DatabaseFault, OSError) as error:
            self._complain(error)
            for claim, arrived in counted.values():
                self.count(claim, arrived)

    def _complain(self, error: Exception) -> None:
        if not is_full(error):  # the loop says so once
            logger.warning("could not write progress: {}", error)
