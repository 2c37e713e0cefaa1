"""Keeps each download's message true: reads what changed, edits what differs, as often as Discord lets us."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace

import aiohttp
import discord
from loguru import logger

from cogs.due import Due, FaceReader, LineReader
from cogs.edit_pace import Pace, Shown
from cogs.faces import Face, Taste
from cogs.layouts import layout
from cogs.outcomes import Outcomes
from cogs.tastes import Tastes
from cogs.threads import Threads
from core.database_faults import Complaints
from core.expected_start import Line
from core.models import Status
from core.preferences import Notify
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
FIRST_REST, LONGEST_REST = 60.0, 3600.0  # the same for a message whose edit is refused: permissions come back
GIVE_UP = 12  # refusals of the last edit of a message, over about nine hours
UNKNOWN_CHANNEL, UNKNOWN_MESSAGE, THREAD_ARCHIVED = 10003, 10008, 50083


@dataclass(slots=True)
class Rest:
    """What is remembered of a channel or a message after trouble: a pause, which doubles.

    `busy` is for channels: one batch of edits at a time.
    """

    first: float
    longest: float
    busy: bool = False
    not_before: float = 0.0
    failures: int = 0

    def fail(self, now: float, retry_after: float | None = None) -> float:
        """Leave it alone for a while; the seconds."""
        pause = retry_after or min(self.first * 2**self.failures, self.longest)
        self.failures += 1
        self.not_before = now + pause
        return pause


class Progress:
    """The loop that edits progress messages. It holds nothing that a restart would lose."""

    def __init__(
        self,
        client: discord.Client,
        queries: Queries,
        requests: Requests,
        wake: Wake,
        *,
        edit_interval: float,
        slots: int,
        upload_limit: int,
    ) -> None:
        self._client = client
        self._queries = queries
        self._requests = requests
        self._wake = wake
        self._tastes = Tastes(queries)
        self._faces = FaceReader(queries, slots=slots, upload_limit=upload_limit)
        self._threads = Threads(client, queries, requests, self._faces, self._tastes)
        self._outcomes = Outcomes(client)
        self._line = LineReader(queries)
        self._pace = Pace(edit_interval=edit_interval)
        self._waiting_interval = edit_interval * 3
        self._waiting_read = float("-inf")
        self._shown: dict[int, Shown] = {}
        self._channels: defaultdict[int, Rest] = defaultdict(lambda: Rest(FIRST_PAUSE, LONGEST_PAUSE))
        self._refused: dict[int, Rest] = {}  # by row: Discord does not take the edit
        self._tried: dict[int, float] = {}  # by row: when an edit was begun, whatever came of it
        self._without_picture: set[int] = set()  # rows whose thumbnail Discord does not take
        self._at_once = asyncio.Semaphore(AT_ONCE)
        self._tending: asyncio.Task[None] | None = None
        self._complaints = Complaints()

    async def run(self) -> None:
        """Look, edit, wait; until cancelled."""
        loop = asyncio.get_running_loop()
        async with asyncio.TaskGroup() as edits:
            while True:
                began = loop.time()
                moving = True
                try:
                    moving = await self._look(edits, began)
                except Exception as error:  # noqa: BLE001  (logged; the loop must outlive it)
                    self._complaints.about(error, "could not read what to show; trying again")
                await self._wake.wait(LOOK_INTERVAL if moving else IDLE_INTERVAL)
                await asyncio.sleep(began + LOOK_INTERVAL - loop.time())

    async def _look(self, edits: asyncio.TaskGroup, now: float) -> bool:
        """Begin the edits that are due; whether anything moves."""
        stale = await self._queries.with_stale_message(limit=STALE_LIMIT)
        batches = await self._queries.batches(stale)
        due = [Due(row, batch=batches.get(row.id)) for row in stale]
        moving = bool(due)
        if self._tending is None or self._tending.done():  # Discord may let it wait: edits go on meanwhile
            self._tending = edits.create_task(self._tend(due))
        all_waiting = now - self._waiting_read >= self._waiting_interval
        if all_waiting or any(row.status is Status.PENDING for row in stale):
            line = await self._line.read()
            due = [replace(one, wait=self._faces.wait(one.download, line)) for one in due]
            if all_waiting:
                self._waiting_read = now
                due += await self._waiting(line, known={one.download.id for one in due})
                self._forget_others(due)
        for channel_id, rows in self._by_channel(due, now).items():
            channel = self._channels[channel_id]
            if rows and not channel.busy and now >= channel.not_before:
                channel.busy = True
                edits.create_task(self._edit_batch(channel, self._pace.first(rows, self._shown, self._tried)[:BATCH]))
        return moving

    async def _tend(self, due: list[Due]) -> None:
        try:
            await self._threads.tend(due)
        except Exception as error:  # noqa: BLE001  (logged; the loop must outlive it)
            self._complaints.about(error, "could not look after the threads")

    async def _waiting(self, line: Line, *, known: set[int]) -> list[Due]:
        """Those who wait, with the place of each in the line; also those whom a hand edit made wait."""
        rows = await self._queries.queue(limit=WAITING_LIMIT)
        waiting = [row for row in rows if row.status is Status.PENDING and row.id not in known]
        with_card = [row for row in waiting if row.progress_message_id is not None]
        return [Due(row, wait=self._faces.wait(row, line)) for row in with_card]

    def _forget_others(self, due: Iterable[Due]) -> None:
        kept = {one.download.id for one in due}
        self._shown = {id_: shown for id_, shown in self._shown.items() if id_ in kept}
        self._refused = {id_: rest for id_, rest in self._refused.items() if id_ in kept}
        self._tried = {id_: at for id_, at in self._tried.items() if id_ in kept}
        self._without_picture &= kept

    def _by_channel(self, due: Iterable[Due], now: float) -> dict[int, list[Due]]:
        found: defaultdict[int, list[Due]] = defaultdict(list)
        for one in due:
            rest = self._refused.get(one.download.id)
            if rest is not None and now < rest.not_before:
                continue
            if self._pace.is_due(one, self._shown.get(one.download.id), now):
                found[one.download.channel_id or 0].append(one)
        return found

    async def _edit_batch(self, channel: Rest, rows: list[Due]) -> None:
        loop = asyncio.get_running_loop()
        async with self._at_once:
            for one in rows:
                log = logger.bind(download=one.download.id)
                self._tried[one.download.id] = loop.time()
                try:
                    await self._show(one)
                except discord.RateLimited as error:
                    log.info("Discord wants fewer edits for {:.0f} s", channel.fail(loop.time(), error.retry_after))
                    break
                except (discord.HTTPException, aiohttp.ClientError, OSError, TimeoutError) as error:
                    pause = channel.fail(loop.time())
                    log.warning("could not edit a message, trying again in {:.0f} s: {!r}", pause, error)
                    break
                except Exception as error:  # noqa: BLE001  (logged; the next look tries again)
                    self._complaints.about(error, f"could not show download {one.download.id}")
                    channel.fail(loop.time())
                    break
            else:
                channel.failures = 0
                self._complaints.over()
        channel.busy = False

    async def _show(self, one: Due) -> None:
        row = one.download
        taste = await self._tastes.of(row)
        shown = self._shown.get(row.id)
        # After a restart it is not known what the message shows, but what it told last is.
        told = row.progress_message_status
        phase = shown.phase if shown else replace(one, download=replace(row, status=told)).phase if told else None
        message_id = row.progress_message_id
        if one.is_worth_an_edit(phase, taste.level):
            face = await self._faces.face(one, taste)
            if shown is None or shown.face != face:
                began = asyncio.get_running_loop().time()
                if not await self._put(one, face, taste):
                    message_id = None
                if row.id in self._refused:
                    return
                self._shown[row.id] = Shown(face=face, phase=one.phase, status=one.status, at=began)
        if message_id is None or row.progress_message_status is not one.status:
            await self._outcomes.tell(one, taste)
            await self._requests.progress_shown(row.id, one.status, message_id=message_id)

    async def _put(self, one: Due, face: Face, taste: Taste) -> bool:
        """Change the message of a download; False when there is none, or none any more."""
        row = one.download
        log = logger.bind(download=row.id)
        if row.channel_id is None or row.progress_message_id is None:
            return False
        place = self._client.get_partial_messageable(row.channel_id, guild_id=row.guild_id)
        message = place.get_partial_message(row.progress_message_id)
        if row.id in self._without_picture:
            face = replace(face, picture=None)
        try:
            async with asyncio.timeout(EDIT_TIMEOUT):
                if taste.level is Notify.NONE and row.status is Status.UPLOADED and row.parent_id is None:
                    await message.delete()
                    return False
                await message.edit(content=None, embeds=[], view=layout(face, t=taste.t))
        except discord.HTTPException as error:
            if error.code in (UNKNOWN_CHANNEL, UNKNOWN_MESSAGE):
                log.info("its message is gone; it is not shown any more")
                return False
            if not is_refusal(error):
                raise
            if error.status == 400 and face.picture is not None:
                self._without_picture.add(row.id)
                return await self._put(one, face, taste)
            return self._rest(one, error)
        self._refused.pop(row.id, None)
        return True

    def _rest(self, one: Due, error: discord.HTTPException) -> bool:
        """Discord refuses this very edit; it is tried again at long intervals. False when that has no more sense."""
        rest = self._refused.setdefault(one.download.id, Rest(FIRST_REST, LONGEST_REST))
        pause = rest.fail(asyncio.get_running_loop().time())
        log = logger.bind(download=one.download.id)
        if one.is_over and rest.failures > GIVE_UP:
            log.info("Discord refused to edit its message {} times; it is not shown any more", rest.failures)
            del self._refused[one.download.id]
            return False
        log.warning("Discord refuses to edit its message, trying again in {:.0f} s: {!r}", pause, error)
        return True


def is_refusal(error: discord.HTTPException) -> bool:
    """Whether the same edit would be refused again soon: forbidden, or a faulty request."""
    return error.status in (400, 403) and error.code != THREAD_ARCHIVED
