"""`cancel`, `pause`, `resume` and `retry`: one's own downloads, or any of the guild for those who manage its queue."""

from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from cogs.context import Context
from cogs.cooldowns import STEERING
from cogs.hybrid import hybrid
from cogs.language import later
from cogs.suggestions import Choices, can_pause, can_resume, can_retry, is_alive, suggest
from cogs.visible import missing, not_his, visible
from core.requests import Ask

if TYPE_CHECKING:
    from cogs.client import BossBot

Number = commands.Range[int, 1, 2**53 - 1]  # the integers that Discord can carry
WHICH = "The number of a download; its message and the queue show it."
NOTES = (
    later("Without being a moderator you can do this to your own downloads."),
    later("The number of a playlist means all of its entries."),
)
DONE = {
    Ask.CANCEL: later("🛑 Download {number} is being cancelled."),
    Ask.PAUSE: later("⏸️ Download {number} is paused. `resume` goes on where it stopped."),
    Ask.RESUME: later("▶️ Download {number} goes on."),
    Ask.RETRY: later("🔄 Download {number} is tried again."),
}
NOTHING = {
    Ask.CANCEL: later("Download {number} is over already: nothing to cancel."),
    Ask.PAUSE: later("Download {number} is paused or over already: nothing to pause."),
    Ask.RESUME: later("Download {number} is not paused: nothing to resume."),
    Ask.RETRY: later("Download {number} did not fail and was not cancelled: nothing to try again."),
}


class Steering(commands.Cog):
    """Requests about downloads that exist."""

    def __init__(self, bot: "BossBot") -> None:
        self._bot = bot

    @hybrid(aliases=("dlc",), description="End a download.", example="12", notes=NOTES, rate=STEERING)
    @app_commands.rename(number="id")
    @app_commands.describe(number=WHICH)
    async def cancel(self, ctx: Context, number: Number) -> None:
        await self._ask(ctx, Ask.CANCEL, number)

    @hybrid(description="Let a download rest; what is fetched stays.", example="12", notes=NOTES, rate=STEERING)
    @app_commands.rename(number="id")
    @app_commands.describe(number=WHICH)
    async def pause(self, ctx: Context, number: Number) -> None:
        await self._ask(ctx, Ask.PAUSE, number)

    @hybrid(description="Go on with a paused download.", example="12", notes=NOTES, rate=STEERING)
    @app_commands.rename(number="id")
    @app_commands.describe(number=WHICH)
    async def resume(self, ctx: Context, number: Number) -> None:
        await self._ask(ctx, Ask.RESUME, number)

    @hybrid(description="Try a download again that failed or was cancelled.", example="12", notes=NOTES, rate=STEERING)
    @app_commands.rename(number="id")
    @app_commands.describe(number=WHICH)
    async def retry(self, ctx: Context, number: Number) -> None:
        await self._ask(ctx, Ask.RETRY, number)

    @cancel.autocomplete("number")
    async def _suggest_alive(self, interaction: discord.Interaction, typed: str) -> Choices:
        return await suggest(self._bot.queries, interaction, typed, is_alive)

    @pause.autocomplete("number")
    async def _suggest_moving(self, interaction: discord.Interaction, typed: str) -> Choices:
        return await suggest(self._bot.queries, interaction, typed, can_pause)

    @resume.autocomplete("number")
    async def _suggest_paused(self, interaction: discord.Interaction, typed: str) -> Choices:
        return await suggest(self._bot.queries, interaction, typed, can_resume)

    @retry.autocomplete("number")
    async def _suggest_failed(self, interaction: discord.Interaction, typed: str) -> Choices:
        return await suggest(self._bot.queries, interaction, typed, can_retry)

    async def _ask(self, ctx: Context, ask: Ask, number: int) -> None:
        await ctx.answer("⏳ ...")
        found = await visible(self._bot.queries, ctx, number)
        if found is None:
            await ctx.answer(missing(ctx, number))
            return
        authority = await ctx.authority()
        # Who may is decided by the statement that writes; what was read only finds the words.
        only = authority.only() if ctx.guild_id is not None else authority.in_direct_messages(found.guild_id)
        if await self._bot.requests.ask(ask, [number], only=only):
            await ctx.answer(ctx.t(DONE[ask], number=number))
        elif not authority.manage_queue and found.user_id != ctx.author.id:
            await ctx.answer(not_his(ctx, number))
        else:
            await ctx.answer(ctx.t(NOTHING[ask], number=number))
