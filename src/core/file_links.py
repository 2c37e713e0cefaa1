"""Addresses of single files that need no login: they expire, they can be revoked, and a live one protects its file."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, insert, select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.database import Database
from core.models import MediaFile
from core.rows import to_media_file
from core.sql_functions import utc_in, utc_now
from core.tables import downloads, links, media_files

KEPT = 30 * 24 * 3600.0  # seconds that a link which works no more is told apart from one that never was


@dataclass(frozen=True, slots=True, kw_only=True)
class FileLink:
    """One row of `links`, with what it leads to. The secret of its address is known to nobody but who has it."""

    id: int
    download_id: int
    title: str | None
    actor: str
    created_at: str
    expires_at: str
    fetches: int
    is_live: bool
    file: MediaFile


@dataclass(frozen=True, slots=True)
class NewLink:
    """A link that was just made: only now its secret is known."""

    token: str
    expires_at: str  # UTC text


def hashed(token: str) -> str:
    """What the database keeps of a secret. It is long and random, so that no salt is needed."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


class FileLinks:
    """Makes, finds and revokes them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def make(
        self, file_id: int, *, seconds: int, actor: str, only: ColumnElement[bool] | None = None
    ) -> NewLink | None:
        """Make a link to a file; None: there is no such file, or it is not his to share.

        Args:
            file_id: of `media_files`.
            seconds: until it expires.
            actor: who makes it.
            only: a condition on its download, as in `Requests.ask`.
        """
        token = secrets.token_urlsafe(24)

        async def work(connection: AsyncConnection) -> NewLink | None:
            mine = (
                select(media_files.c.id)
                .join(downloads, downloads.c.id == media_files.c.download_id)
                .where(media_files.c.id == file_id, true() if only is None else only)
            )
            if (await connection.execute(mine)).first() is None:
                return None
            row = {"token_hash": hashed(token), "file_id": file_id, "actor": actor, "expires_at": utc_in(seconds)}
            made = await connection.execute(insert(links).values(**row).returning(links.c.expires_at))
            return NewLink(token, made.scalar_one())

        return await self._database.write(work)

    async def find(self, token: str) -> FileLink | None:
        """The link of an address, also when it works no more; None: there never was such a one."""
        found = await self._select(links.c.token_hash == hashed(token), limit=1)
        return found[0] if found else None

    async def list(
        self, *, only: ColumnElement[bool] | None = None, live: bool = True, limit: int = 200
    ) -> Sequence[FileLink]:
        """Links, the newest first; `live` False: also those that work no more."""
        where = [links.c.id.is_not(None) if not live else _is_live()]
        return await self._select(*where, *([] if only is None else [only]), limit=limit)

    async def of_download(self, download_id: int) -> Sequence[FileLink]:
        """The live links to files of a download."""
        return await self._select(media_files.c.download_id == download_id, _is_live(), limit=200)

    async def revoke(self, ids: Sequence[int], *, only: ColumnElement[bool] | None = None) -> Sequence[int]:
        """End links at once; the ids of those that were live and his to end."""
        files = select(media_files.c.id).join(downloads, downloads.c.id == media_files.c.download_id)
        mine = links.c.file_id.in_(files.where(true() if only is None else only))

        async def work(connection: AsyncConnection) -> Sequence[int]:
            statement = update(links).where(links.c.id.in_(ids), _is_live(), mine).values(revoked=1)
            return sorted((await connection.execute(statement.returning(links.c.id))).scalars())

        return await self._database.write(work)

    async def count_fetch(self, link_id: int) -> None:
        """Note that somebody began to fetch the file."""

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(update(links).where(links.c.id == link_id).values(fetches=links.c.fetches + 1))

        await self._database.write(work)

    async def forget_old(self) -> int:
        """Remove rows of links that work no more since long; how many. For a chore."""

        async def work(connection: AsyncConnection) -> int:
            return (await connection.execute(delete(links).where(links.c.expires_at < utc_in(-KEPT)))).rowcount

        return await self._database.write(work)

    async def live_downloads(self, ids: Sequence[int] | None = None) -> set[int]:
        """Of these downloads, or of all, those with a file that a live link leads to: their files must stay."""
        statement = select(media_files.c.download_id).where(media_files.c.id.in_(linked_files())).distinct()
        if ids is not None:
            statement = statement.where(media_files.c.download_id.in_(ids))

        async def work(connection: AsyncConnection) -> set[int]:
            return set((await connection.execute(statement)).scalars())

        return await self._database.read(work)

    async def _select(self, *where: ColumnElement[bool], limit: int) -> Sequence[FileLink]:
        statement = (
            select(
                media_files,
                links.c.id.label("link_id"),
                links.c.actor,
                links.c.created_at,
                links.c.expires_at,
                links.c.fetches,
                _is_live().label("is_live"),
                downloads.c.title,
            )
            .select_from(links)
            .join(media_files, media_files.c.id == links.c.file_id)
            .join(downloads, downloads.c.id == media_files.c.download_id)
            .where(*where)
            .order_by(links.c.id.desc())
            .limit(limit)
        )

        async def work(connection: AsyncConnection) -> Sequence[FileLink]:
            return [_link(row) for row in (await connection.execute(statement)).mappings()]

        return await self._database.read(work)


def linked_files() -> Any:
    """The ids of the files that a live link leads to, for `media_files.c.id.in_(...)`: nobody may remove them."""
    return select(links.c.file_id).where(_is_live())


def linked_downloads() -> Any:
    """The ids of the downloads that they belong to, for `downloads.c.id.not_in(...)`."""
    return select(media_files.c.download_id).where(media_files.c.id.in_(linked_files()))


def _is_live() -> ColumnElement[bool]:
    return and_(links.c.revoked == 0, links.c.expires_at > utc_now())


def _link(row: Any) -> FileLink:
    file = to_media_file({name: row[name] for name in media_files.c.keys()})  # type: ignore[arg-type]  # noqa: SIM118  (a RowMapping is a Mapping; keys() of columns are their names)
    return FileLink(
        id=row["link_id"],
        download_id=file.download_id,
        title=row["title"],
        actor=row["actor"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        fetches=row["fetches"],
        is_live=bool(row["is_live"]),
        file=file,
    )
