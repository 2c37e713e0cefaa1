"""What people write: new rows and the columns that ask for something. The table is all that carries it."""

import json
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, insert, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.database import Database
from core.errors import RequestRefused
from core.limits import check_limits
from core.members import remember
from core.models import Request, Status
from core.preferences import GuildPreferences, Limits, MemberPreferences
from core.quotas import Quotas, check_quotas
from core.rework import begin_anew, ended_badly, not_fetched_yet
from core.settings_tables import change_preferences
from core.sql_functions import utc_now
from core.tables import downloads, events, guild_settings, media_files

Condition = ColumnElement[bool]  # for those who may not import SQLAlchemy
OVER = (Status.UPLOADED, Status.FAILED, Status.CANCELLED)
HELP_ASKED = "asked the moderators for help"
MAX_URL_LENGTH = 8192
# A scheme; "example.com:8080/x" has none.
_SCHEME = re.compile(r"(?![^/]+:\d+(/|$))[a-zA-Z][a-zA-Z0-9+.-]*:")
# What is pasted around a link unseen: zero-width spaces and joiners, byte order marks.
_AROUND = "<>\u200b\u200c\u200d\u2060\ufeff"
# What turns the direction of a text around, so that a link reads as another one.
_BIDI = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


class Ask(StrEnum):
    """A request about a download that exists."""

    CANCEL = "cancel"
    PAUSE = "pause"
    RESUME = "resume"
    RETRY = "retry"


def _kept() -> ColumnElement[bool]:
    return and_(downloads.c.status == Status.DOWNLOADED, downloads.c.upload == 0)


def _alive() -> ColumnElement[bool]:
    return and_(downloads.c.status.not_in(OVER), ~_kept())


def waits() -> ColumnElement[bool]:
    """Rows that could be taken as soon as it is their turn."""
    due = or_(downloads.c.available_at.is_(None), downloads.c.available_at <= utc_now())
    return and_(downloads.c.status == Status.PENDING, downloads.c.paused == 0, due)


def _plan(ask: Ask) -> tuple[ColumnElement[bool], dict[str, Any]]:
    """Which rows a request is for, and what it writes."""
    match ask:
        case Ask.CANCEL:
            return _alive(), {"cancelled": 1}
        case Ask.PAUSE:
            return and_(_alive(), downloads.c.paused == 0), {"paused": 1}
        case Ask.RESUME:
            return and_(_alive(), downloads.c.paused == 1), {"paused": 0, "available_at": None}
        case Ask.RETRY:
            has_files = select(media_files.c.id).where(media_files.c.download_id == downloads.c.id).exists()
            back = case(
                (and_(downloads.c.failed_stage == "upload", has_files), literal(Status.DOWNLOADED.value)),
                else_=literal(Status.PENDING.value),
            )
            over = downloads.c.status.in_((Status.FAILED, Status.CANCELLED))
            return over, {"status": back, "cancelled": 0, "paused": 0, "available_at": None, "attempts": 0}


