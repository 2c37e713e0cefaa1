"""Registers the slash commands, and only when Discord has others: registering is narrowly limited."""

import asyncio
from typing import TYPE_CHECKING, Any

import aiohttp
import discord
from discord.http import Route
from loguru import logger

from cogs.command_texts import CommandTexts

if TYPE_CHECKING:
    from cogs.client import BossBot

AGAIN = 60.0  # seconds
# Discord fills these in where they were not given.
_FILLED_IN = ("contexts", "integration_types", "dm_permission")
_IN_ANY_ORDER = ("contexts", "integration_types")
_LOCALISED = ("name_localizations", "description_localizations")


async def sync_commands(bot: "BossBot") -> None:
    """Bring Discord's list of commands to ours, trying until that worked."""
    while True:
        try:
            registered = await bring_up_to_date(bot)
            if registered is None:
                logger.debug("the commands are registered already")
            else:
                logger.bind(commands=registered).info("registered the commands")
        except discord.Forbidden as error:
            logger.error("Discord does not let this bot register its commands: {}", error)
        except (discord.HTTPException, discord.RateLimited, aiohttp.ClientError, OSError, TimeoutError) as error:
            logger.warning("could not register the commands yet, trying again in {:.0f} s: {}", AGAIN, error)
            await asyncio.sleep(AGAIN)
            continue
        return


async def bring_up_to_date(bot: "BossBot") -> int | None:
    """Register our commands where Discord has others; how many, None when there was nothing to do."""
    known = await _known(bot)
    ours = await payloads(bot)
    if same_commands(ours, known):
        return None
    await bot.tree.sync()
    return len(ours)


async def payloads(bot: "BossBot") -> list[dict[str, Any]]:
    """Our commands as they are registered, in all languages."""
    texts = bot.tree.translator or CommandTexts()
    return [await command.get_translated_payload(bot.tree, texts) for command in bot.tree.get_commands()]


async def _known(bot: "BossBot") -> Any:
    assert bot.application_id is not None, "known after login"
    # The library's own method asks for the commands without their localisations.
    route = Route("GET", "/applications/{application_id}/commands", application_id=bot.application_id)
    return await bot.http.request(route, params={"with_localizations": "true"})


def same_commands(ours: list[dict[str, Any]], known: Any) -> bool:
    """Whether Discord's commands say all that ours say, and there are no others."""
    by_name = {(one.get("type", 1), one["name"]): one for one in known}
    return len(ours) == len(by_name) and all(_says(by_name.get((one.get("type", 1), one["name"])), one) for one in ours)


def _says(known: Any, ours: Any) -> bool:
    if isinstance(ours, dict):
        return isinstance(known, dict) and _fields_say(known, ours)
    if isinstance(ours, list) and ours:
        return (
            isinstance(known, list)
            and len(known) == len(ours)
            and all(_says(theirs, mine) for theirs, mine in zip(known, ours, strict=True))
        )
    return bool(known == ours) or (not known and not ours)


def _fields_say(known: dict[str, Any], ours: dict[str, Any]) -> bool:
    given = {key: value for key, value in ours.items() if key not in _FILLED_IN or value}
    return all(
        sorted(known.get(key) or ()) == sorted(value) if key in _IN_ANY_ORDER else _says(known.get(key), value)
        for key, value in given.items()
        if key != "dm_permission" and key not in _LOCALISED
    ) and all((known.get(key) or {}) == (ours.get(key) or {}) for key in _LOCALISED)
