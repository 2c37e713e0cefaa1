"""Keeps each download's message true: reads what changed, edits what differs, as often as Discord lets us."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import aiohttp
import discord
from loguru import logger

from cogs.cards import card
from cogs.edit_pace import Pace, Shown
from cogs.lists import read_list_card
from core.models import Batch, Download, Status
from core.queries import Queries
from core.requests import Requests
from core.wake import Wake

LOOK_INTERVAL = 1.0  # seconds at least between two looks at the table
IDLE_INTERVAL = 5.0  # seconds between looks when nothing wakes us and nothing moves
STALE_LIMIT = 500  # rows a look
WAITING_LIMIT = 200  # rows from the head of the queue whose place is kept true
BATCH = 5  # edits of one channel before its rows are read anew; Discord lets about so many through in 5 s
AT_ONCE = 10  # channels edited at the same time
EDIT_TIMEOUT = 60.0  # seconds
FIRST_PAUSE, LONGEST_PAUSE = 2.0, 30.0  # seconds that a channel is left alone after a failure; doubles
UNKNOWN_CHANNEL, UNKNOWN_MESSAGE, THREAD_ARCHIVED = 10003, 10008, 50083


@dataclass(frozen=True, slots=True)
class Due:
    """A download whose message may have to change.

    `ahead` is known for those that wait, `batch` for playlists that have become rows.
    """

    download: Download
    ahead: int | None = None
    batch: Batch | None = None

    @property
    def status(self) -> Status:
        """See `ToShow`: a playlist is being downloaded until its last entry is over."""
        return Status.DOWNLOADING if self.batch is not None and self.batch.left else self.download.status


@dataclass(slots=True)
class Channel:
    """What is remembered of a channel: one batch of edits at a time, and a pause after trouble."""

    busy: bool = False
    not_before: float = 0.0
    failures: int = 0

    def fail(self, now: float, retry_after: float | None = None) -> float:
        """Leave it alone for a while; the seconds."""
        pause = retry_after or min(FIRST_PAUSE * 2**self.failures, LONGEST_PAUSE)
        self.failures += 1
        self.not_before = now + pause
        return pause


class Progress:
    """The loop that edits progress messages. It holds nothing that a restart would lose."""

    def __init__(
        self, client: discord.Client, queries: Queries, requests: Requests, wake: Wake, *, edit_interval: float
    ) -> None:
        self._client = client
        self._queries = queries
        self._requests = requests
        self._wake = wake
        self._pace = Pace(edit_interval=edit_interval)
        self._waiting_interval = edit_interval * 3
        self._waiting_read = float("-inf")
        self._shown: dict[int, Shown] = {}
        self._channels: defaultdict[int, Channel] = defaultdict(Channel)
        self._at_once = asyncio.Semaphore(AT_ONCE)

    async def run(self) -> None:
        """Look, edit, wait; until cancelled."""
        loop = asyncio.get_running_loop()
        async with asyncio.TaskGroup() as edits:
            while True:
                began = loop.time()
                moving = True
                try:
                    moving = await self._look(edits, began)
                except Exception:  # noqa: BLE001  (logged; the loop must outlive it)
                    logger.exception("could not read what to show; trying again")
                await self._wake.wait(LOOK_INTERVAL if moving else IDLE_INTERVAL)
                await asyncio.sleep(began + LOOK_INTERVAL - loop.time())

    async def _look(self, edits: asyncio.TaskGroup, now: float) -> bool:
        """Begin the edits that are due; whether anything moves."""
        stale = await self._queries.with_stale_message(limit=STALE_LIMIT)
        batches = await self._queries.batches(stale)
        due = [Due(row, batch=batches.get(row.id)) for row in stale]
        moving = bool(due)
        if now - self._waiting_read >= self._waiting_interval:
            self._waiting_read = now
            known = {one.download.id for one in due}
            due += [one for one in await self._places() if one.download.id not in known]
            self._shown = {one.download.id: shown for one in due if (shown := self._shown.get(one.download.id))}
        for channel_id, rows in self._by_channel(due, now).items():
            channel = self._channels[channel_id]
            if rows and not channel.busy and now >= channel.not_before:
                channel.busy = True
                edits.create_task(self._edit_batch(channel, self._pace.first(rows, self._shown)[:BATCH]))
        return moving

    async def _places(self) -> list[Due]:
        """The head of the queue with the place of each in it."""
        places, ahead = [], 0
        for row in await self._queries.queue(limit=WAITING_LIMIT):
            if row.status is not Status.PENDING:
                continue
            if row.progress_message_id is not None:
                places.append(Due(row, ahead))
            ahead += not (row.paused or row.cancelled)
        return places

    def _by_channel(self, due: Iterable[Due], now: float) -> dict[int, list[Due]]:
        found: defaultdict[int, list[Due]] = defaultdict(list)
        for one in due:
            if self._pace.is_due(one, self._shown.get(one.download.id), now):
                found[one.download.channel_id or 0].append(one)
        return found

    async def _edit_batch(self, channel: Channel, rows: list[Due]) -> None:
        loop = asyncio.get_running_loop()
        async with self._at_once:
            for one in rows:
                log = logger.bind(download=one.download.id)
                try:
                    await self._show(one)
                except discord.RateLimited as error:
                    log.info("Discord wants fewer edits for {:.0f} s", channel.fail(loop.time(), error.retry_after))
                    break
                except (discord.HTTPException, aiohttp.ClientError, OSError, TimeoutError) as error:
                    pause = channel.fail(loop.time())
                    log.warning("could not edit a message, trying again in {:.0f} s: {!r}", pause, error)
                    break
                except Exception:
                    log.exception("could not show a download")
                    channel.fail(loop.time())
                    break
                channel.failures = 0
        channel.busy = False

    async def _show(self, one: Due) -> None:
        row = one.download
        ahead = one.ahead
        if row.status is Status.PENDING and ahead is None:
            ahead = await self._queries.ahead_of(row)
        text = card(row, ahead=ahead) if one.batch is None else await read_list_card(self._queries, row, one.batch)
        shown = self._shown.get(row.id)
        message_id = row.progress_message_id
        if shown is None or shown.text != text:
            began = asyncio.get_running_loop().time()
            if not await self._edit(row, text):
                logger.bind(download=row.id).info("its message is gone; it is not shown any more")
                message_id = None
            self._shown[row.id] = Shown(text=text, status=one.status, at=began)
        if message_id is None or row.progress_message_status is not one.status:
            await self._requests.progress_shown(row.id, one.status, message_id=message_id)

    async def _edit(self, row: Download, text: str) -> bool:
        """Edit the message of a download; False when there is none that we could edit, now or ever."""
        if row.channel_id is None or row.progress_message_id is None:
            return False
        place = self._client.get_partial_messageable(row.channel_id, guild_id=row.guild_id)
        try:
            async with asyncio.timeout(EDIT_TIMEOUT):
                await place.get_partial_message(row.progress_message_id).edit(content=text)
        except discord.HTTPException as error:
            if not is_final(error):
                raise
            return False
        return True


def is_final(error: discord.HTTPException) -> bool:
    """Whether the same edit would be refused for ever: message or channel gone, forbidden, or a faulty request."""
    if error.code in (UNKNOWN_CHANNEL, UNKNOWN_MESSAGE):
        return True
    return error.status in (400, 403) and error.code != THREAD_ARCHIVED
