"""Registers the slash commands, and only when Discord has others: registering is narrowly limited."""

import asyncio
from typing import TYPE_CHECKING, Any

import aiohttp
import discord
from loguru import logger

if TYPE_CHECKING:
    from cogs.client import BossBot

AGAIN = 60.0  # seconds
# Discord fills these in where they were not given.
_FILLED_IN = ("contexts", "integration_types", "dm_permission")


async def sync_commands(bot: "BossBot") -> None:
    """Bring Discord's list of commands to ours, trying until that worked."""
    while True:
        try:
            assert bot.application_id is not None, "known after login"
            known = await bot.http.get_global_commands(bot.application_id)
            ours = [command.to_dict(bot.tree) for command in bot.tree.get_commands()]
            if same_commands(ours, known):
                logger.debug("the commands are registered already")
            else:
                await bot.tree.sync()
                logger.bind(commands=len(ours)).info("registered the commands")
        except discord.Forbidden as error:
            logger.error("Discord does not let this bot register its commands: {}", error)
        except (discord.HTTPException, discord.RateLimited, aiohttp.ClientError, OSError, TimeoutError) as error:
            logger.warning("could not register the commands yet, trying again in {:.0f} s: {}", AGAIN, error)
            await asyncio.sleep(AGAIN)
            continue
        return


def same_commands(ours: list[dict[str, Any]], known: Any) -> bool:
    """Whether Discord's commands say all that ours say, and there are no others."""
    by_name = {one["name"]: one for one in known}
    return len(ours) == len(by_name) and all(_says(by_name.get(one["name"]), one) for one in ours)


def _says(known: Any, ours: Any) -> bool:
    if isinstance(ours, dict):
        given = {key: value for key, value in ours.items() if key not in _FILLED_IN or value}
        return isinstance(known, dict) and all(
            _says(known.get(key), value) for key, value in given.items() if key != "dm_permission"
        )
    if isinstance(ours, list) and ours:
        return (
            isinstance(known, list)
            and len(known) == len(ours)
            and all(_says(theirs, mine) for theirs, mine in zip(known, ours, strict=True))
        )
    return bool(known == ours) or (not known and not ours)