class Requests:
    """The writes of bot and command line."""

    def __init__(self, database: Database, *, actor: str) -> None:
        self._database = database
        self._actor = actor  # goes into the history: "cli", "bot"

    async def submit(
        self,
        request: Request,
        *,
        max_waiting: int | None = None,
        limits: Limits | None = None,
        quotas: Quotas | None = None,
    ) -> int:
        """Write a new row and return its id.

        Args:
            request: what is asked.
            max_waiting: how many rows may wait, of all who ask.
            limits: what the member who asks may have, counted in this very transaction.
            quotas: how many bytes may be fetched for him and his server.

        Raises:
            RequestRefused: the URL is no URL, or `max_waiting` rows wait already.
            OverLimit: the member has all that he may have.
            OverQuota: a quota is used up.
        """
        url = checked_url(request.url)
        row = {
            "url": url,
            "destination": request.destination,
            "upload": int(request.upload),
            "priority": request.priority,
            "user_id": request.user_id,
            "guild_id": request.guild_id,
            "channel_id": request.channel_id,
            "progress_message_id": request.progress_message_id,
            "upload_limit_bytes": request.upload_limit_bytes,
            "options": json.dumps(request.options),
            "size_limit_bytes": request.size_limit_bytes,
            "running_limit": request.running_limit,
            "allow_torrents": int(request.allow_torrents),
            "auto_retry": int(request.auto_retry),
            "locale": request.locale,
        }

        async def work(connection: AsyncConnection) -> int:
            if max_waiting is not None:
                # A playlist counts as one, however many entries it has: else one member's would shut out all others.
                asked = func.coalesce(downloads.c.parent_id, downloads.c.id)
                waiting = select(func.count(asked.distinct())).where(waits())
                if (await connection.execute(waiting)).scalar_one() >= max_waiting:
                    raise RequestRefused(
                        f"The queue is full: {max_waiting} downloads wait already. Try again in a few minutes."
                    )
            if limits is not None:
                await check_limits(connection, limits, waits(), user_id=request.user_id, guild_id=request.guild_id)
            if quotas:
                await check_quotas(connection, quotas, user_id=request.user_id, guild_id=request.guild_id)
            (new_id,) = (await connection.execute(insert(downloads).values(**row).returning(downloads.c.id))).one()
            await self._note(connection, new_id, Status.PENDING, "asked")
            if request.user_id is not None and request.user_name:
                await remember(connection, request.user_id, request.user_name)
            return int(new_id)

        return await self._database.write(work)

    async def ask(self, ask: Ask, ids: Sequence[int], *, only: ColumnElement[bool] | None = None) -> list[int]:
        """Ask something of downloads, and of the entries of those that are playlists.

        Args:
            ask: what.
            ids: of which downloads.
            only: a further condition, so that who may ask is decided in the statement that writes.

        Returns the ids of those for which, or for an entry of which, it could mean anything.
        """
        where, values = _plan(ask)
        return await self._ask(ids, where, values, f"{ask} asked", only)

    async def cancel_waiting(self, *, only: ColumnElement[bool]) -> list[int]:
        """Cancel all that wait for their turn, paused or not; `only` as in `ask`."""
        waiting = and_(downloads.c.status == Status.PENDING, downloads.c.cancelled == 0, only)

        async def work(connection: AsyncConnection) -> list[int]:
            statement = update(downloads).where(waiting).values(cancelled=1).returning(downloads.c.id)
            cancelled = sorted((await connection.execute(statement)).scalars())
            for id_ in cancelled:
                await self._note(connection, id_, Status.PENDING, f"{Ask.CANCEL} asked")
            return cancelled

        return await self._database.write(work)

    async def prioritize(
        self, ids: Sequence[int], priority: int, *, only: ColumnElement[bool] | None = None
    ) -> list[int]:
        """Change the priority (-1, 0, 1) of downloads that are not over, and of the entries of playlists; see `ask`."""
        where = and_(_alive(), downloads.c.priority != priority)
        return await self._ask(ids, where, {"priority": priority}, f"priority {priority} asked", only)

    async def _ask(
        self,
        ids: Sequence[int],
        where: ColumnElement[bool],
        values: dict[str, Any],
        note: str,
        only: ColumnElement[bool] | None,
    ) -> list[int]:
        allowed = and_(where, *([only] if only is not None else []))

        async def work(connection: AsyncConnection) -> list[int]:
            asked: set[int] = set()
            # The rows themselves first: on PostgreSQL that waits for a playlist that is just being expanded, and the
            # second statement sees its entries.
            for column in (downloads.c.id, downloads.c.parent_id):
                # Its message is to be looked at, also when nothing moves, or all ends as before at once.
                looked_at = values | {"progress_message_status": None}
                statement = update(downloads).where(column.in_(ids), allowed).values(**looked_at)
                answer = await connection.execute(statement.returning(downloads.c.id, column, downloads.c.status))
                for id_, named, status in answer.all():
                    await self._note(connection, id_, status, note)
                    asked.add(named)
            return sorted(asked)

        return await self._database.write(work)

    async def retry_with(
        self, ids: Sequence[int], changes: Mapping[str, Any], *, only: ColumnElement[bool] | None = None
    ) -> list[int]:
        """Begin downloads that failed or were cancelled anew, with other options; see `ask`.

        Args:
            ids: of which downloads.
            changes: of their options, None for one that is taken away: `{"quality": "480p"}`.
            only: as in `ask`.

        Raises:
            RequestRefused: an option means nothing.
        """
        return await self._begin_anew(ids, changes, ended_badly(), f"retry asked{_told(changes)}", only)

    async def choose_quality(
        self, ids: Sequence[int], quality: str, *, only: ColumnElement[bool] | None = None
    ) -> list[int]:
        """Fetch downloads in another quality. One that is being fetched begins anew; see `retry_with`."""
        changes = {"quality": quality, "audio": None}
        return await self._begin_anew(ids, changes, not_fetched_yet(), f"quality {quality} asked", only)

    async def _begin_anew(
        self,
        ids: Sequence[int],
        changes: Mapping[str, Any],
        where: ColumnElement[bool],
        note: str,
        only: ColumnElement[bool] | None,
    ) -> list[int]:
        allowed = and_(where, *([only] if only is not None else []))

        async def work(connection: AsyncConnection) -> list[int]:
            changed = await begin_anew(connection, ids, changes, allowed)
            for id_ in changed:
                await self._note(connection, id_, Status.PENDING, note)
            return changed

        return await self._database.write(work)

    async def thread_opened(self, download_id: int, thread_id: int) -> None:
        """Send what is still to be delivered of a download, and of the entries of a playlist, to a thread.

        What may have been sent already stays where it was sent: only there can it be found again.
        """
        in_thread = {"thread_id": thread_id}
        entry = and_(downloads.c.parent_id == download_id, downloads.c.thread_id.is_(None))
        sent = select(media_files.c.id).where(
            media_files.c.download_id == downloads.c.id, media_files.c.nonce.is_not(None)
        )

        async def work(connection: AsyncConnection) -> None:
            unsent = and_(downloads.c.status != Status.UPLOADING, ~sent.exists())
            own = or_(unsent, downloads.c.upload == 0)
            await connection.execute(update(downloads).where(downloads.c.id == download_id, own).values(**in_thread))
            await connection.execute(update(downloads).where(entry, unsent).values(**in_thread, channel_id=thread_id))

        await self._database.write(work)

    async def ask_for_help(self, download_id: int, *, only: ColumnElement[bool]) -> bool:
        """Note that a member asks the moderators to look at a download; False when it was asked already, or may not."""

        async def work(connection: AsyncConnection) -> bool:
            found = select(downloads.c.id, downloads.c.status, downloads.c.epoch).where(
                downloads.c.id == download_id, only
            )
            row = (await connection.execute(found)).first()
            asked = select(events.c.id).where(events.c.download_id == download_id, events.c.note == HELP_ASKED)
            if row is None or (await connection.execute(asked.limit(1))).first() is not None:
                return False
            await self._note(connection, download_id, row.status, HELP_ASKED)
            return True

        return await self._database.write(work)

    async def show_progress_at(self, download_id: int, message_id: int) -> None:
        """Name the message that shows this download."""
        await self._write(downloads.c.id == download_id, progress_message_id=message_id)

    async def progress_shown(self, download_id: int, status: Status, *, message_id: int | None) -> None:
        """Remember the status that the progress message shows; `message_id` None: the message is gone."""
        await self._write(downloads.c.id == download_id, progress_message_id=message_id, progress_message_status=status)

    async def learn_upload_limit(self, guild_id: int, limit_bytes: int) -> None:
        """Remember the upload limit that Discord named for a guild."""

        async def work(connection: AsyncConnection) -> None:
            known = update(guild_settings).where(guild_settings.c.guild_id == guild_id)
            if (await connection.execute(known.values(upload_limit_bytes=limit_bytes))).rowcount == 0:
                row = {"guild_id": guild_id, "upload_limit_bytes": limit_bytes}
                await connection.execute(insert(guild_settings).values(**row))

        await self._database.write(work)

    async def change_guild_preferences(
        self, guild_id: int, change: Callable[[GuildPreferences], GuildPreferences]
    ) -> GuildPreferences:
        """Write what `change` makes of a guild's preferences, and return that."""
        return await self._database.write(
            lambda connection: change_preferences(connection, GuildPreferences, guild_id, change)
        )

    async def change_member_preferences(
        self, user_id: int, change: Callable[[MemberPreferences], MemberPreferences]
    ) -> MemberPreferences:
        """Write what `change` makes of a member's preferences, and return that."""
        return await self._database.write(
            lambda connection: change_preferences(connection, MemberPreferences, user_id, change)
        )

    async def _write(self, where: ColumnElement[bool], **values: Any) -> None:
        async def work(connection: AsyncConnection) -> None:
            await connection.execute(update(downloads).where(where).values(**values))

        await self._database.write(work)

    async def _note(self, connection: AsyncConnection, download_id: int, status: str, note: str) -> None:
        row = {"download_id": download_id, "actor": self._actor, "moved_to": status, "note": note}
        await connection.execute(insert(events).values(**row))


