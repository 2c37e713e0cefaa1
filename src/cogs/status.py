"""`status` and `info`: what is known of a download, or of a link before anything is fetched."""

from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from cogs.context import Context
from cogs.cooldowns import LOOKING
from cogs.details import details
from cogs.hybrid import hybrid
from cogs.language import later
from cogs.link_facts import link_facts
from cogs.steering import Number
from cogs.suggestions import Choices, anything, suggest
from cogs.visible import missing, told_card, told_list, visible
from core.requests import checked_url
from download_module.url_detector import UrlDetector

if TYPE_CHECKING:
    from cogs.client import BossBot

LATEST = 0  # no download has this number
MAX_NUMBER = 2**53 - 1
BEFORE = 3  # earlier downloads of the same media that are shown


class Status(commands.Cog):
    """Looking at downloads."""

    def __init__(self, bot: "BossBot") -> None:
        self._bot = bot
        self._detector = UrlDetector()

    @hybrid(
        description="Show where a download stands, or your latest ones.", example="12", rate=LOOKING, counts_as="status"
    )
    @app_commands.rename(number="id")
    @app_commands.describe(number="The number of a download. Without it: your latest ones.")
    async def status(self, ctx: Context, number: Number = LATEST) -> None:
        await ctx.answer("⏳ ...")
        queries = self._bot.queries
        if number == LATEST:
            who = ctx.author.id
            mine = await queries.newest(guild_id=ctx.guild_id, user_id=who, entries=False, limit=5)
            told = await told_list(queries, ctx, ctx.t("Your latest downloads"), mine)
            await ctx.answer(told or ctx.t("You asked for nothing here yet."))
            return
        found = await visible(queries, ctx, number)
        await ctx.answer(missing(ctx, number) if found is None else await told_card(queries, ctx, found))

    @hybrid(
        aliases=("dli",),
        description="Show all that is known of a download, or of a link without fetching it.",
        example=("12", "https://example.com/video"),
        notes=(later("Of a link: its site, how it would be fetched, and whether it was posted here before."),),
        rate=LOOKING,
        counts_as="status",
    )
    @app_commands.describe(what="The number of a download, or a link.")
    async def info(self, ctx: Context, *, what: str) -> None:
        await ctx.answer("⏳ ...")
        typed = what.strip().lstrip("#")
        if typed.isascii() and typed.isdigit():
            await ctx.answer(await self._of_number(ctx, min(int(typed[:20]), MAX_NUMBER)))
            return
        facts, identity = link_facts(self._detector, checked_url(what), t=ctx.t)
        earlier = await self._bot.queries.of_media(
            identity.site, identity.id, guild_id=ctx.guild_id, user_id=ctx.author.id, limit=BEFORE
        )
        told = await told_list(self._bot.queries, ctx, ctx.t("Asked for here before"), earlier)
        await ctx.answer("\n".join([facts, *([told] if told else [])]))

    async def _of_number(self, ctx: Context, number: int) -> str:
        queries = self._bot.queries
        found = await visible(queries, ctx, number)
        if found is None:
            return missing(ctx, number)
        return details(found, await queries.history(number), await queries.files(number), t=ctx.t)

    @status.autocomplete("number")
    async def _suggest_any(self, interaction: discord.Interaction, typed: str) -> Choices:
        return await suggest(self._bot.queries, interaction, typed, anything)

    @info.autocomplete("what")
    async def _suggest_what(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        found = await suggest(self._bot.queries, interaction, typed, anything)
        return [app_commands.Choice(name=one.name, value=str(one.value)) for one in found]
