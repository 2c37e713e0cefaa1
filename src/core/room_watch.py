"""Keeps a reserve of the disk free: no row is begun without room, and what fills the disk is stopped in time."""

import time
from collections.abc import Sequence
from functools import partial

from loguru import logger
from sqlalchemy.ext.asyncio import AsyncConnection

from core.attempt import Attempt
from core.database import Database
from core.models import RunnerState, StopReason
from core.presence import FAULTS
from core.room import MIB, Disk, promised, tell_waiting, whole_size
from core.store import Store

LOOK = 0.5  # seconds between looks at the disk
TELL = 5.0  # seconds between looks for rows that were added while there is no room
# Parts of the reserve: what runs may eat into it, so that it does not stop and go.
STOP_ONE, STOP_ALL = 2, 8


class RoomWatch:
    """Watches one disk for the download stage."""

    def __init__(self, store: Store, database: Database, disk: Disk) -> None:
        self._store = store
        self._database = database
        self._disk = disk
        self._looked = self._told = float("-inf")
        self._waits = False

    async def look(self, running: Sequence[Attempt]) -> None:
        """Note how much room is left; stop what runs when it takes too much of the reserve.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the database did not answer.
        """
        now = time.monotonic()
        if now - self._looked < LOOK:
            return
        self._looked = now
        free = self._disk.free()
        await self._stop_some(free, running)
        room = free - self._disk.reserve
        self._store.room.left = room - (await self._database.read(promised) if running else 0)
        await self._tell(waits=room <= 0)

    async def _stop_some(self, free: int, running: Sequence[Attempt]) -> None:
        """What was begun last first, one a look: those before it may get to their end."""
        if free >= self._disk.reserve // STOP_ONE:
            return
        working = [attempt for attempt in running if attempt.reason is None]
        for attempt in working if free < self._disk.reserve // STOP_ALL else working[-1:]:
            logger.bind(download=attempt.claim.id).warning("stopped: only {} MiB of the disk are free", free // MIB)
            attempt.interrupt(await self._reason(attempt))

    async def _reason(self, attempt: Attempt) -> StopReason:
        """What has no end would wait for as much again for ever, and its staging would fill the disk meanwhile."""
        try:
            whole = await self._database.read(partial(whole_size, download_id=attempt.claim.id))
        except FAULTS:  # the disk comes first
            return StopReason.NO_ROOM
        return StopReason.TOO_LARGE if whole > self._disk.ever() else StopReason.NO_ROOM

    async def _tell(self, *, waits: bool) -> None:
        changed = waits is not self._waits
        if not changed and not (waits and time.monotonic() - self._told > TELL):
            return
        self._waits, self._told = waits, time.monotonic()
        if changed:
            await self._say(waits=waits)

        async def work(connection: AsyncConnection) -> None:
            await tell_waiting(connection, self._store.stage, waits=waits)

        await self._database.write(work)

    async def _say(self, *, waits: bool) -> None:
        where = self._disk.directory
        if waits:
            kept = f"{self._disk.reserve // MIB} MiB are kept free (STORAGE_MIN_FREE)"
            logger.warning("no room on the disk of {}: {}; downloads wait until there is", where, kept)
            await self._store.set_state(RunnerState.WAITING, f"for room on the disk of {where}: {kept}")
        else:
            logger.info("there is room on the disk of {} again; downloads go on", where)
            await self._store.set_state(RunnerState.READY)
