"""How many bytes may be fetched for a server and for a member in 24 hours, and kept in all.

All bytes that came count, also those of tries that failed or were cancelled; see core/fetched.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from core.database import Database
from core.errors import OverQuota, QuotaExceeded
from core.fetched import WINDOW, fetched_lately
from core.models import Download, Status
from core.settings import Settings
from core.storage_book import has_files
from core.tables import downloads, fetched

MIB = 1024 * 1024
_RUNNING = (Status.EXTRACTING, Status.DOWNLOADING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quotas:
    """Bytes; 0 is no limit."""

    guild_day: int = 0
    member_day: int = 0
    storage: int = 0

    def __bool__(self) -> bool:
        return bool(self.guild_day or self.member_day or self.storage)


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What is left of the quota that leaves least, and the error of who wants more."""

    bytes: int
    error: OverQuota


def quotas_of(settings: Settings) -> Quotas:
    """Those of the host."""
    return Quotas(
        guild_day=settings.guild_daily_quota, member_day=settings.member_daily_quota, storage=settings.storage_max
    )


async def check_quotas(
    connection: AsyncConnection, quotas: Quotas, *, user_id: int | None, guild_id: int | None
) -> None:
    """Refuse a further download where a quota is used up.

    Raises:
        OverQuota: says when there is room again.
    """
    left = await _least(connection, quotas, user_id=user_id, guild_id=guild_id, besides=None)
    if left is not None and left.bytes <= 0:
        raise left.error


class QuotaBook:
    """The quotas, as the download stage asks for them."""

    def __init__(self, database: Database, quotas: Quotas) -> None:
        self._database = database
        self._quotas = quotas

    async def left(self, claim: Download, *, here: int = 0) -> Left | None:
        """What a claimed row may still fetch; None where nothing is limited.

        Args:
            claim: the row.
            here: bytes of it that are on disk and may be all that is missing: they were counted when they came.

        Raises:
            QuotaExceeded: nothing, and nothing of it is here.
        """
        if not self._quotas:
            return None

        async def work(connection: AsyncConnection) -> Left | None:
            who = {"user_id": claim.user_id, "guild_id": claim.guild_id}
            return await _least(connection, self._quotas, **who, besides=claim.id)

        left = await self._database.read(work)
        if left is not None and left.bytes <= 0 and not here:
            raise QuotaExceeded(str(left.error))
        return left


async def _least(
    connection: AsyncConnection, quotas: Quotas, *, user_id: int | None, guild_id: int | None, besides: int | None
) -> Left | None:
    found: list[Left] = []
    if quotas.guild_day and guild_id is not None:
        used = await fetched_lately(connection, fetched.c.guild_id == guild_id)
        used += await _to_come(connection, downloads.c.guild_id == guild_id, besides)
        free = _free_at(used, quotas.guild_day)
        error = OverQuota(
            f"This server may fetch {_mib(quotas.guild_day)} MiB within 24 hours, and has. "
            f"Ask again after {free:%H:%M} UTC."
        )
        found.append(Left(bytes=quotas.guild_day - sum(size for _, size in used), error=error))
    if quotas.member_day and user_id is not None:
        used = await fetched_lately(connection, fetched.c.user_id == user_id)
        used += await _to_come(connection, downloads.c.user_id == user_id, besides)
        free = _free_at(used, quotas.member_day)
        error = OverQuota(
            f"You may fetch {_mib(quotas.member_day)} MiB within 24 hours. Ask again after {free:%H:%M} UTC."
        )
        found.append(Left(bytes=quotas.member_day - sum(size for _, size in used), error=error))
    if quotas.storage and (guild_id is not None or user_id is not None):
        total = select(func.coalesce(func.sum(downloads.c.file_size), 0)).where(has_files())
        kept = int((await connection.execute(total)).scalar_one())
        error = OverQuota(
            f"This bot keeps {_mib(quotas.storage)} MiB of files and may not keep more. Ask again in some hours."
        )
        found.append(Left(bytes=quotas.storage - kept, error=error))
    return min(found, key=lambda left: left.bytes, default=None)


async def _to_come(
    connection: AsyncConnection, whose: ColumnElement[bool], besides: int | None
) -> list[tuple[str, int]]:
    """Bytes that downloads which run are about to fetch, as if they were here now."""
    left = downloads.c.file_size - downloads.c.downloaded_bytes
    where = [whose, downloads.c.status.in_(_RUNNING), left > 0]
    where += [downloads.c.id != besides] if besides is not None else []
    count = int((await connection.execute(select(func.coalesce(func.sum(left), 0)).where(*where))).scalar_one())
    return [(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}", count)] if count else []


def _free_at(used: Sequence[tuple[str, int]], limit: int) -> datetime:
    """When the oldest of them are so old that there is room again."""
    total = sum(size for _, size in used)
    for at, size in used:
        total -= size
        if total < limit:
            return datetime.fromisoformat(at).replace(tzinfo=UTC) + WINDOW
    return datetime.now(UTC)


def _mib(count: int) -> str:
    return f"{count / MIB:,.0f}"
