"""Work that comes round by the clock (cleaning up, figures, backups): the table `chores` says who does it when.

Any number of runners may look; one of them does it. A person runs a chore at once with
`UPDATE chores SET started_at = NULL WHERE name = '...'`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from loguru import logger
from sqlalchemy import ColumnElement, and_, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.database import Database, DatabaseFault
from core.errors import BossBotError, DatabaseLost
from core.redaction import KNOWN
from core.sql_functions import utc_in, utc_now
from core.tables import chores

LOOK = 15.0  # seconds between looks at the table
SHORT = 600.0  # seconds
AHEAD = 60.0  # seconds; a start that lies further in the future was written before the clock was set back


@dataclass(frozen=True, slots=True, kw_only=True)
class Chore:
    """Something to do every so often."""

    name: str
    every: float  # seconds from start to start
    run: Callable[[], Awaitable[str]]  # gives a report in a few words
    timeout: float = SHORT  # seconds; after that it is broken off, and another runner may begin it

    @property
    def is_long(self) -> bool:
        """Whether it may take so long that others must not wait for it."""
        return self.timeout > SHORT


class ChoreBook:
    """What one runner writes about chores."""

    def __init__(self, database: Database, *, runner: str) -> None:
        self._database = database
        self._runner = runner

    async def list_up(self, names: Sequence[str]) -> None:
        """See that there is a row for each of them."""

        async def work(connection: AsyncConnection) -> None:
            known = set((await connection.execute(select(chores.c.name))).scalars())
            for name in names:
                if name not in known:
                    await connection.execute(insert(chores).values(name=name))

        await self._database.write(work)

    async def due(self, those: Sequence[Chore]) -> list[Chore]:
        """Those of them that are due; reads only."""

        async def work(connection: AsyncConnection) -> list[Chore]:
            asked = [select(chores.c.name).where(*self._is_due(chore)) for chore in those]
            found = {name for statement in asked for name in (await connection.execute(statement)).scalars()}
            return [chore for chore in those if chore.name in found]

        return await self._database.read(work)

    async def begin(self, chore: Chore) -> bool:
        """Whether this runner is the one to do it now; one statement, so that no two are."""

        async def work(connection: AsyncConnection) -> bool:
            statement = (
                update(chores)
                .where(*self._is_due(chore))
                .values(runner=self._runner, started_at=utc_now(), finished_at=None)
            )
            return (await connection.execute(statement)).rowcount == 1

        return await self._database.write(work)

    async def end(self, chore: Chore, *, report: str | None, error: str | None) -> None:
        """Write how it went; an older report stays beside an error."""

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(
                update(chores)
                .where(chores.c.name == chore.name, chores.c.runner == self._runner)
                .values(
                    finished_at=utc_now(),
                    report=func.coalesce(report, chores.c.report),
                    error=error,
                )
            )

        await self._database.write(work)

    def _is_due(self, chore: Chore) -> tuple[ColumnElement[bool], ...]:
        begun, ended = chores.c.started_at, chores.c.finished_at
        over = or_(ended.is_not(None), begun <= utc_in(-chore.timeout))  # else somebody is at it
        again = begun <= utc_in(-chore.every)
        return (
            chores.c.name == chore.name,
            or_(begun.is_(None), begun > utc_in(AHEAD), and_(again, over)),
        )


async def keep_doing(book: ChoreBook, those: Sequence[Chore], *, look: float = LOOK) -> None:
    """Do what is due, one chore after the other, until cancelled. No fault of a chore ends the others."""
    listed = False
    while True:
        try:
            if not listed:
                await book.list_up([chore.name for chore in those])
                listed = True
            for chore in await book.due(those):
                if await book.begin(chore):
                    await _do(book, chore)
        except DatabaseLost:
            return  # the process ends
        except (DatabaseFault, OSError) as error:  # asyncpg lets the errors of the socket pass
            logger.warning("could not look for chores: {}", error)
        await asyncio.sleep(look)


async def _do(book: ChoreBook, chore: Chore) -> None:
    report: str | None = None
    fault: str | None = None
    try:
        async with asyncio.timeout(chore.timeout):
            report = KNOWN.hide(await chore.run())
    except TimeoutError:
        fault = f"not done within {chore.timeout:g} s"
        logger.bind(chore=chore.name).warning("a chore was broken off: {}", fault)
    except (BossBotError, OSError) as error:
        fault = KNOWN.hide(str(error))
        logger.bind(chore=chore.name).warning("a chore failed: {}", fault)
    except Exception as error:  # noqa: BLE001  (whatever it is, the others go on; the traceback is in the log)
        fault = KNOWN.hide(f"{type(error).__name__}: {error}")
        logger.bind(chore=chore.name).exception("a chore failed")
    await book.end(chore, report=report, error=fault)
