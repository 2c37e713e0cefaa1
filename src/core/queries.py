"""What people read: downloads, files, history, queue."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from core.database import Database
from core.expected_start import Line, read_line
from core.limits import Limited, used
from core.models import Batch, Download, MediaFile, RunnerState, Status
from core.preferences import GuildPreferences, MemberPreferences
from core.requests import OVER, waits
from core.rows import to_download, to_media_file
from core.settings_tables import read_languages, read_preferences
from core.sql_functions import utc_now
from core.tables import downloads, events, guild_settings, media_files, runners

ACTIVE = tuple(status for status in Status if status not in OVER)


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a download's history."""

    at: str
    actor: str
    moved_to: str
    note: str | None


@dataclass(frozen=True, slots=True)
class Runner:
    """A process that signed on; `heartbeat_at` is its last sign of life, `rows` how many it holds."""

    name: str
    kind: str
    pid: int
    started_at: str
    heartbeat_at: str
    seconds_silent: float
    state: RunnerState = RunnerState.READY
    note: str | None = None
    rows: int = 0

    @property
    def host(self) -> str:
        """The machine it runs on, as `Alive` writes it into the name: `kind@host:pid:mark`."""
        return self.name.partition("@")[2].rsplit(":", 2)[0]


class Queries:
    """The reads of everybody; none takes the write lock."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, download_id: int) -> Download | None:
        """One download, or None."""
        found = await self._select(downloads.c.id == download_id, limit=1)
        return found[0] if found else None

    async def cards_among(self, message_ids: Sequence[int]) -> set[int]:
        """Which of these messages are the card of a download."""
        column = downloads.c.progress_message_id

        async def work(connection: AsyncConnection) -> set[int]:
            return set((await connection.execute(select(column).where(column.in_(message_ids)))).scalars())

        return await self._database.read(work)

    async def find(self, ids: Sequence[int]) -> list[Download]:
        """These downloads, in the order of their ids; those that are missing are left out."""
        return sorted(await self._select(downloads.c.id.in_(ids), limit=len(ids)), key=lambda found: found.id)

    async def children(
        self, parent_ids: Sequence[int], *, statuses: Sequence[Status] = tuple(Status), limit: int = 10_000
    ) -> list[Download]:
        """The entries of these playlists, in the order in which they were found."""
        where = (downloads.c.parent_id.in_(parent_ids), downloads.c.status.in_(statuses))
        return await self._select(*where, limit=limit, order=(downloads.c.id,))

    async def batches(self, found: Sequence[Download]) -> dict[int, Batch]:
        """How far the playlists among these downloads are, by id."""
        ids = [download.id for download in found if download.is_kept]
        if not ids:
            return {}
        kept = and_(downloads.c.status == Status.DOWNLOADED, downloads.c.upload == 0)
        done = func.count().filter(or_(downloads.c.status == Status.UPLOADED, kept))

        async def work(connection: AsyncConnection) -> dict[int, Batch]:
            statement = (
                select(
                    downloads.c.parent_id,
                    func.count(),
                    done,
                    func.count().filter(downloads.c.status == Status.FAILED),
                    func.count().filter(downloads.c.status == Status.CANCELLED),
                )
                .where(downloads.c.parent_id.in_(ids))
                .group_by(downloads.c.parent_id)
            )
            return {id_: Batch(*counts) for id_, *counts in await connection.execute(statement)}

        return await self._database.read(work)

    async def newest(
        self,
        *,
        statuses: Sequence[Status] | None = None,
        guild_id: int | None = None,
        user_id: int | None = None,
        entries: bool = True,
        limit: int = 50,
    ) -> list[Download]:
        """The newest downloads first; `entries` False leaves out those of playlists."""
        where: list[ColumnElement[bool]] = [downloads.c.status.in_(statuses)] if statuses else []
        where += [downloads.c.parent_id.is_(None)] if not entries else []
        where += [downloads.c.guild_id == guild_id] if guild_id is not None else []
        where += [downloads.c.user_id == user_id] if user_id is not None else []
        return await self._select(*where, limit=limit)

    async def queue(
        self, *, guild_id: int | None = None, user_id: int | None = None, limit: int = 50
    ) -> list[Download]:
        """What is running, then what waits, in about the order in which it will be taken."""
        kept = and_(downloads.c.status == Status.DOWNLOADED, downloads.c.upload == 0)
        where: list[ColumnElement[bool]] = [downloads.c.status.in_(ACTIVE), ~kept]
        where += [downloads.c.guild_id == guild_id] if guild_id is not None else []
        where += [downloads.c.user_id == user_id] if user_id is not None else []
        order = (
            downloads.c.status == Status.PENDING,
            downloads.c.priority.desc(),
            downloads.c.added_at,
            downloads.c.id,
        )
        return await self._select(*where, limit=limit, order=order)

    async def ahead_of(self, download: Download) -> int:
        """How many rows wait before this one, by priority and age."""
        first = or_(
            downloads.c.priority > download.priority,
            and_(
                downloads.c.priority == download.priority,
                or_(
                    downloads.c.added_at < download.added_at,
                    and_(downloads.c.added_at == download.added_at, downloads.c.id < download.id),
                ),
            ),
        )
        waiting = and_(downloads.c.status == Status.PENDING, downloads.c.paused == 0, downloads.c.cancelled == 0)
        return await self._count(waiting, first)

    async def line(self, *, limit: int = 500) -> Line:
        """Those who wait, about in the order in which they will be taken, and how long one takes."""
        return await self._database.read(lambda connection: read_line(connection, limit=limit))

    async def counts(self) -> dict[Status, int]:
        """How many rows have each status."""

        async def work(connection: AsyncConnection) -> dict[Status, int]:
            rows = await connection.execute(select(downloads.c.status, func.count()).group_by(downloads.c.status))
            return {Status(status): count for status, count in rows}

        return await self._database.read(work)

    async def files(self, download_id: int) -> list[MediaFile]:
        """The files of a download, in order, as they were fetched."""
        return [file for file in await self.all_files(download_id) if file.fitted_from is None]

    async def all_files(self, download_id: int) -> list[MediaFile]:
        """The same, and behind them what was made of them to fit the destination."""

        async def work(connection: AsyncConnection) -> list[MediaFile]:
            statement = select(media_files).where(media_files.c.download_id == download_id)
            rows = await connection.execute(statement.order_by(media_files.c.position))
            return [to_media_file(row) for row in rows.mappings()]

        return await self._database.read(work)

    async def history(self, download_id: int) -> list[Event]:
        """Who moved this download when, oldest first."""

        async def work(connection: AsyncConnection) -> list[Event]:
            columns = (events.c.at, events.c.actor, events.c.moved_to, events.c.note)
            statement = select(*columns).where(events.c.download_id == download_id).order_by(events.c.id)
            return [Event(*row) for row in await connection.execute(statement)]

        return await self._database.read(work)

    async def with_stale_message(self, *, limit: int = 100) -> list[Download]:
        """Downloads whose progress message may show something old: those that move, and those that ended unseen.

        A playlist moves as long as one of its entries is not over.
        """
        unseen = downloads.c.progress_message_status.is_distinct_from(downloads.c.status)
        entry = downloads.alias("entry")
        entry_is_kept = and_(entry.c.status == Status.DOWNLOADED, entry.c.upload == 0)
        moving_entries = select(entry.c.parent_id).where(
            entry.c.status.in_(ACTIVE), ~entry_is_kept, entry.c.parent_id.is_not(None)
        )
        moving = or_(
            downloads.c.status.in_((Status.EXTRACTING, Status.DOWNLOADING, Status.UPLOADING)),
            downloads.c.id.in_(moving_entries),
        )
        return await self._select(downloads.c.progress_message_id.is_not(None), or_(unseen, moving), limit=limit)

    async def without_card(self, *, limit: int = 20) -> list[Download]:
        """Entries of lists with a thread that have no message there yet, and that are worked on or failed."""
        shown = (Status.EXTRACTING, Status.DOWNLOADING, Status.UPLOADING, Status.FAILED)
        return await self._select(
            downloads.c.thread_id.is_not(None),
            downloads.c.thread_id == downloads.c.channel_id,
            downloads.c.parent_id.is_not(None),
            downloads.c.progress_message_id.is_(None),
            downloads.c.progress_message_status.is_(None),
            downloads.c.status.in_(shown),
            limit=limit,
            order=(downloads.c.id,),
        )

    async def learned_upload_limit(self, guild_id: int) -> int | None:
        """The upload limit in bytes that was last seen for a guild."""

        async def work(connection: AsyncConnection) -> int | None:
            statement = select(guild_settings.c.upload_limit_bytes).where(guild_settings.c.guild_id == guild_id)
            return (await connection.execute(statement)).scalar_one_or_none()

        return await self._database.read(work)

    async def of_media(
        self, site: str, media_id: str, *, guild_id: int | None, user_id: int | None, limit: int
    ) -> list[Download]:
        """Downloads of the same media in a guild, the newest first; where there is no guild, of one member."""
        where = [downloads.c.guild_id == guild_id] if guild_id is not None else []
        where += [downloads.c.guild_id.is_(None), downloads.c.user_id == user_id] if guild_id is None else []
        return await self._select(downloads.c.site == site, downloads.c.media_id == media_id, *where, limit=limit)

    async def guild_preferences(self, guild_id: int | None) -> GuildPreferences:
        """What a guild chose; the defaults for None, which is a direct message."""
        if guild_id is None:
            return GuildPreferences()
        return await self._database.read(lambda connection: read_preferences(connection, GuildPreferences, guild_id))

    async def member_preferences(self, user_id: int | None) -> MemberPreferences:
        """What a member chose for himself; the defaults for None, which is nobody."""
        if user_id is None:
            return MemberPreferences()
        return await self._database.read(lambda connection: read_preferences(connection, MemberPreferences, user_id))

    async def used(self, *, user_id: int, guild_id: int | None) -> dict[Limited, int]:
        """What a member has now of what may be limited."""
        return await self._database.read(
            lambda connection: used(connection, waits(), user_id=user_id, guild_id=guild_id)
        )

    async def chosen_languages(self) -> tuple[dict[int, str], dict[int, str]]:
        """The languages that members chose, and those that guilds chose, by their ids."""

        async def work(connection: AsyncConnection) -> tuple[dict[int, str], dict[int, str]]:
            return (
                await read_languages(connection, MemberPreferences),
                await read_languages(connection, GuildPreferences),
            )

        return await self._database.read(work)

    async def runners(self) -> list[Runner]:
        """The processes that signed on, by name."""

        async def work(connection: AsyncConnection) -> list[Runner]:
            held = select(func.count()).select_from(downloads).where(downloads.c.claimed_by == runners.c.name)
            asked = select(runners, utc_now().label("now"), held.scalar_subquery().label("held"))
            rows = (await connection.execute(asked.order_by(runners.c.name))).all()
            return [
                Runner(
                    r.name,
                    r.kind,
                    r.pid,
                    r.started_at,
                    r.heartbeat_at,
                    seconds_between(r.heartbeat_at, r.now),
                    RunnerState(r.state),
                    r.note,
                    r.held,
                )
                for r in rows
            ]

        return await self._database.read(work)

    async def _select(
        self, *where: ColumnElement[bool], limit: int, order: Sequence[ColumnElement[Any]] | None = None
    ) -> list[Download]:
        async def work(connection: AsyncConnection) -> list[Download]:
            statement = select(downloads).where(*where).order_by(*(order or (downloads.c.id.desc(),))).limit(limit)
            return [to_download(row) for row in (await connection.execute(statement)).mappings()]

        return await self._database.read(work)

    async def _count(self, *where: ColumnElement[bool]) -> int:
        async def work(connection: AsyncConnection) -> int:
            statement = select(func.count()).select_from(downloads).where(*where)
            return int((await connection.execute(statement)).scalar_one())

        return await self._database.read(work)


def seconds_between(earlier: str, later: str) -> float:
    """Seconds between two times as the database writes them."""
    parse = datetime.fromisoformat
    return (parse(later) - parse(earlier)).total_seconds()
