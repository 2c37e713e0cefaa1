"""Keeps the client connected, and says in one sentence why it is not."""

import asyncio
import logging
from enum import StrEnum

import aiohttp
import discord
import yarl
from discord.asset import Asset
from discord.gateway import DiscordWebSocket, ReconnectWebSocket
from discord.http import Route
from discord.shard import Shard
from loguru import logger

from cogs.client import BossBot
from core.database import Database
from core.settings import Settings
from pooler.house import House

FIRST_WAIT = 1.0  # seconds before the second try; doubles
LONGEST_WAIT = 60.0
WRONG_TOKEN = (
    "Discord refuses the bot's token. Put the right one into BOSS_BOT_DISCORD_TOKEN (Discord's developer portal, "  # noqa: S105  (a sentence)
    "your application, Bot, Reset Token) and start again."
)
NO_MESSAGE_CONTENT = (
    "Discord does not let this bot read messages, so only slash commands work. To have {prefix}download as well, "
    'switch on "Message Content Intent" in the developer portal (your application, Bot, Privileged Gateway Intents) '
    "and start again."
)
TROUBLE = (discord.DiscordException, aiohttp.ClientError, OSError, TimeoutError)


class End(StrEnum):
    """Why there is no connection any more."""

    STOPPED = "stopped"  # somebody asked for it
    REFUSED = "refused"  # the token is wrong: another try would end the same


def point_at(settings: Settings) -> None:
    """Have the library speak to the servers that the settings name; before any login."""
    for name in ("discord.shard", "discord.client"):
        logging.getLogger(name).addFilter(_one_sentence)
    Shard.reconnect = _resume  # type: ignore[assignment, method-assign]  # there is no other way to it
    Route.BASE = settings.discord_api_base.rstrip("/")
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(settings.discord_gateway_url)
    if settings.discord_api_base != type(settings).model_fields["discord_api_base"].default:
        Asset.BASE = str(yarl.URL(settings.discord_api_base).origin())


async def stay_connected(
    settings: Settings, database: Database, token: str, stop: asyncio.Event, house: House | None = None
) -> End:
    """Run the bot until `stop` is set or Discord refuses the token; all other trouble is waited out."""
    point_at(settings)
    message_content = True
    wait = FIRST_WAIT
    while not stop.is_set():
        bot = BossBot(settings, database, message_content=message_content, house=house)
        try:
            await _run(bot, token, stop)
        except discord.LoginFailure:
            return _refused()
        except discord.PrivilegedIntentsRequired:
            logger.error(NO_MESSAGE_CONTENT, prefix=settings.command_prefix)
            message_content = False
            continue
        except Exception as error:  # noqa: BLE001  (logged; the members' bot must come back)
            if isinstance(error, discord.ConnectionClosed) and error.code == 4004:
                return _refused()
            # discord.py trips over a first connection that fails and over malformed events: another client will do.
            logger.opt(exception=not isinstance(error, TROUBLE)).warning("no connection to Discord: {!r}", error)
        wait = FIRST_WAIT if bot.was_ready else min(wait * 2, LONGEST_WAIT)
        await _sleep(wait, stop)
    return End.STOPPED


async def _resume(shard: Shard) -> None:
    """Go on with the session after a try that failed, too.

    The library's shards begin a new one there, unlike its client, and all that was said meanwhile would be lost. When
    the session is no longer there, Discord says so, and a new one is begun.
    """
    await shard.reidentify(ReconnectWebSocket(shard.id, resume=shard.ws.session_id is not None))


def _one_sentence(record: logging.LogRecord) -> bool:
    """The library waits this trouble out itself, and logs each try with its traceback."""
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, TROUBLE):
        record.msg, record.args = "no connection to Discord yet, trying again: %r", (error,)
        record.exc_info, record.levelno, record.levelname = None, logging.WARNING, "WARNING"
    return True


def _refused() -> End:
    logger.error(WRONG_TOKEN)
    return End.REFUSED


async def _run(bot: BossBot, token: str, stop: asyncio.Event) -> None:
    async with bot:
        connected = asyncio.create_task(bot.start(token), name="gateway")
        stopping = asyncio.create_task(stop.wait(), name="stopping")
        try:
            await asyncio.wait((connected, stopping), return_when=asyncio.FIRST_COMPLETED)
            if stop.is_set():
                await bot.finish()
            else:
                await connected
        finally:
            stopping.cancel()
            connected.cancel()
            await asyncio.wait((connected,))


async def _sleep(seconds: float, stop: asyncio.Event) -> None:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return
