"""Every error of a command becomes a sentence for the member; tracebacks go to the log."""

from typing import TYPE_CHECKING

import aiohttp
import discord
from discord import app_commands
from discord.ext import commands
from loguru import logger

from cogs.context import Context
from cogs.cooldowns import TooFast
from cogs.hybrid import about, shown_name
from cogs.language import ENGLISH, Language
from cogs.permission_names import permission_names
from cogs.texts import duration, plain
from core.database_faults import is_full
from core.errors import BossBotError, OverLimit, Unexpected
from core.limits import Limited

if TYPE_CHECKING:
    from cogs.client import BossBot

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
    async def on_command_error(self, ctx: Context, error: Exception) -> None:
        """Say what went wrong, in the message that the command answered with."""
        cause = unwrapped(error)
        if isinstance(cause, commands.CommandNotFound):
            return
        lacks = cause.param.name if isinstance(cause, commands.MissingRequiredArgument) else ""
        option = shown_name(ctx.command, lacks) if lacks else None
        sentence = sentence_for(cause, usage=usage_of(ctx), option=option, t=ctx.t)
        log = logger.bind(command=ctx.command and ctx.command.qualified_name, guild=ctx.guild_id)
        if sentence is None:
            log.opt(exception=cause).error("a command failed")
            sentence = ctx.t(Unexpected.sentence)
        else:
            log.debug("refused: {!r}", cause)
        try:
            await ctx.answer(f"❌ {sentence}", private=isinstance(cause, TooFast))
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
            t = interaction.client.spoken.language(
                user_id=interaction.user.id, guild_id=interaction.guild_id, locale=interaction.locale.value
            )
            told = t("This command has changed. Reload Discord (Ctrl+R) and use it again.")
            await interaction.response.send_message(f"❌ {told}", ephemeral=True)


def unwrapped(error: BaseException) -> BaseException:
    """The error inside those that the library puts around it."""
    while isinstance(error, _WRAPPERS):
        error = error.original
    return error


def usage_of(ctx: Context) -> str:
    """How the command is used, with an example, as members would type it."""
    examples = about(ctx.command).examples
    if ctx.command is None or not examples:
        return ""
    prefix = ctx.bot.settings.command_prefix if ctx.interaction is None else "/"
    return ctx.t("Example: {example}", example=f"`{prefix}{ctx.command.qualified_name} {examples[0]}`")


def sentence_for(
    error: BaseException, *, usage: str = "", option: str | None = None, t: Language = ENGLISH
) -> str | None:
    """What a member reads of an error; None when it is a fault of ours.

    Args:
        error: without the library's wrappers.
        usage: an example of the command, put where it helps.
        option: the name of the missing argument, where members know it by another one.
        t: says it in the member's language.
    """
    match error:
        case OverLimit():
            return _over_limit(error, t)
        case BossBotError():
            return t(str(error))
        case commands.UserInputError() | app_commands.TransformerError():
            return f"{_misunderstood(error, t, option)} {usage}".rstrip()
        case TooFast():
            again = duration(max(1.0, error.retry_after))
            if error.guild:
                return t("This server is asking for much at once: try again in {time}.", time=again)
            return t("Too fast: try again in {time}.", time=again)
        case commands.NoPrivateMessage():
            return t("This works only in a server.")
        case commands.BotMissingPermissions() | app_commands.BotMissingPermissions():
            return lacking(permission_names(error.missing_permissions), t)
        case commands.CheckFailure() | app_commands.CheckFailure():
            return t("You may not do this here.")
        case discord.Forbidden():
            return t("Discord does not let this bot do that here. Ask a moderator to look at its permissions.")
        case _:
            full = t("The disk of this bot is full, so it can't note anything down. Ask again later.")
            return full if is_full(error) else None


def lacking(names: list[str], t: Language) -> str:
    """What a member reads when the bot's permissions in a channel are not enough."""
    return t("This bot lacks permissions in this channel: {names}. Ask a moderator.", names=", ".join(names))


def _misunderstood(error: BaseException, t: Language, option: str | None = None) -> str:
    match error:
        case commands.MissingRequiredArgument():
            return t("{name} is missing.", name=f"`{option or error.param.name}`")
        case commands.RangeError():
            return t("{value} is not possible there.", value=plain(str(error.value)))
        case commands.BadUnionArgument():
            return _misunderstood(error.errors[0], t)
        case commands.BadBoolArgument():
            return t("{value} is neither yes nor no.", value=plain(error.argument))
        case commands.BadLiteralArgument():
            names = ", ".join(f"`{one}`" for one in error.literals)
            return t("{value} is not possible there. Possible are {names}.", value=plain(error.argument), names=names)
        case commands.BadFlagArgument():
            return t("{name} can't be {value}.", name=f"`{error.flag.name}`", value=plain(error.argument))
        case commands.RoleNotFound() | commands.ChannelNotFound() | commands.ThreadNotFound():
            return t("There is no {value} here.", value=plain(str(error.argument)))
        case _:
            return t("That is not understood.")


def _over_limit(error: OverLimit, t: Language) -> str:
    if error.what == Limited.WAITING:
        return t.plural(
            "You have {count} download waiting, which is your limit here. Ask again when it has begun.",
            "You have {count} downloads waiting, which is your limit here. Ask again when one has begun.",
            error.limit,
        )
    return t.plural(
        "You have asked for {count} download within 24 hours, which is your limit here. Ask again tomorrow.",
        "You have asked for {count} downloads within 24 hours, which is your limit here. Ask again tomorrow.",
        error.limit,
    )
