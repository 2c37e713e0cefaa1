"""How members want their cards: their own choices, else the guild's."""

import asyncio

from cogs.faces import Taste
from cogs.language import language_of
from core.models import Download
from core.queries import Queries

REMEMBERED = 10.0  # seconds; who changes his settings sees it about then
MOST = 1000  # members


class Tastes:
    """Reads preferences, and remembers them for a while: cards change more often than tastes."""

    def __init__(self, queries: Queries) -> None:
        self._queries = queries
        self._known: dict[tuple[int | None, int | None, str | None], tuple[float, Taste]] = {}

    async def of(self, download: Download) -> Taste:
        """The taste of the one who asked for a download."""
        key = (download.user_id, download.guild_id, download.locale)
        now = asyncio.get_running_loop().time()
        known = self._known.get(key)
        if known is not None and now - known[0] < REMEMBERED:
            return known[1]
        guild = await self._queries.guild_preferences(download.guild_id)
        member = await self._queries.member_preferences(download.user_id)
        taste = Taste(
            t=language_of(member.language, download.locale, guild.language),
            level=member.notify or guild.notify,
            style=member.bar,
            mention=member.mention,
        )
        if len(self._known) >= MOST:
            self._known.clear()
        self._known[key] = now, taste
        return taste
