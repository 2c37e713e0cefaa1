"""Notices links of known sites in channels where the server wants that, without a command."""

import re
import time
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import aiohttp
import discord
from discord.ext import commands
from loguru import logger

from cogs.cooldowns import Rate, TooFast
from cogs.wishes import Wishes
from core.database import DatabaseFault
from core.errors import BossBotError, UnsupportedUrl
from core.preferences import GuildPreferences
from core.queries import Queries
from download_module.link_finder import find_urls
from download_module.routes import ROUTES
from download_module.url_detector import MEDIA_ENDINGS, UrlDetector

if TYPE_CHECKING:
    from cogs.client import BossBot

NOTICING = Rate(10, 0.0)  # messages of a member
MAX_NOTICED = 5  # links of a message
REREAD = 30.0  # seconds after which a server's choice is read anew: hands edit it, too
KNOWN = frozenset(route.site.partition(":")[0] for route in ROUTES)
# Whoever keeps Discord from showing a link does not want us to show it either.
_HIDDEN = re.compile(r"<[^<>\s]+>")
TYPES = (discord.MessageType.default, discord.MessageType.reply)
TROUBLE = (BossBotError, TooFast, DatabaseFault, discord.DiscordException, aiohttp.ClientError, OSError, TimeoutError)


class Watched:
    """In which channels links are noticed; kept in memory, because every message asks."""

    def __init__(self, queries: Queries) -> None:
        self._queries = queries
        self._channels: dict[int, tuple[float, frozenset[int]]] = {}  # by guild, with when they were read

    def note(self, guild_id: int, preferences: GuildPreferences) -> None:
        """A server chose anew."""
        self._channels[guild_id] = (time.monotonic(), frozenset(preferences.detect_in))

    async def includes(self, guild_id: int, *channel_ids: int | None) -> bool:
        """Whether links are noticed in one of these channels: a thread, or the channel that it belongs to."""
        read_at, channels = self._channels.get(guild_id, (float("-inf"), frozenset()))
        if time.monotonic() - read_at > REREAD:
            self.note(guild_id, await self._queries.guild_preferences(guild_id))
            _, channels = self._channels[guild_id]
        return not channels.isdisjoint(channel_ids)


class Detection(commands.Cog):
    """Looks at messages that are no commands."""

    def __init__(self, bot: "BossBot") -> None:
        self._bot = bot
        self._detector = UrlDetector()

    @commands.Cog.listener()
    async def on_message(self, message: discord.Message) -> None:
        """Take the links of a message as if they had been asked for; whatever goes wrong is not told to anybody."""
        if message.guild is None or message.author.bot or message.webhook_id or message.type not in TYPES:
            return
        if "://" not in message.content:
            return
        try:
            await self._notice(message, message.guild)
        except TROUBLE as error:
            logger.bind(guild=message.guild.id).debug("links were not taken: {!r}", error)

    async def _notice(self, message: discord.Message, guild: discord.Guild) -> None:
        parent = message.channel.parent_id if isinstance(message.channel, discord.Thread) else None
        if not await self._bot.watched.includes(guild.id, message.channel.id, parent):
            return
        links = [link for link in find_urls(_HIDDEN.sub(" ", message.content)) if self._is_known(link)]
        ctx = await self._bot.get_context(message)
        if not links or ctx.valid:
            return
        self._bot.cooldowns.use("noticed", NOTICING, user_id=message.author.id, guild_id=guild.id)
        await self._bot.intake.take_noticed(ctx, Wishes(links=tuple(links[:MAX_NOTICED]), options={}))

    def _is_known(self, link: str) -> bool:
        """Whether it is likely to lead to media: a known site, or a file."""
        try:
            site = self._detector.detect(link).identity.site
            ending = PurePosixPath(urlsplit(link).path).suffix[1:].lower()
        except (UnsupportedUrl, ValueError):
            return False
        return site.partition(":")[0] in KNOWN or ending in MEDIA_ENDINGS
