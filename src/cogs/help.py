"""`help`: what there is, and how each command is used."""

from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands
from discord.ext import commands

from cogs.context import Context
from cogs.cooldowns import STEERING
from cogs.help_pages import command_page, overview
from cogs.hybrid import about, hybrid
from cogs.layouts import View
from cogs.texts import plain
from core.errors import RequestRefused

if TYPE_CHECKING:
    from cogs.client import BossBot


class Help(commands.Cog):
    """What there is."""

    def __init__(self, bot: "BossBot") -> None:
        self._bot = bot

    @hybrid(
        name="help",
        aliases=("dlh",),
        description="Show what this bot can do, or how one command is used.",
        example=("download", "queue move"),
        rate=STEERING,
    )
    @app_commands.describe(command="The name of a command.")
    async def show(self, ctx: Context, *, command: str = "") -> None:
        prefix = self._bot.settings.command_prefix
        wanted = command.strip().removeprefix(prefix).removeprefix("/").casefold()
        if not wanted:
            page = View(timeout=None)
            page.add_item(discord.ui.TextDisplay(overview(self._commands(ctx), prefix=prefix, t=ctx.t)))
            await ctx.answer(None, private=True, view=page)
            return
        found = self._bot.get_command(wanted)
        if found is None or (about(found).for_owner and not (await ctx.authority()).is_owner):
            raise RequestRefused(ctx.t("There is no command {name}. `help` lists them all.", name=plain(command)))
        await ctx.answer(command_page(found, called=wanted, prefix=prefix, t=ctx.t), private=True)

    @show.autocomplete("command")
    async def _suggest_command(self, _: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        names = [one.qualified_name for one in self._bot.walk_commands() if not about(one).for_owner]
        fitting = sorted(name for name in names if typed.casefold() in name)
        return [app_commands.Choice(name=name, value=name) for name in fitting[:25]]

    def _commands(self, ctx: Context) -> list[commands.Command[Any, ..., Any]]:
        owned = ctx.owns_bot
        return [one for one in self._bot.walk_commands() if owned or not about(one).for_owner]