def asked_by(user_id: int, *, guild_id: int | None) -> ColumnElement[bool]:
    """For `Requests.ask(only=...)`: a member may ask things of his own downloads."""
    return and_(downloads.c.user_id == user_id, asked_in(guild_id))


def asked_in(guild_id: int | None) -> ColumnElement[bool]:
    """For `Requests.ask(only=...)`: whoever manages messages may ask things of any download of his guild."""
    return downloads.c.guild_id.is_not_distinct_from(guild_id)


def _told(changes: Mapping[str, Any]) -> str:
    wanted = ", ".join(f"{name}={value}" for name, value in changes.items() if value is not None)
    return f" with {wanted}" if wanted else ""


def checked_url(text: str) -> str:
    """The URL without the decorations that people paste around it.

    Raises:
        RequestRefused: it can't be a URL; the sentence says why.
    """
    url = text[: 2 * MAX_URL_LENGTH]
    while (bare := url.strip().strip(_AROUND)) != url:  # people write <https://...> to keep Discord from unfolding it
        url = bare
    if not url:
        raise RequestRefused("There is no link. Send one that starts with http://, https:// or magnet:.")
    if len(url) > MAX_URL_LENGTH:
        raise RequestRefused(f"This link is too long: {len(text)} characters, {MAX_URL_LENGTH} are possible.")
    if _BIDI.search(url) or any(one.isspace() or unicodedata.category(one) in ("Cc", "Cs") for one in url):
        raise RequestRefused("A link can't have spaces or control characters. Send one link alone.")
    if not _SCHEME.match(url):
        raise RequestRefused(f"A link starts with https://. Did you mean https://{url.lstrip('/')[:200]}?")
    return url
