"""Every error of a command becomes a sentence for the member; tracebacks go to the log."""

from typing import TYPE_CHECKING

import aiohttp
import discord
from discord import app_commands
from discord.ext import commands
from loguru import logger

from cogs.context import Context
from cogs.texts import duration, plain
from core.errors import BossBotError, Unexpected

if TYPE_CHECKING:
    from cogs.client import BossBot

OUTDATED = "This command has changed. Reload Discord (Ctrl+R) and use it again."
_WRAPPERS = (
    commands.CommandInvokeError,
    commands.ConversionError,
    commands.HybridCommandError,
    app_commands.CommandInvokeError,
)


class Errors(commands.Cog):
    """Answers for commands that failed."""

    def __init__(self, bot: "BossBot") -> None:
        self._bot = bot

    @commands.Cog.listener()
    async def on_command_error(self, ctx: Context, error: commands.CommandError) -> None:
        """Say what went wrong, in the message that the command answered with."""
        cause = unwrapped(error)
        if isinstance(cause, commands.CommandNotFound):
            return
        sentence = sentence_for(cause, usage=usage_of(ctx))
        log = logger.bind(command=ctx.command and ctx.command.qualified_name, guild=ctx.guild_id)
        if sentence is None:
            log.opt(exception=cause).error("a command failed")
            sentence = Unexpected.sentence
        else:
            log.debug("refused: {!r}", cause)
        try:
            await ctx.answer(f"❌ {sentence}")
        except (discord.HTTPException, discord.RateLimited, aiohttp.ClientError, OSError, TimeoutError) as unsaid:
            log.warning("could not tell the member: {!r}", unsaid)


class Tree(app_commands.CommandTree["BossBot"]):
    """Slash commands that never become one of ours: registered by another version, or with other options."""

    async def on_error(
        self, interaction: discord.Interaction["BossBot"], error: app_commands.AppCommandError, /
    ) -> None:
        """Tell the member instead of leaving "The application did not respond"."""
        logger.opt(exception=error).warning("a slash command could not be begun")
        if not interaction.response.is_done():
            await interaction.response.send_message(f"❌ {OUTDATED}", ephemeral=True)


def unwrapped(error: BaseException) -> BaseException:
    """The error inside those that the library puts around it."""
    while isinstance(error, _WRAPPERS):
        error = error.original
    return error


def usage_of(ctx: Context) -> str:
    """How the command is used, with an example, as members would type it."""
    if ctx.command is None:
        return ""
    prefix = ctx.bot.settings.command_prefix if ctx.interaction is None else "/"
    example = ctx.command.extras.get("example", "")
    return f"Example: `{prefix}{ctx.command.qualified_name} {example}`" if example else ""


def sentence_for(error: BaseException, *, usage: str = "") -> str | None:
    """What a member reads of an error; None when it is a fault of ours.

    Args:
        usage: an example of the command, put where it helps.
    """
    match error:
        case BossBotError():
            return str(error)
        case commands.MissingRequiredArgument():
            return f"`{error.param.displayed_name or error.param.name}` is missing. {usage}".rstrip()
        case commands.RangeError():
            return f"{plain(str(error.value))} is not possible there. {usage}".rstrip()
        case commands.BadFlagArgument():
            return f"`{error.flag.name}` can't be {plain(error.argument)}. {usage}".rstrip()
        case commands.UserInputError() | app_commands.TransformerError():
            return f"That is not understood. {usage}".rstrip()
        case commands.CommandOnCooldown() | app_commands.CommandOnCooldown():
            return f"Too fast: try again in {duration(max(1.0, error.retry_after))}."
        case commands.NoPrivateMessage():
            return "This works only in a server."
        case commands.CheckFailure() | app_commands.CheckFailure():
            return "You may not do this here."
        case _:
            return None
