"""Threads beside the cards of long lists and large galleries, and the cards of entries in them."""

import asyncio
from collections.abc import Awaitable
from typing import Final

import aiohttp
import discord
from loguru import logger

from cogs.due import Due, FaceReader
from cogs.layouts import layout
from cogs.list_faces import HANDFUL
from cogs.names import bare_name
from cogs.tastes import Tastes
from cogs.texts import visible
from core.download_plan import FetchPlan
from core.models import Download
from core.queries import Queries
from core.requests import Requests

ONE_MESSAGE = 10  # files; a gallery that is larger goes into a thread
ARCHIVED_AFTER: Final = 1440  # minutes without a message; Discord opens it again when the bot writes
MAX_NAME = 100
AGAIN_AFTER = 300.0  # seconds after Discord refused
HAS_A_THREAD = 160004
TROUBLE = (discord.HTTPException, discord.RateLimited, aiohttp.ClientError, OSError, TimeoutError)


class Threads:
    """Opens threads where the bot may, and shows entries there. Without permission all stays on the card."""

    def __init__(
        self, client: discord.Client, queries: Queries, requests: Requests, faces: FaceReader, tastes: Tastes
    ) -> None:
        self._client = client
        self._queries = queries
        self._requests = requests
        self._faces = faces
        self._tastes = tastes
        self._not_before: dict[int, float] = {}  # by row

    async def tend(self, due: list[Due]) -> None:
        """Open the threads that these rows want, and send the cards that entries in threads lack."""
        for one in due:
            if self._wants_thread(one) and self._is_time(one.download):
                await self._try(one.download, self._open(one.download))
        for entry in await self._queries.without_card():
            if self._is_time(entry):
                await self._try(entry, self._send_card(entry))

    def _wants_thread(self, one: Due) -> bool:
        row = one.download
        if row.thread_id is not None or one.is_over or row.progress_message_id is None or row.cancelled:
            return False
        if one.batch is not None:
            many = one.batch.total > HANDFUL
        else:
            plan = FetchPlan.read(row.download_plan)
            many = row.upload and plan is not None and plan.files > ONE_MESSAGE
        return many and self._may_open(row)

    def _may_open(self, row: Download) -> bool:
        guild = self._client.get_guild(row.guild_id) if row.guild_id else None
        channel = guild.get_channel(row.channel_id) if guild and row.channel_id else None
        if guild is None or not isinstance(channel, discord.TextChannel):
            return False
        has = channel.permissions_for(guild.me)
        return has.create_public_threads and has.send_messages_in_threads

    async def _open(self, row: Download) -> None:
        assert row.progress_message_id is not None, "only a row with a card wants a thread"
        place = self._client.get_partial_messageable(row.channel_id or 0, guild_id=row.guild_id)
        message = place.get_partial_message(row.progress_message_id)
        try:
            name = visible(bare_name(row), MAX_NAME) or f"#{row.id}"
            thread_id = (await message.create_thread(name=name, auto_archive_duration=ARCHIVED_AFTER)).id
        except discord.HTTPException as error:
            if error.code != HAS_A_THREAD:
                raise
            thread_id = message.id  # of a start before; a thread has the number of the message that it hangs on
        await self._requests.thread_opened(row.id, thread_id)
        logger.bind(download=row.id).info("opened a thread")

    async def _send_card(self, entry: Download) -> None:
        taste = await self._tastes.of(entry)
        face = await self._faces.face(Due(entry), taste)
        place = self._client.get_partial_messageable(entry.channel_id or 0, guild_id=entry.guild_id)
        message = await place.send(
            view=layout(face, t=taste.t),
            nonce=f"card{entry.id}",  # after a death between this and the next line it is the same message
            allowed_mentions=discord.AllowedMentions.none(),
        )
        await self._requests.show_progress_at(entry.id, message.id)

    async def _try(self, row: Download, work: Awaitable[None]) -> None:
        try:
            await work
        except TROUBLE as error:
            self._not_before[row.id] = asyncio.get_running_loop().time() + AGAIN_AFTER
            logger.bind(download=row.id).warning("could not write into a thread: {!r}", error)

    def _is_time(self, row: Download) -> bool:
        return asyncio.get_running_loop().time() >= self._not_before.get(row.id, 0.0)
