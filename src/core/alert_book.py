"""Warnings in the table `alerts`: since when each lasts, and whether the admin was told that it began and ended."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.alert_rules import AlertLimits, Facts
from core.database import Database
from core.library_age import days_since_release, installed
from core.models import Status
from core.redaction import KNOWN
from core.room import free_at
from core.settings import Settings
from core.snapshot import read_snapshot
from core.sql_functions import utc_in, utc_now
from core.tables import alerts, events
from core.upserts import upsert

HOUR = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """A warning; over when `ended_at` is known. Times are UTC text."""

    name: str
    sentence: str
    began_at: str
    ended_at: str | None
    told_at: str | None
    told_end_at: str | None


class AlertBook:
    """Reads and writes them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> list[Alert]:
        """Those that last, then those that are over, the newest first."""
        return await self._select(or_(alerts.c.ended_at.is_(None), alerts.c.ended_at.is_not(None)))

    async def active(self) -> list[Alert]:
        """Those that last."""
        return await self._select(alerts.c.ended_at.is_(None))

    async def untold(self) -> list[Alert]:
        """Those whose beginning or end the admin was not told of. What was over before it could be told is no news."""
        begun = and_(alerts.c.told_at.is_(None), alerts.c.ended_at.is_(None))
        over = and_(alerts.c.told_at.is_not(None), alerts.c.ended_at.is_not(None), alerts.c.told_end_at.is_(None))
        return await self._select(or_(begun, over))

    async def update(self, current: Mapping[str, str]) -> None:
        """Write which hold now: new ones begin, others end; of those that last, only the sentence changes."""
        known = {one.name: one.sentence for one in await self.active()}
        if known == dict(current):
            return

        async def work(connection: AsyncConnection) -> None:
            last = alerts.c.ended_at.is_(None)
            ended = update(alerts).where(last, alerts.c.name.not_in(list(current)))
            await connection.execute(ended.values(ended_at=utc_now()))
            for name, sentence in current.items():
                told = KNOWN.hide(sentence)
                lasting = update(alerts).where(last, alerts.c.name == name).values(sentence=told)
                if (await connection.execute(lasting)).rowcount:
                    continue
                anew = {"sentence": told, "began_at": utc_now(), "ended_at": None, "told_at": None, "told_end_at": None}
                await upsert(connection, alerts, {"name": name}, anew)

        await self._database.write(work)

    async def told(self, alert: Alert) -> None:
        """Note that the admin was told what this says."""
        which = {"told_end_at": utc_now()} if alert.ended_at else {"told_at": utc_now()}

        async def work(connection: AsyncConnection) -> None:
            same = (alerts.c.name == alert.name, alerts.c.began_at == alert.began_at)
            await connection.execute(update(alerts).where(*same).values(**which))

        await self._database.write(work)

    async def _select(self, *where: object) -> list[Alert]:
        async def work(connection: AsyncConnection) -> list[Alert]:
            order = (alerts.c.ended_at.is_not(None), alerts.c.began_at.desc(), alerts.c.name)
            rows = (await connection.execute(select(alerts).where(*where).order_by(*order))).mappings()  # type: ignore[arg-type]
            return [Alert(**row) for row in rows]

        return await self._database.read(work)


async def read_facts(database: Database, download_dir: Path) -> Facts:
    """How everything stands now."""

    async def work(connection: AsyncConnection) -> tuple[int, int]:
        ended = events.c.moved_to.in_((Status.UPLOADED, Status.FAILED, Status.DOWNLOADED))
        counted = func.count(events.c.download_id.distinct())
        statement = select(counted, counted.filter(events.c.moved_to == Status.FAILED))
        recent = (events.c.at > utc_in(-HOUR), ended, events.c.epoch.is_not(None))
        total, failed = (await connection.execute(statement.where(*recent))).one()
        return total, failed

    total, failed = await database.read(work)
    library = installed("yt-dlp") or "(missing)"
    return Facts(
        snapshot=await read_snapshot(database, totals=False),
        ended=total,
        failed=failed,
        free_space=await asyncio.to_thread(free_at, download_dir),
        library=library,
        library_days=days_since_release(library),
    )


def alert_limits(settings: Settings) -> AlertLimits:
    """What the settings say."""
    return AlertLimits(
        error_rate=settings.alert_error_rate,
        free_space=settings.alert_free_space,
        queue_length=settings.alert_queue_length,
        queue_wait=settings.alert_queue_wait,
        library_days=settings.alert_library_days,
        backup_hours=settings.alert_backup_hours,
        lease=settings.lease,
    )
