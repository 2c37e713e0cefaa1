"""Reading and writing what guilds and members set for themselves."""

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Column, Table, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.preferences import GuildPreferences, MemberPreferences
from core.tables import guild_settings, user_settings

Preferences = TypeVar("Preferences", GuildPreferences, MemberPreferences)


async def read_preferences(connection: AsyncConnection, kind: type[Preferences], id_: int) -> Preferences:
    """The preferences of a guild or a member; the defaults where there is no row."""
    return kind.read_text(await _text(connection, *_home(kind), id_))


async def read_languages(
    connection: AsyncConnection, kind: type[GuildPreferences] | type[MemberPreferences]
) -> dict[int, str]:
    """The languages that guilds or members chose, by their ids."""
    table, key = _home(kind)
    rows = await connection.execute(select(key, table.c.settings).where(table.c.settings.contains("language")))
    chosen = {id_: kind.read_text(text).language for id_, text in rows}
    return {id_: tag for id_, tag in chosen.items() if tag}


async def change_preferences(
    connection: AsyncConnection, kind: type[Preferences], id_: int, change: Callable[[Preferences], Preferences]
) -> Preferences:
    """Write what `change` makes of the preferences; what else stands in the row is kept."""
    table, key = _home(kind)
    before = await _text(connection, table, key, id_)
    changed = change(kind.read_text(before))
    if before is None:
        await connection.execute(insert(table).values({key.name: id_, "settings": changed.written_over(None)}))
    else:
        await connection.execute(update(table).where(key == id_).values(settings=changed.written_over(before)))
    return changed


def _home(kind: type[GuildPreferences] | type[MemberPreferences]) -> tuple[Table, Column[int]]:
    table = guild_settings if issubclass(kind, GuildPreferences) else user_settings
    (key,) = table.primary_key.columns
    return table, key


async def _text(connection: AsyncConnection, table: Table, key: Column[int], id_: int) -> str | None:
    statement = select(table.c.settings).where(key == id_)
    return (await connection.execute(statement)).scalar_one_or_none()
