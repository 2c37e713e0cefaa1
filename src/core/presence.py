"""A process in the table `runners`: that it lives, how it is, and what it waits for."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

from loguru import logger
from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from core.alive import Alive
from core.database import Database
from core.database_faults import Complaints
from core.database_identity import Beat, Identity
from core.errors import DatabaseLost
from core.models import RunnerState
from core.redaction import KNOWN
from core.sql_functions import utc_now
from core.tables import runners

FAULTS = (SQLAlchemyError, OSError)  # asyncpg lets the errors of the socket pass
PATIENCE = 1.0  # seconds that a new state waits for a locked database; the next heartbeat writes it anyway


class Presence:
    """Writes the row of one process. Its state is kept here, and every heartbeat writes it."""

    def __init__(self, database: Database, *, name: str, kind: str) -> None:
        self._database = database
        self._name = name
        self._kind = kind
        self._pid = os.getpid()
        self._signed_on = False
        self._identity = Identity()
        self._complaints = Complaints()
        self.state = RunnerState.STARTING
        self.note: str | None = None

    async def sign_on(self, pid: int) -> None:
        """Enter the process into the table."""
        self._pid = pid

        async def work(connection: AsyncConnection) -> Beat:
            beat = await self._identity.beat(connection)
            await self._enter(connection)
            return beat

        self.committed(await self._database.write(work))
        self._signed_on = True

    async def set_state(self, state: RunnerState | str, note: str | None = None) -> None:
        """Say how the process is; written at once when it is new, and never a reason to fail.

        Args:
            state: how.
            note: for people, in a few words; what it waits for.
        """
        asked = RunnerState(state), None if note is None else KNOWN.hide(note)
        if (self.state, self.note) == asked:
            return
        self.state, self.note = asked
        if not self._signed_on:
            return
        try:
            async with asyncio.timeout(PATIENCE):
                self.committed(await self._database.write(self.beat))
        except (*FAULTS, DatabaseLost) as error:  # TimeoutError is an OSError
            logger.debug("the state {} is written with the next heartbeat: {!r}", self.state, error)

    async def beat(self, connection: AsyncConnection) -> Beat:
        """Write a sign of life within a transaction; once that is committed, it goes to `committed`.

        Raises:
            DatabaseLost: this is no longer the database where the process signed on.
        """
        beat = await self._identity.beat(connection)
        statement = (
            update(runners)
            .where(runners.c.name == self._name)
            .values(heartbeat_at=utc_now(), state=self.state.value, note=self.note)
        )
        if (await connection.execute(statement)).rowcount == 0 and self._signed_on:  # deleted by hand
            await self._enter(connection)
        return beat

    def committed(self, beat: Beat) -> None:
        """Know that the transaction of a sign of life is in the database."""
        self._identity.take_over(beat)

    async def _enter(self, connection: AsyncConnection) -> None:
        row = {"name": self._name, "kind": self._kind, "pid": self._pid, "state": self.state.value, "note": self.note}
        await connection.execute(insert(runners).values(**row))

    def signed_off(self) -> None:
        """The row was struck off: no heartbeat enters it again."""
        self._signed_on = False

    async def replace_dead(self, alive: Alive) -> None:
        """Strike off processes of the same kind that are certainly dead."""

        async def names(connection: AsyncConnection) -> list[str]:
            mine = select(runners.c.name).where(runners.c.kind == self._kind)
            return list((await connection.execute(mine)).scalars())

        dead = [name for name in await self._database.read(names) if alive.proves_dead(name)]
        await self.strike_off(*dead)

    async def strike_off(self, *names: str) -> None:
        """Remove these rows."""

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(delete(runners).where(runners.c.name.in_(names)))

        if names:
            await self._database.write(work)

    async def keep_beating(self, interval: float) -> None:
        """Write a sign of life every so many seconds, until cancelled."""
        while True:
            await asyncio.sleep(interval)
            try:
                self.committed(await self._database.write(self.beat))
                self._complaints.over()
            except DatabaseLost:
                return  # who waits for `Database.lost` ends the process
            except FAULTS as error:
                self._complaints.about(error, "no heartbeat could be written; trying again")


@contextlib.asynccontextmanager
async def present(database: Database, *, kind: str, lock_dir: Path, interval: float) -> AsyncIterator[Presence]:
    """A process that claims no rows (`bot`, `web`) is in the table for the time of a block, with a lock as proof.

    Args:
        database: migrated.
        kind: of process.
        lock_dir: where all processes keep their locks.
        interval: seconds between signs of life.
    """
    with Alive(lock_dir, kind) as alive:
        presence = Presence(database, name=alive.name, kind=kind)
        await presence.replace_dead(alive)
        await presence.sign_on(os.getpid())
        beating = asyncio.create_task(presence.keep_beating(interval), name="heartbeat")
        try:
            yield presence
        finally:
            beating.cancel()
            await asyncio.gather(beating, return_exceptions=True)
            presence.signed_off()
            try:
                async with asyncio.timeout(PATIENCE):
                    await presence.strike_off(alive.name)
            except (*FAULTS, DatabaseLost):
                logger.debug("could not sign off; the next {} does it", kind)
