"""Suggestions for the number of a download, while it is typed. They are never late and never an error."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import discord
from discord import app_commands
from loguru import logger

from cogs.cards import icon, list_icon
from cogs.elsewhere import is_elsewhere
from cogs.names import bare_name
from cogs.texts import visible
from core.database import DatabaseFault
from core.models import Batch, Download, Status
from core.queries import Queries

T = TypeVar("T")
Choices = list[app_commands.Choice[int]]
Fits = Callable[[Download, Batch | None], bool]
SUGGESTED = 25  # Discord's limit
LOOKED_AT = 100  # of somebody's newest downloads
PATIENCE = 1.5  # seconds of the 3 that Discord gives
_late: set[asyncio.Task[Any]] = set()  # else a task that nobody waits for any more might be collected


def is_alive(row: Download, batch: Batch | None) -> bool:
    """Whether there is something to cancel."""
    return not row.is_over or bool(batch and batch.left)


def can_pause(row: Download, batch: Batch | None) -> bool:
    """Whether it could rest."""
    return is_alive(row, batch) and not row.paused and not row.cancelled


def can_resume(row: Download, batch: Batch | None) -> bool:
    """Whether it rests."""
    return row.paused and is_alive(row, batch)


def can_retry(row: Download, batch: Batch | None) -> bool:
    """Whether it, or an entry of it, could be tried again."""
    ended_badly = row.status in (Status.FAILED, Status.CANCELLED)
    return ended_badly or bool(batch and (batch.failed or batch.cancelled))


def waits(row: Download, _: Batch | None) -> bool:
    """Whether it has a place in the queue."""
    return row.status is Status.PENDING


def anything(_row: Download, _batch: Batch | None) -> bool:
    """All."""
    return True


async def suggest(
    queries: Queries, interaction: discord.Interaction, typed: object, fits: Fits, *, all_of_guild: bool = False
) -> Choices:
    """Downloads of the one who types whose number or name fits; nothing when the database takes too long.

    Args:
        queries: where they are read.
        interaction: of the autocomplete.
        typed: so far.
        fits: which make sense for the command.
        all_of_guild: others' too, for those who manage the queue.
    """
    return await in_time(_suggest(queries, interaction, str(typed), fits, all_of_guild=all_of_guild), otherwise=[])


async def in_time(work: Coroutine[Any, Any, T], *, otherwise: T) -> T:
    """The result of `work`; `otherwise` when the database is late or faulty."""
    task = asyncio.ensure_future(work)
    done, _ = await asyncio.wait((task,), timeout=PATIENCE)
    if not done:
        # Not cancelled: a transaction runs to its end anyway.
        _late.add(task)
        task.add_done_callback(_forget)
        return otherwise
    try:
        return task.result()
    except (DatabaseFault, OSError) as fault:
        logger.warning("no suggestions: {!r}", fault)
        return otherwise


def _forget(task: asyncio.Task[Any]) -> None:
    _late.discard(task)
    if not task.cancelled() and (fault := task.exception()) is not None:
        logger.warning("late suggestions failed: {!r}", fault)


async def _suggest(
    queries: Queries, interaction: discord.Interaction, typed: str, fits: Fits, *, all_of_guild: bool
) -> Choices:
    guild_id = None if is_elsewhere(interaction) else interaction.guild_id
    everyone = all_of_guild and guild_id is not None and interaction.permissions.manage_messages
    who = None if everyone else interaction.user.id
    rows = await queries.newest(guild_id=guild_id, user_id=who, limit=LOOKED_AT)
    batches = await queries.batches(rows)
    fitting = [row for row in rows if fits(row, batches.get(row.id)) and _matches(row, typed)]
    return [
        app_commands.Choice(name=_suggestion(row, batches.get(row.id)), value=row.id) for row in fitting[:SUGGESTED]
    ]


def _matches(row: Download, typed: str) -> bool:
    return str(row.id).startswith(typed) or typed.casefold() in bare_name(row).casefold()


def _suggestion(row: Download, batch: Batch | None) -> str:
    return f"{list_icon(batch) if batch else icon(row)} {row.id}: {visible(bare_name(row))}"[:100]
