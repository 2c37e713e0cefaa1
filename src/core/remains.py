"""What is left behind by hand edits, dead runners, and a clock that was set: what a runner tidies up after them."""

from datetime import UTC, datetime

from sqlalchemy import and_, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.database import Database
from core.models import Stage, Status
from core.sql_functions import utc_now
from core.tables import downloads, media_files, runners

# Of a row that nobody works on.
IDLE = {
    "claimed_by": None,
    "heartbeat_at": None,
    "download_speed": 0,
    "eta_seconds": None,
    "activity": None,
    "room_needed": None,
    "waits_for": None,
}


class Remains:
    """Of one stage."""

    def __init__(self, database: Database, stage: Stage) -> None:
        self._database = database
        self._stage = stage

    async def tidy(self) -> None:
        """Complete what hand edits left half done: claims of rows that are over, files of rows that were deleted."""
        over = downloads.c.status.in_((Status.UPLOADED, Status.FAILED, Status.CANCELLED))
        half = and_(over, downloads.c.claimed_by.is_not(None))
        orphaned = media_files.c.download_id.not_in(select(downloads.c.id))

        async def look(connection: AsyncConnection) -> bool:
            asked = select(
                select(downloads.c.id).where(half).exists() | select(media_files.c.id).where(orphaned).exists()
            )
            return bool((await connection.execute(asked)).scalar_one())

        async def work(connection: AsyncConnection) -> None:
            ended = func.coalesce(downloads.c.finished_at, utc_now())
            await connection.execute(update(downloads).where(half).values(**IDLE, finished_at=ended))
            await connection.execute(delete(media_files).where(orphaned))

        if await self._database.read(look):
            await self._database.write(work)

    async def holders(self) -> list[str]:
        """The names of all runners that hold rows of this stage, or have signed on for it."""

        async def work(connection: AsyncConnection) -> list[str]:
            held = select(downloads.c.claimed_by).where(
                downloads.c.status.in_(self._stage.works_in), downloads.c.claimed_by.is_not(None)
            )
            signed_on = select(runners.c.name).where(runners.c.kind == self._stage.name)
            return [name for (name,) in await connection.execute(held.union(signed_on))]

        return await self._database.read(work)

    async def clock(self) -> float:
        """The database's clock, in seconds since 1970; whole ones."""

        async def work(connection: AsyncConnection) -> str:
            return str((await connection.execute(select(utc_now()))).scalar_one())

        return datetime.fromisoformat(await self._database.read(work)).replace(tzinfo=UTC).timestamp()

    async def try_again_now(self) -> None:
        """Have rows that wait for another try wait no longer: the clock was set back, and their time is far off."""

        async def work(connection: AsyncConnection) -> None:
            failed = or_(
                downloads.c.error_kind.is_not(None),
                downloads.c.room_needed.is_not(None),
                downloads.c.waits_for.is_not(None),
            )
            waits = and_(downloads.c.status == self._stage.takes, downloads.c.available_at > utc_now(), failed)
            await connection.execute(update(downloads).where(waits).values(available_at=None))

        await self._database.write(work)
