"""The bot's application at Discord, seen by REST alone: whose token it is, what it may, how it is invited."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import aiohttp
import discord

from cogs.client import COGS, BossBot
from cogs.command_sync import bring_up_to_date
from cogs.command_texts import CommandTexts
from cogs.gateway import point_at
from cogs.permission_names import NEEDED
from core.database import Database
from core.errors import ConfigurationError
from core.settings import Settings

PATIENCE = 60.0  # seconds; the library repeats what a busy Discord refuses
PORTAL = "https://discord.com/developers/applications"
SCOPES = ("bot", "applications.commands")
TROUBLE = (discord.HTTPException, discord.RateLimited, aiohttp.ClientError, OSError)  # TimeoutError is an OSError


class TokenRefused(ConfigurationError):
    """Discord does not know the token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """What Discord says of the bot whose token was given."""

    id: int
    name: str
    reads_messages: bool  # the message content intent is switched on
    invitation: str  # the link that brings the bot into a server, with what it needs and no more
    commands: int | None  # how many were registered now; None when Discord had all of them

    @property
    def settings_page(self) -> str:
        """Where its intents are switched."""
        return f"{PORTAL}/{self.id}/bot"


async def meet(settings: Settings, token: str) -> Application:
    """Ask Discord whose token this is, and register the commands where Discord has others.

    Raises:
        TokenRefused: nobody's.
        ConfigurationError: Discord could not be asked, or does not let the bot register commands.
    """
    point_at(settings)
    try:
        async with asyncio.timeout(PATIENCE), _client(settings) as bot:
            try:
                await bot.login(token)
            except (discord.LoginFailure, ValueError) as error:  # ValueError: what can't stand in a header
                raise TokenRefused("Discord does not know this token.") from error
            application = await bot.application_info()
            return Application(
                id=application.id,
                name=application.name,
                reads_messages=_reads_messages(application.flags),
                invitation=invitation(application.id),
                commands=await bring_up_to_date(bot),
            )
    except TROUBLE as error:
        raise ConfigurationError(
            f"Discord could not be asked: {str(error) or type(error).__name__}. "
            f"Look whether this machine reaches {settings.discord_api_base}, and try again."
        ) from error


def invitation(application_id: int) -> str:
    """The link on which a person chooses the server that the bot comes into."""
    return discord.utils.oauth_url(application_id, permissions=NEEDED, scopes=SCOPES)


def _reads_messages(flags: discord.ApplicationFlags) -> bool:
    return flags.gateway_message_content or flags.gateway_message_content_limited


class _Unconnected(BossBot):
    """Has all commands, and neither a gateway nor work beside it."""

    async def setup_hook(self) -> None:
        await self.tree.set_translator(CommandTexts())
        for cog in COGS:
            await self.add_cog(cog(self))


@contextlib.asynccontextmanager
async def _client(settings: Settings) -> AsyncIterator[BossBot]:
    # Commands are described without looking into a database, so an empty one will do.
    with TemporaryDirectory() as directory:
        database = Database(f"sqlite+aiosqlite:///{Path(directory, 'none.db')}")
        try:
            async with _Unconnected(settings, database) as bot:
                yield bot
        finally:
            await database.close()
