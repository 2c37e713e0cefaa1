"""`queue`: what is running and what waits, emptying it, and changing its order. Nothing crosses from guild to guild."""

from typing import TYPE_CHECKING, Literal

import discord
from discord import app_commands
from discord.ext import commands

from cogs.context import Context
from cogs.cooldowns import CLEARING, LOOKING, STEERING
from cogs.hybrid import hybrid, hybrid_group
from cogs.language import later
from cogs.steering import WHICH, Number
from cogs.suggestions import Choices, suggest, waits
from cogs.visible import missing, not_his, told_list, visible
from core.errors import RequestRefused
from core.models import Download

if TYPE_CHECKING:
    from cogs.client import BossBot

SHOWN = 15  # downloads in a list
LOWEST, HIGHEST = -1, 1  # priorities
Direction = Literal["top", "up", "down", "bottom"]


class Queue(commands.Cog):
    """Looking at the queue, and changing it."""

    def __init__(self, bot: "BossBot") -> None:
        self._bot = bot

    @hybrid_group(
        name="queue",
        fallback="list",
        aliases=("dlq",),
        description="Show what is running and what waits in this server.",
        rate=LOOKING,
    )
    async def queue(self, ctx: Context) -> None:
        await ctx.answer("⏳ ...")
        user_id = ctx.author.id if ctx.guild_id is None else None
        rows = await self._bot.queries.queue(guild_id=ctx.guild_id, user_id=user_id, limit=SHOWN)
        told = await told_list(self._bot.queries, ctx, ctx.t("Running and waiting"), rows)
        await ctx.answer(told or ctx.t("Nothing is running and nothing waits here."))

    @hybrid(
        within=queue,
        description="Cancel what waits: of the whole server for those who manage its queue, else your own.",
        notes=(later("What is running goes on; `cancel` ends it."),),
        rate=CLEARING,
    )
    async def clear(self, ctx: Context) -> None:
        await ctx.answer("⏳ ...")
        authority = await ctx.authority()
        cleared = await self._bot.requests.cancel_waiting(only=authority.only())
        if not cleared:
            await ctx.answer(ctx.t("Nothing waits here that you could cancel."))
            return
        await ctx.answer(
            ctx.t.plural(
                "🛑 {count} waiting download is being cancelled.",
                "🛑 {count} waiting downloads are being cancelled.",
                len(cleared),
            )
        )

    @hybrid(
        within=queue,
        description="Let a waiting download go before or after others.",
        example=("12 bottom", "12 top"),
        notes=(
            later("Everybody may let his own downloads wait longer, and take that back."),
            later("Before those of others: only who manages the queue."),
        ),
        rate=STEERING,
    )
    @app_commands.rename(number="id")
    @app_commands.describe(number=WHICH, to="Where to; up and down are one step.")
    async def move(self, ctx: Context, number: Number, to: Direction) -> None:
        await ctx.answer("⏳ ...")
        found = await visible(self._bot.queries, ctx, number)
        if found is None:
            await ctx.answer(missing(ctx, number))
            return
        authority = await ctx.authority()
        wanted = _priority(found, to)
        if wanted == HIGHEST and not authority.manage_queue:
            if to == "top" or found.priority == 0:
                raise RequestRefused(ctx.t("Only who manages the queue lets downloads go before those of others."))
            wanted = 0
        only = authority.only() if ctx.guild_id is not None else authority.in_direct_messages(found.guild_id)
        if await self._bot.requests.prioritize([number], wanted, only=only):
            await ctx.answer(ctx.t(MOVED[wanted], number=number))
        elif not authority.manage_queue and found.user_id != ctx.author.id:
            await ctx.answer(not_his(ctx, number))
        else:
            await ctx.answer(ctx.t("Download {number} is there already, or over.", number=number))

    @move.autocomplete("number")
    async def _suggest_waiting(self, interaction: discord.Interaction, typed: str) -> Choices:
        return await suggest(self._bot.queries, interaction, typed, waits, all_of_guild=True)


MOVED = {
    HIGHEST: later("⏫ Download {number} goes before all others."),
    0: later("▶️ Download {number} waits its turn as others do."),
    LOWEST: later("⏬ Download {number} waits until others are done."),
}


def _priority(found: Download, to: Direction) -> int:
    match to:
        case "top":
            return HIGHEST
        case "bottom":
            return LOWEST
        case "up":
            return min(HIGHEST, found.priority + 1)
        case "down":
            return max(LOWEST, found.priority - 1)
