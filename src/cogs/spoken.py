"""Which languages members and guilds chose, kept in memory: no first answer waits for the database."""

from loguru import logger

from cogs.language import Language, language_of
from core.database import DatabaseFault
from core.queries import Queries


class Spoken:
    """Read once at the start, and told of changes from then on."""

    def __init__(self) -> None:
        self._members: dict[int, str] = {}
        self._guilds: dict[int, str] = {}

    async def load(self, queries: Queries) -> None:
        """Read what was chosen before."""
        try:
            members, guilds = await queries.chosen_languages()
        except (DatabaseFault, OSError) as fault:
            logger.warning("could not read who chose which language: {!r}", fault)
            return
        self._members = members | self._members
        self._guilds = guilds | self._guilds

    def choose_for_member(self, user_id: int, tag: str | None) -> None:
        """A member chose a language; None: whatever his Discord speaks."""
        _note(self._members, user_id, tag)

    def choose_for_guild(self, guild_id: int, tag: str | None) -> None:
        """A guild chose a language; None: the one that Discord knows of it."""
        _note(self._guilds, guild_id, tag)

    def language(
        self, *, user_id: int, guild_id: int | None, locale: str | None = None, guild_locale: str | None = None
    ) -> Language:
        """The language to answer in: the member's choice, his Discord's, the guild's choice, the guild's Discord's.

        Args:
            user_id: who reads it.
            guild_id: where; None for direct messages.
            locale: what an interaction names for its user.
            guild_locale: what Discord knows of the guild.
        """
        chosen = self._guilds.get(guild_id) if guild_id is not None else None
        return language_of(self._members.get(user_id), locale, chosen, guild_locale)


def _note(chosen: dict[int, str], id_: int, tag: str | None) -> None:
    if tag is None:
        chosen.pop(id_, None)
    else:
        chosen[id_] = tag
