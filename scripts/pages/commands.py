"""The reference of what members can ask for, from the commands as they are registered."""

import asyncio
from collections.abc import Iterable
from tempfile import TemporaryDirectory
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from cogs.client import COGS, BossBot
from cogs.help_pages import is_slash, parameters
from cogs.hybrid import about
from core.database import Database
from core.settings import Settings

Command = commands.Command[Any, ..., Any]


def command_reference() -> str:
    """A section for each command: how it is used, its options, examples, notes; the owner's at the end."""
    return asyncio.run(_reference())


async def _reference() -> str:
    with TemporaryDirectory() as directory:
        database = Database(f"sqlite+aiosqlite:///{directory}/none.db")
        async with BossBot(Settings.model_validate({}), database) as bot:
            for cog in COGS:
                await bot.add_cog(cog(bot))
            menus = [_menu(menu) for menu in bot.tree.walk_commands(type=discord.AppCommandType.message)]
            known = sorted(
                {one for one in bot.walk_commands() if not _is_hollow(one)}, key=lambda one: one.qualified_name
            )
            members = [_entry(one) for one in known if not about(one).for_owner]
            owners = [_entry(one) for one in known if about(one).for_owner]
        await database.close()
    return "\n\n".join([*members, *menus, "## For the bot's owner", *owners])


def _is_hollow(command: Command) -> bool:
    """A group that does nothing but hold others."""
    return isinstance(command, commands.HybridGroup) and command.fallback is None


def _entry(command: Command) -> str:
    slash = getattr(command, "app_command", None)
    named = command.qualified_name
    if isinstance(command, commands.HybridGroup) and isinstance(slash, app_commands.Group):
        slash = slash.get_command(str(command.fallback))
        named = f"{named} {command.fallback}"
    level = "###" if about(command).for_owner else "##"
    lines = [f"{level} {'/' if is_slash(command) else '$'}{named}", "", command.description]
    lines += ["", f"`${' '.join([command.qualified_name, *parameters(command)])}`"]
    if isinstance(slash, app_commands.Command) and slash.parameters:
        lines += ["", "| option | meaning |", "|---|---|", *map(_option, slash.parameters)]
    if about(command).examples:
        lines += ["", "```text", *[f"${command.qualified_name} {one}" for one in about(command).examples], "```"]
    return "\n".join([*lines, "", *_notes(command)])


def _option(option: app_commands.Parameter) -> str:
    choices = f" One of: {', '.join(f'`{choice.name}`' for choice in option.choices)}." if option.choices else ""
    needed = " **Needed.**" if option.required else ""
    text = f"{option.description}{'' if str(option.description).endswith('.') else '.'}{choices}{needed}"
    return f"| `{option.display_name}` | {text.replace('|', chr(92) + '|')} |"


def _notes(command: Command) -> Iterable[str]:
    yield from (f"* {note}" for note in about(command).notes)
    if command.aliases:
        yield f"* The same: {', '.join(f'`${alias}`' for alias in command.aliases)}."
    rate = about(command).rate
    if rate is not None:
        yield f"* Up to {rate.a_minute} times a minute, {round(rate.gap)} s apart."


def _menu(menu: Any) -> str:
    return f"## {menu.name}\n\nRight click on a message, *Apps*, *{menu.name}*."
