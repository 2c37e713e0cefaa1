"""`status`, `queue` and `cancel`: what a guild's members may see and end. Nothing crosses from guild to guild."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from cogs.cards import card, icon, line, list_icon
from cogs.context import Context
from cogs.hybrid import hybrid
from cogs.lists import read_list_card
from cogs.names import bare_name
from cogs.texts import at_most
from core.models import Batch, Download, Status
from core.requests import Ask, asked_by, asked_in

if TYPE_CHECKING:
    from cogs.client import BossBot

Number = commands.Range[int, 1, 2**53 - 1]  # the integers that Discord can carry
LATEST = 0  # no download has this number
LOOKING = "⏳ Looking ..."
SHOWN = 15  # downloads in a list
SUGGESTED = 25  # Discord's limit of suggestions


class Queue(commands.Cog):
    """Looking at downloads, and ending them."""

    def __init__(self, bot: "BossBot") -> None:
        self._bot = bot

    @hybrid(description="Show where a download stands, or your latest ones.", example="12")
    @app_commands.rename(number="id")
    @app_commands.describe(number="The number of a download. Without it: your latest ones.")
    async def status(self, ctx: Context, number: Number = LATEST) -> None:
        await ctx.answer(LOOKING)
        if number == LATEST:
            who = ctx.author.id
            mine = await self._bot.queries.newest(guild_id=ctx.guild_id, user_id=who, entries=False, limit=5)
            await ctx.answer(await self._list("Your latest downloads", mine) or "You asked for nothing here yet.")
            return
        found = await self._visible(ctx, number)
        await ctx.answer(_missing(number) if found is None else await self._card(found))

    @hybrid(aliases=("dlq",), description="Show what is running and what waits in this server.")
    async def queue(self, ctx: Context) -> None:
        await ctx.answer(LOOKING)
        user_id = ctx.author.id if ctx.guild_id is None else None
        rows = await self._bot.queries.queue(guild_id=ctx.guild_id, user_id=user_id, limit=SHOWN)
        await ctx.answer(await self._list("Running and waiting", rows) or "Nothing is running and nothing waits here.")

    @hybrid(aliases=("dlc",), description="End a download of yours. Moderators may end anyone's.", example="12")
    @app_commands.rename(number="id")
    @app_commands.describe(number="The number of a download; its message and the queue show it.")
    async def cancel(self, ctx: Context, number: Number) -> None:
        await ctx.answer("⏳ One moment ...")
        found = await self._visible(ctx, number)
        if found is None:
            await ctx.answer(_missing(number))
            return
        # Who may is decided by the statement that writes; what was read only finds the words.
        only = asked_in(ctx.guild_id) if ctx.manages_messages else asked_by(ctx.author.id, guild_id=found.guild_id)
        if await self._bot.requests.ask(Ask.CANCEL, [number], only=only):
            await ctx.answer(f"🛑 Download {number} is being cancelled.")
        elif not ctx.manages_messages and found.user_id != ctx.author.id:
            await ctx.answer(f"❌ Download {number} is not yours. Moderators (Manage Messages) may cancel it.")
        else:
            await ctx.answer(f"Download {number} is over already: nothing to cancel.")

    @status.autocomplete("number")
    async def _suggest_any(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[int]]:
        return await self._suggest(interaction, typed)

    @cancel.autocomplete("number")
    async def _suggest_running(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[int]]:
        return await self._suggest(interaction, typed, over=False)

    async def _suggest(
        self, interaction: discord.Interaction, typed: str, *, over: bool = True
    ) -> list[app_commands.Choice[int]]:
        mine = await self._bot.queries.newest(guild_id=interaction.guild_id, user_id=interaction.user.id, limit=100)
        batches = await self._bot.queries.batches(mine)
        living = {number for number, batch in batches.items() if batch.left}
        fitting = [row for row in mine if (over or not row.is_over or row.id in living) and _fits(row, str(typed))]
        return [
            app_commands.Choice(name=_suggestion(row, batches.get(row.id)), value=row.id) for row in fitting[:SUGGESTED]
        ]

    async def _card(self, row: Download) -> str:
        batch = (await self._bot.queries.batches([row])).get(row.id)
        if batch is not None:
            return await read_list_card(self._bot.queries, row, batch)
        return card(row, ahead=await self._ahead(row))

    async def _visible(self, ctx: Context, number: int) -> Download | None:
        found = await self._bot.queries.get(number)
        if found is None:
            return None
        visible = found.guild_id == ctx.guild_id if ctx.guild_id is not None else found.user_id == ctx.author.id
        return found if visible else None

    async def _list(self, heading: str, rows: Sequence[Download]) -> str | None:
        if not rows:
            return None
        batches = await self._bot.queries.batches(rows)
        told = [line(row, ahead=await self._ahead(row), batch=batches.get(row.id)) for row in rows]
        return at_most([f"**{heading}**", *told])

    async def _ahead(self, row: Download) -> int | None:
        return await self._bot.queries.ahead_of(row) if row.status is Status.PENDING else None


def _missing(number: int) -> str:
    return f"❌ There is no download {number} here."


def _fits(row: Download, typed: str) -> bool:
    return str(row.id).startswith(typed) or typed.casefold() in bare_name(row).casefold()


def _suggestion(row: Download, batch: Batch | None) -> str:
    return f"{list_icon(batch) if batch else icon(row)} {row.id}: {bare_name(row)}"[:100]
