"""Logins of the web page as rows, so that a logout, or a hand's DELETE, ends them at once."""

import json
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from core.database import Database
from core.file_links import hashed
from core.preferences import GuildPreferences
from core.sql_functions import utc_in, utc_now
from core.tables import downloads, guild_settings, web_sessions
from core.viewers import Seat, Viewer


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSession:
    """A login that holds."""

    token_hash: str
    csrf: str  # what every form of this login must carry
    viewer: Viewer
    by: str | None = None  # a mark of the token that opened it; None: Discord did


class WebSessions:
    """Opens, finds and ends them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def open(self, viewer: Viewer, *, seconds: int, by: str | None = None) -> str:
        """Begin a login of so many seconds, opened by a token with this mark; the secret for the cookie."""
        token = secrets.token_urlsafe(32)
        row = {
            "token_hash": hashed(token),
            "user_id": viewer.user_id,
            "name": viewer.name,
            "is_owner": int(viewer.is_owner),
            "guilds": json.dumps([asdict(seat) for seat in viewer.seats]),
            "csrf": secrets.token_urlsafe(24),
            "opened_by": by,
        }

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(delete(web_sessions).where(web_sessions.c.expires_at <= utc_now()))
            await connection.execute(insert(web_sessions).values(**row, expires_at=utc_in(seconds)))

        await self._database.write(work)
        return token

    async def find(self, token: str) -> WebSession | None:
        """The login of a cookie, None when it ended."""

        async def work(connection: AsyncConnection) -> WebSession | None:
            statement = select(web_sessions).where(
                web_sessions.c.token_hash == hashed(token), web_sessions.c.expires_at > utc_now()
            )
            row = (await connection.execute(statement)).mappings().first()
            return None if row is None else _session(row)

        return await self._database.read(work)

    async def close(self, token_hash: str) -> None:
        """End one."""
        await self._delete(web_sessions.c.token_hash == token_hash)

    async def close_all_of(self, viewer: Viewer) -> None:
        """End all of one person, on every device."""
        await self._delete(web_sessions.c.user_id.is_not_distinct_from(viewer.user_id))

    async def forget_ended(self) -> int:
        """Remove those whose time is over, with what they say of a person; how many. For a chore."""

        async def work(connection: AsyncConnection) -> int:
            ended = delete(web_sessions).where(web_sessions.c.expires_at <= utc_now())
            return (await connection.execute(ended)).rowcount

        return await self._database.write(work)

    async def known_guilds(self, ids: Sequence[int]) -> dict[int, bool]:
        """Those of these guilds that the bot has met, and whether they have rules for roles."""

        async def work(connection: AsyncConnection) -> dict[int, bool]:
            asked = select(downloads.c.guild_id).where(downloads.c.guild_id.in_(ids)).distinct()
            met = {int(id_): False for id_ in (await connection.execute(asked)).scalars()}
            chosen = select(guild_settings.c.guild_id, guild_settings.c.settings).where(
                guild_settings.c.guild_id.in_(ids)
            )
            rows = await connection.execute(chosen)
            return met | {int(id_): bool(GuildPreferences.read_text(text).roles) for id_, text in rows}

        return await self._database.read(work)

    async def _delete(self, *where: Any) -> None:
        async def work(connection: AsyncConnection) -> None:
            await connection.execute(delete(web_sessions).where(*where))

        await self._database.write(work)


def _session(row: Any) -> WebSession:
    viewer = Viewer(
        user_id=row["user_id"],
        name=row["name"],
        is_owner=bool(row["is_owner"]),
        seats=tuple(Seat(**{**seat, "roles": tuple(seat.get("roles", ()))}) for seat in json.loads(row["guilds"])),
    )
    return WebSession(token_hash=row["token_hash"], csrf=row["csrf"], viewer=viewer, by=row["opened_by"])
