"""Commands used where the bot is no member, by somebody who installed it as an app of his own.

There the bot can answer the interaction and nothing else: it can neither post files nor edit an ordinary message. So
the download lives in the direct messages with that person, card and files alike, and the interaction's own message
says so and shows the state for as long as its token lives.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import aiohttp
import discord
from loguru import logger

from cogs.language import Language, later
from core.errors import RequestRefused
from core.models import Batch, Download
from core.queries import Queries

TOKEN_LIFE = 14 * 60.0  # seconds of the 15 minutes in which an interaction's message can be edited
CLOSED = later(
    "This bot is no member here and can't send you direct messages. Allow them in its profile, or invite it to this "
    "server."
)
REFUSALS = (discord.HTTPException, discord.RateLimited, aiohttp.ClientError, OSError, TimeoutError)


def is_elsewhere(interaction: discord.Interaction | None) -> bool:
    """Whether the bot is no member of the place where this was used."""
    if interaction is None:
        return False
    if interaction.guild_id is not None:
        return not interaction.is_guild_integration()
    return bool(interaction.context.private_channel)


def explained(t: Language, jump_url: str) -> str:
    """What the interaction's message says of the place where the downloads go."""
    return t(
        "This bot is no member here, so the files go to your direct messages: {link}\n"
        "This message shows the state for 15 minutes.",
        link=jump_url,
    )


Line = Callable[[Download, Batch | None, Language], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the card and the files of a download go."""

    channel_id: int
    guild_id: int | None
    message_id: int
    jump_url: str


async def direct_messages(user: discord.User | discord.Member, text: str) -> Place:
    """A card in somebody's direct messages.

    Raises:
        RequestRefused: he takes none from this bot.
    """
    try:
        card = await user.send(text)
    except discord.Forbidden:
        raise RequestRefused(CLOSED) from None
    return Place(channel_id=card.channel.id, guild_id=None, message_id=card.id, jump_url=card.jump_url)


@dataclass(slots=True)
class Echo:
    """An interaction's message that repeats the state of its downloads. Its token is kept here and nowhere else."""

    message: discord.InteractionMessage
    note: str
    t: Language
    until: float
    numbers: list[int] = field(default_factory=list)
    shown: str = ""


class Echoes:
    """Keeps those messages true as long as Discord lets us."""

    def __init__(self, queries: Queries, line: Line, *, edit_interval: float) -> None:
        """`line` tells a download's state, or a playlist's, in one line."""
        self._queries = queries
        self._line = line
        self._interval = edit_interval
        self._echoes: dict[int, Echo] = {}  # by message
        self._added = asyncio.Event()

    def add(self, number: int, message: discord.InteractionMessage, *, jump_url: str, t: Language) -> None:
        """Show the state of a download in the message that answered its command, beside others of that command."""
        until = time.monotonic() + TOKEN_LIFE
        echo = self._echoes.setdefault(message.id, Echo(message, explained(t, jump_url), t, until))
        echo.numbers.append(number)
        self._added.set()

    async def run(self) -> None:
        """Edit what changed, wait; until cancelled."""
        while True:
            if not self._echoes:
                self._added.clear()
                await self._added.wait()
            for key, echo in list(self._echoes.items()):
                try:
                    over = not await self._show(echo)
                except Exception:  # noqa: BLE001  (logged; the loop must outlive it)
                    logger.exception("could not show downloads where the bot is no member")
                    over = False
                if over or time.monotonic() > echo.until:
                    self._echoes.pop(key)
            await asyncio.sleep(self._interval)

    async def _show(self, echo: Echo) -> bool:
        """Edit the message if it shows something old; False when nothing more will change there."""
        rows = await self._queries.find(echo.numbers)
        batches = await self._queries.batches(rows)
        lines = [self._line(row, batches.get(row.id), echo.t) for row in rows]
        text = "\n".join([*lines, echo.note])
        moving = any(not row.is_over or ((batch := batches.get(row.id)) and batch.left) for row in rows)
        if text == echo.shown:
            return moving
        try:
            await echo.message.edit(content=text)
        except REFUSALS as error:
            log = logger.bind(downloads=echo.numbers)
            log.info("could not edit the answer to a command elsewhere: {!r}", error)
            return not isinstance(error, discord.HTTPException) or error.status >= 500
        echo.shown = text
        return moving
