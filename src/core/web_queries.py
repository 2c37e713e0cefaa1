"""What the web page reads: downloads and files as far as they are the viewer's to see."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from core.database import Database
from core.models import Download, MediaFile, Status
from core.requests import OVER
from core.rows import to_download, to_media_file
from core.sql_functions import utc_now
from core.tables import downloads, media_files, web_sessions
from core.viewers import Viewer

MOST_MOVING = 500  # downloads that one look reads; a longer queue is told by its number


class Shown(StrEnum):
    """Which downloads a list has."""

    ALL = "all"
    MOVING = "moving"  # not over
    OVER = "over"
    DONE = "done"  # delivered, or kept as was asked
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Look:
    """What all who watch are told of, read at one moment."""

    queue: Sequence[Download]
    watched: dict[int, Download]  # by id
    sessions: frozenset[str]  # those that hold still


class WebQueries:
    """The reads of the web page; none takes the write lock."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def look(self, *, watched: Collection[int], sessions: Collection[str]) -> Look:
        """What moves, these downloads, and which of these logins hold."""
        moving = and_(downloads.c.status.not_in(OVER), ~_kept())
        order = (
            downloads.c.status == Status.PENDING,
            downloads.c.priority.desc(),
            downloads.c.added_at,
            downloads.c.id,
        )

        async def work(connection: AsyncConnection) -> Look:
            queue = select(downloads).where(moving).order_by(*order).limit(MOST_MOVING)
            found = [to_download(row) for row in (await connection.execute(queue)).mappings()]
            named = select(downloads).where(downloads.c.id.in_(watched)) if watched else None
            rows = (await connection.execute(named)).mappings() if named is not None else ()
            held = select(web_sessions.c.token_hash).where(
                web_sessions.c.token_hash.in_(sessions), web_sessions.c.expires_at > utc_now()
            )
            live = frozenset((await connection.execute(held)).scalars())
            return Look(found, {row["id"]: to_download(row) for row in rows}, live)

        return await self._database.read(work)

    async def download(self, download_id: int, viewer: Viewer) -> Download | None:
        """One, if it is his to see."""
        found = await self._select(downloads.c.id == download_id, viewer.sees(), limit=1)
        return found[0] if found else None

    async def page(
        self,
        viewer: Viewer,
        *,
        shown: Shown = Shown.ALL,
        text: str = "",
        user_id: int | None = None,
        guild_id: int | None = None,
        site: str | None = None,
        before: int | None = None,
        limit: int = 50,
    ) -> list[Download]:
        """The newest first.

        Args:
            viewer: who looks.
            shown: which states.
            text: what stands in the title or the link.
            user_id: of one member.
            guild_id: of one guild.
            site: of one site.
            before: only those with smaller ids: the next page.
            limit: how many.
        """
        where = [viewer.sees(), *_state(shown)]
        if text:
            where.append(
                or_(*(column.icontains(text, autoescape=True) for column in (downloads.c.title, downloads.c.url)))
            )
        where += [downloads.c.user_id == user_id] if user_id is not None else []
        where += [downloads.c.guild_id == guild_id] if guild_id is not None else []
        where += [downloads.c.site == site] if site is not None else []
        where += [downloads.c.id < before] if before is not None else []
        return await self._select(*where, limit=limit)

    async def file(self, file_id: int, viewer: Viewer) -> MediaFile | None:
        """A file of a download that is his to see."""

        async def work(connection: AsyncConnection) -> MediaFile | None:
            statement = (
                select(media_files)
                .join(downloads, downloads.c.id == media_files.c.download_id)
                .where(media_files.c.id == file_id, viewer.sees())
            )
            row = (await connection.execute(statement)).mappings().first()
            return None if row is None else to_media_file(row)

        return await self._database.read(work)

    async def _select(self, *where: ColumnElement[bool], limit: int) -> list[Download]:
        statement = select(downloads).where(*where).order_by(downloads.c.id.desc()).limit(limit)

        async def work(connection: AsyncConnection) -> list[Download]:
            return [to_download(row) for row in (await connection.execute(statement)).mappings()]

        return await self._database.read(work)


def _kept() -> ColumnElement[bool]:
    return and_(downloads.c.status == Status.DOWNLOADED, downloads.c.upload == 0)


def _state(shown: Shown) -> list[ColumnElement[Any]]:
    match shown:
        case Shown.ALL:
            return []
        case Shown.MOVING:
            return [downloads.c.status.not_in(OVER), ~_kept()]
        case Shown.OVER:
            return [or_(downloads.c.status.in_(OVER), _kept())]
        case Shown.DONE:
            return [or_(downloads.c.status == Status.UPLOADED, _kept())]
        case Shown.FAILED | Shown.CANCELLED:
            return [downloads.c.status == shown.value]
