"""Which downloads somebody may see: those of the guild where he asks; in direct messages his own."""

from collections.abc import Sequence

from cogs.cards import card, line
from cogs.context import Context
from cogs.lists import read_list_card
from cogs.texts import at_most
from core.models import Download, Status
from core.queries import Queries


async def visible(queries: Queries, ctx: Context, number: int) -> Download | None:
    """A download by its number, None where he may not see it or there is none."""
    found = await queries.get(number)
    if found is None:
        return None
    seen = found.guild_id == ctx.guild_id if ctx.guild_id is not None else found.user_id == ctx.author.id
    return found if seen else None


def missing(ctx: Context, number: int) -> str:
    """What is said of a number that means nothing here."""
    return "❌ " + ctx.t("There is no download {number} here.", number=number)


async def told_list(queries: Queries, ctx: Context, heading: str, rows: Sequence[Download]) -> str | None:
    """A line for each of these downloads below a heading; None when there are none."""
    if not rows:
        return None
    batches = await queries.batches(rows)
    told = [line(row, ahead=await ahead(queries, row), batch=batches.get(row.id), t=ctx.t) for row in rows]
    return at_most([f"**{heading}**", *told])


async def told_card(queries: Queries, ctx: Context, row: Download) -> str:
    """The whole of what is said of one download."""
    batch = (await queries.batches([row])).get(row.id)
    if batch is not None:
        return await read_list_card(queries, row, batch, t=ctx.t)
    return card(row, ahead=await ahead(queries, row), t=ctx.t)


async def ahead(queries: Queries, row: Download) -> int | None:
    """How many wait before it, if it waits."""
    return await queries.ahead_of(row) if row.status is Status.PENDING else None


def not_his(ctx: Context, number: int) -> str:
    """The answer to who asks something of a download that he may only look at."""
    return "❌ " + ctx.t("Download {number} is not yours. Moderators (Manage Messages) may do this.", number=number)
