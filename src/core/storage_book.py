"""What the janitor reads and writes: which rows have files, and that files are gone. See `storage_module`."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, case, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.database import Database
from core.file_links import FileLinks, linked_downloads
from core.models import Destination, Download, MediaFile, Status
from core.preferences import GuildPreferences, Retention
from core.rows import to_download, to_media_file
from core.settings_tables import change_preferences
from core.sql_functions import utc_now
from core.tables import downloads, events, guild_settings, media_files, runners

_AT_ONCE = 500  # ids a statement


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What of a row decides about its files."""

    id: int
    guild_id: int | None
    url: str
    title: str | None
    status: Status
    upload: bool
    failed_stage: str | None
    file_path: str | None
    file_size: int | None
    epoch: int
    claimed_by: str | None
    added_at: str
    finished_at: str | None

    @property
    def is_over(self) -> bool:
        """Whether nobody works on it, or will unless a person asks."""
        kept = self.status is Status.DOWNLOADED and not self.upload
        over = kept or self.status in (Status.UPLOADED, Status.FAILED, Status.CANCELLED)
        return over and self.claimed_by is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What one guild's finished files take, by the rows."""

    guild_id: int | None
    status: Status
    downloads: int
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A row, and who moved it when: dictionaries with `at`, `status`, `note`."""

    download: Download
    history: tuple[dict[str, str | None], ...]


_ORDER = (media_files.c.download_id, media_files.c.position)
_COLUMNS = [downloads.c[name] for name in Stored.__dataclass_fields__]


def has_files() -> ColumnElement[bool]:
    """Rows whose files lie in DOWNLOAD_DIR; those of the destination `folder` are moved away by their delivery."""
    moved = and_(downloads.c.status == Status.UPLOADED, downloads.c.destination == Destination.FOLDER)
    return and_(downloads.c.file_path.is_not(None), ~moved)


class StorageBook:
    """The rows, as far as their files are concerned."""

    def __init__(self, database: Database, *, actor: str = "janitor") -> None:
        self._database = database
        self._actor = actor

    async def find(self, ids: Iterable[int]) -> dict[int, Stored]:
        """These rows, by their ids."""
        wanted = sorted(set(ids))

        async def work(connection: AsyncConnection) -> dict[int, Stored]:
            found: dict[int, Stored] = {}
            for first in range(0, len(wanted), _AT_ONCE):
                where = downloads.c.id.in_(wanted[first : first + _AT_ONCE])
                found |= {row.id: _stored(row) for row in await connection.execute(select(*_COLUMNS).where(where))}
            return found

        return await self._database.read(work)

    async def with_files(self) -> list[Stored]:
        """All rows that say that their files lie in DOWNLOAD_DIR."""

        async def work(connection: AsyncConnection) -> list[Stored]:
            statement = select(*_COLUMNS).where(has_files()).order_by(downloads.c.id)
            return [_stored(row) for row in await connection.execute(statement)]

        return await self._database.read(work)

    async def files(self, download_id: int) -> list[MediaFile]:
        """The files of a download, as they were fetched."""
        return (await self.files_of([download_id]))[download_id]

    async def files_of(self, ids: Sequence[int]) -> dict[int, list[MediaFile]]:
        """The same of some hundred downloads, by their ids."""
        fetched = and_(media_files.c.download_id.in_(ids), media_files.c.fitted_from.is_(None))
        found: dict[int, list[MediaFile]] = {id_: [] for id_ in ids}

        async def work(connection: AsyncConnection) -> None:
            for row in (await connection.execute(select(media_files).where(fetched).order_by(*_ORDER))).mappings():
                found[row["download_id"]].append(to_media_file(row))

        await self._database.read(work)
        return found

    async def forget(self, row: Stored, place: str, *, note: str) -> bool:
        """Write down that a row has no files in a place any more; False when somebody has asked for it meanwhile.

        What was delivered stays known: where it was posted is asked for later. Of all else the files are forgotten, so
        that a retry begins with fetching.
        """
        same = and_(
            downloads.c.id == row.id,
            downloads.c.status == row.status,
            downloads.c.epoch == row.epoch,
            downloads.c.claimed_by.is_(None),
            downloads.c.upload == int(row.upload),
            downloads.c.finished_at.is_not_distinct_from(row.finished_at),
            downloads.c.id.not_in(linked_downloads()),  # somebody has a link to one of them, which works still
        )

        async def work(connection: AsyncConnection) -> bool:
            here = downloads.c.file_path == place  # what was delivered to a folder is there, not here
            changed = update(downloads).where(same).values(file_path=case((here, None), else_=downloads.c.file_path))
            if (await connection.execute(changed)).rowcount != 1:
                return False
            if row.status is not Status.UPLOADED:
                await connection.execute(delete(media_files).where(media_files.c.download_id == row.id))
            told = {"download_id": row.id, "actor": self._actor, "moved_to": row.status, "note": note}
            await connection.execute(insert(events).values(**told))
            return True

        return await self._database.write(work)

    async def linked(self) -> set[int]:
        """Rows with a file that somebody was given a link to, which must lead somewhere as long as it lives."""
        return await FileLinks(self._database).live_downloads()

    async def usage(self) -> list[Usage]:
        """Bytes of finished files by guild and status, the most first."""

        async def work(connection: AsyncConnection) -> list[Usage]:
            total = func.coalesce(func.sum(downloads.c.file_size), 0)
            statement = (
                select(downloads.c.guild_id, downloads.c.status, func.count(), total)
                .where(has_files())
                .group_by(downloads.c.guild_id, downloads.c.status)
                .order_by(total.desc())
            )
            return [
                Usage(guild_id=guild, status=Status(status), downloads=count, bytes=int(size))
                for guild, status, count, size in await connection.execute(statement)
            ]

        return await self._database.read(work)

    async def retention(self) -> dict[int, Retention]:
        """How long guilds keep files, where that is not as the host has it."""

        async def work(connection: AsyncConnection) -> dict[int, Retention]:
            statement = select(guild_settings.c.guild_id, guild_settings.c.settings)
            rows = await connection.execute(statement.where(guild_settings.c.settings.contains("retention")))
            return {guild_id: GuildPreferences.read_text(text).retention for guild_id, text in rows}

        return await self._database.read(work)

    async def keep_for(self, guild_id: int, retention: Retention) -> None:
        """Have the files of a guild kept so long."""

        def change(old: GuildPreferences) -> GuildPreferences:
            return old.model_copy(update={"retention": retention})

        await self._database.write(
            lambda connection: change_preferences(connection, GuildPreferences, guild_id, change)
        )

    async def named_runners(self) -> set[str]:
        """Runners that a row or the table of runners still names."""

        async def work(connection: AsyncConnection) -> set[str]:
            holders = select(downloads.c.claimed_by).where(downloads.c.claimed_by.is_not(None))
            return set((await connection.execute(holders.union(select(runners.c.name)))).scalars())

        return await self._database.read(work)

    async def next_unrecorded(self, *, after: int) -> int | None:
        """The next row that is over and whose files stay, and that `metadata.json` does not tell the end of yet."""
        kept = and_(downloads.c.status == Status.DOWNLOADED, downloads.c.upload == 0)
        over = or_(kept, downloads.c.status.in_((Status.UPLOADED, Status.FAILED)))
        old = or_(downloads.c.recorded_at.is_(None), downloads.c.recorded_at < downloads.c.finished_at)

        async def work(connection: AsyncConnection) -> int | None:
            where = and_(downloads.c.id > after, has_files(), over, old, downloads.c.claimed_by.is_(None))
            statement = select(downloads.c.id).where(where).order_by(downloads.c.id).limit(1)
            return (await connection.execute(statement)).scalar_one_or_none()

        return await self._database.read(work)

    async def record_of(self, download_id: int) -> Record | None:
        """All that `metadata.json` tells of a row's end."""

        async def work(connection: AsyncConnection) -> Record | None:
            row = (await connection.execute(select(downloads).where(downloads.c.id == download_id))).mappings().first()
            if row is None:
                return None
            columns = (events.c.at, events.c.moved_to, events.c.note)
            told = await connection.execute(
                select(*columns).where(events.c.download_id == download_id).order_by(events.c.id)
            )
            history = tuple({"at": at, "status": moved_to, "note": note} for at, moved_to, note in told)
            return Record(download=to_download(row), history=history)

        return await self._database.read(work)

    async def recorded(self, download_id: int, sums: Sequence[tuple[int, str]], *, complete: bool = True) -> None:
        """Write down checksums, by the ids of their files, and that `metadata.json` is complete, if it is."""

        async def work(connection: AsyncConnection) -> None:
            for file_id, sha256 in sums:
                mine = and_(media_files.c.id == file_id, media_files.c.download_id == download_id)
                await connection.execute(update(media_files).where(mine).values(sha256=sha256))
            if complete:
                this = update(downloads).where(downloads.c.id == download_id)
                await connection.execute(this.values(recorded_at=utc_now()))

        await self._database.write(work)


def _stored(row: object) -> Stored:
    values = {name: getattr(row, name) for name in Stored.__dataclass_fields__}
    return Stored(**values | {"status": Status(values["status"]), "upload": bool(values["upload"])})
