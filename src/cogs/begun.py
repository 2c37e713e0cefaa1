"""Answers that say "⏳ ..." and whose command died before it wrote a row: said to be undone, whenever that was noticed.

A bot that is killed between its answer and the row leaves a message that waits for ever. So a file names each channel
where a command is in work. What is there at the start, or after a command that failed, is looked through: messages of
ours that say so and belong to no row are edited.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import discord
from loguru import logger

from cogs.spoken import Spoken
from core.database import DatabaseFault
from core.errors import BossBotError
from core.queries import Queries

BEGUN = "⏳ ..."  # promises nothing: no row is written yet
LOOK_BACK = 50  # messages of a channel
AGAIN_AFTER = 5.0  # seconds
TROUBLE = (aiohttp.ClientError, discord.RateLimited, discord.DiscordServerError, DatabaseFault, OSError)


class Begun:
    """The commands that were answered and have no row yet."""

    def __init__(self, client: discord.Client, queries: Queries, spoken: Spoken, directory: Path) -> None:
        self._client = client
        self._queries = queries
        self._spoken = spoken
        self._directory = directory
        self._in_work: Counter[int] = Counter()  # by channel
        self._ever: Counter[int] = Counter()  # the same, never counted down
        self._failed = asyncio.Event()
        self._doubtful = _left_in(directory)  # channels to look at

    @contextlib.contextmanager
    def at(self, *channel_ids: int) -> Iterator[None]:
        """Around a command that answers in these channels and then writes rows."""
        self._in_work.update(channel_ids)
        self._ever.update(channel_ids)
        with contextlib.suppress(OSError):  # a full disk: the command may succeed all the same
            self._directory.mkdir(parents=True, exist_ok=True)
            for channel_id in channel_ids:
                self._mark(channel_id).touch()
        failed = True
        try:
            yield
            failed = False
        except BossBotError:
            failed = False  # the member is told why
            raise
        finally:
            self._in_work.subtract(channel_ids)
            if failed:
                self._doubtful.update(channel_ids)
                self._failed.set()
            else:
                self._forget(*channel_ids)

    def _mark(self, channel_id: int) -> Path:
        return self._directory / str(channel_id)

    def _forget(self, *channel_ids: int) -> None:
        for channel_id in channel_ids:
            if not self._in_work[channel_id] and channel_id not in self._doubtful:
                with contextlib.suppress(OSError):
                    self._mark(channel_id).unlink(missing_ok=True)

    async def run(self) -> None:
        """Look after what is left, until cancelled."""
        await self._client.wait_until_ready()
        while True:
            self._failed.clear()
            for channel_id in sorted(self._doubtful):
                if not self._in_work[channel_id] and await self._look_at(channel_id):
                    self._doubtful.discard(channel_id)
                    self._forget(channel_id)
            if not self._doubtful:
                await self._failed.wait()
            await asyncio.sleep(AGAIN_AFTER)

    async def _look_at(self, channel_id: int) -> bool:
        """Say so under what is left in a channel; False when that has to be tried again."""
        before = self._ever[channel_id]
        log = logger.bind(channel=channel_id)
        try:
            for message in await self._without_row(channel_id):
                if self._ever[channel_id] != before:
                    return False  # it may be that of a command which began meanwhile
                await message.edit(content=self._words(message))
                log.bind(message=message.id).info("told that a command was not carried out")
        except TROUBLE as error:
            log.info("could not look for commands that were not carried out: {!r}", error)
            return False
        except discord.HTTPException as error:  # the channel is gone, or hidden from us: nobody waits there
            log.debug("could not look for commands that were not carried out: {!r}", error)
        return self._ever[channel_id] == before

    async def _without_row(self, channel_id: int) -> list[discord.Message]:
        known: Any = self._client.get_channel(channel_id)
        place = known or self._client.get_partial_messageable(channel_id)
        found = [
            message
            async for message in place.history(limit=LOOK_BACK)
            if message.author == self._client.user and message.content == BEGUN
        ]
        shown = await self._queries.cards_among([message.id for message in found])
        return [message for message in found if message.id not in shown]

    def _words(self, message: discord.Message) -> str:
        asked = message.interaction_metadata
        guild = message.guild
        t = self._spoken.language(
            user_id=asked.user.id if asked else 0,
            guild_id=guild.id if guild else None,
            locale=None,
            guild_locale=guild.preferred_locale.value if guild else None,
        )
        told = t("The bot was interrupted and did not do this. Ask again.")
        return f"❌ {told}"


def _left_in(directory: Path) -> set[int]:
    """The channels that an earlier process named."""
    if not directory.is_dir():
        return set()
    return {int(mark.name) for mark in directory.iterdir() if mark.name.isdecimal()}
