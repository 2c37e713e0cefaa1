"""The heart of both runners: claim rows, keep them, hear requests, give everything back at the end."""

import asyncio
import time
from dataclasses import dataclass

from loguru import logger
from sqlalchemy.exc import SQLAlchemyError

from core.abandoned import Abandoned
from core.alive import Alive
from core.attempt import Attempt
from core.attempt import Discard as Discard
from core.attempt import Done as Done
from core.attempt import Work as Work
from core.database_faults import Complaints
from core.errors import DatabaseLost
from core.models import Download, RunnerState, StopReason
from core.news import News
from core.retry_handler import RetryPolicy
from core.room_watch import RoomWatch
from core.store import Held, Store
from core.wake import Wake

DRAIN_TIMEOUT = 6.0  # seconds; service managers kill after 10, and what comes after it needs some of them
GIVE_BACK_TIMEOUT = 1.5  # seconds, when the database is locked even then
DATABASE_RETRY = 1.0  # seconds
IDLE_BEATS = 2  # times the heartbeat interval between the heartbeats of an idle runner
LOOK_FOR_DEAD = 1.0  # seconds between looks for rows of dead runners
SIGN_OFF_DEAD = 10.0  # seconds between looks for dead runners while there are no such rows
FAULTS = (SQLAlchemyError, OSError)  # asyncpg lets the errors of the socket pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """The times of a loop, in seconds."""

    poll_interval: float = 1.0
    heartbeat_interval: float = 2.0
    lease: float = 15.0


class ClaimLoop:
    """Runs `work` on claimed rows of one stage, up to `capacity` at once.

    `work` returns what to record, raises a `BossBotError`, or is cancelled; it never settles a row itself. `discard`
    removes what a cancelled download left on disk. With `preempts`, rows of a higher priority take the slots of lower
    ones, which wait again and go on later where they stopped.
    """

    def __init__(
        self,
        store: Store,
        *,
        wake: Wake,
        alive: Alive,
        policy: RetryPolicy,
        capacity: int,
        work: Work,
        discard: Discard,
        pace: Pace,
        preempts: bool = False,
        room_watch: RoomWatch | None = None,
    ) -> None:
        self._store = store
        self._wake = wake
        self._abandoned = Abandoned(store, alive, lease=pace.lease, heartbeat_interval=pace.heartbeat_interval)
        self._policy = policy
        self._capacity = capacity
        self._work = work
        self._discard = discard
        self._pace = pace
        self._preempts = preempts
        self._room_watch = room_watch
        self._running: dict[int, Attempt] = {}
        self._complaints = Complaints()

    @property
    def running(self) -> int:
        """How many rows are worked on now."""
        return len(self._running)

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set, then give all rows back."""
        heartbeat = asyncio.create_task(self._beat(), name="heartbeat")
        rounds = asyncio.create_task(self._rounds(), name="rounds")
        stopping = asyncio.create_task(stop.wait(), name="stopping")
        try:
            await asyncio.wait((heartbeat, rounds, stopping), return_when=asyncio.FIRST_COMPLETED)
            for task in (heartbeat, rounds):
                if task.done():
                    task.result()  # raises what ended it
        finally:
            rounds.cancel()
            stopping.cancel()
            await asyncio.gather(rounds, stopping, return_exceptions=True)
            await self._drain()
            # The heartbeat stops last: a drained row must not look abandoned.
            heartbeat.cancel()
            await asyncio.gather(heartbeat, return_exceptions=True)

    # -- the two loops -------------------------------------------------------------------------------------------

    async def _rounds(self) -> None:
        looked = -self._pace.lease
        news: News | None = None
        heard = True
        while True:
            try:
                if self._room_watch is not None:
                    await self._room_watch.look(list(self._running.values()))
                if heard or news is None or not news.is_quiet or self._running:
                    news = await self._store.news()
                every = LOOK_FOR_DEAD if news.held_by_others else SIGN_OFF_DEAD
                if time.monotonic() - looked > min(self._pace.lease / 3, every):
                    await self._abandoned.take_back()
                    looked = time.monotonic()
                    news = await self._store.news()
                await self._round(news)
            except FAULTS as error:
                self._complaints.about(error, "the database did not answer as it should; trying again")
                await asyncio.sleep(DATABASE_RETRY)
                news = None
            heard = await self._wake.wait(self._pace.poll_interval) or not self._wake.hears_all

    async def _round(self, news: News) -> None:
        if news.held or self._running:
            held = await self._store.requests()
            await self._obey(held)
            await self._release_strays(held)
            if self._preempts and news.claimable and self.running >= self._capacity:
                await self._make_room({row.id: row.priority for row in held})
        for download_id in await self._store.cancel_waiting() if news.to_cancel else ():
            await self._discard(download_id)
        more = news.claimable
        while more and self.running < self._capacity:
            claims = await self._store.claims(self._capacity - self.running)
            for claim in claims:
                await self._begin(claim)
            more = bool(claims) and self.running < self._capacity and await self._store.has_claimable()

    async def _beat(self) -> None:
        while True:
            # A runner that holds nothing only shows that it is there; its heartbeat need not wake everybody so often.
            await asyncio.sleep(self._pace.heartbeat_interval * (1 if self._running else IDLE_BEATS))
            try:
                held = await self._store.heartbeat()
                self._complaints.over()
                self._abandoned.beaten()
                await self._obey(held)
            except FAULTS as error:
                self._complaints.about(error, "no heartbeat could be written; trying again")

    async def _obey(self, held: list[Held]) -> None:
        asked = {row.id: row for row in held}
        for attempt in list(self._running.values()):
            row = asked.get(attempt.claim.id)
            if row is None or row.epoch != attempt.claim.epoch:
                # A claim that was made after `held` was read is not in it yet: ask again before giving it up.
                if not await self._store.holds(attempt.claim):
                    attempt.interrupt(StopReason.LOST)
            elif row.cancelled:
                attempt.interrupt(StopReason.CANCELLED)
            elif row.paused:
                attempt.interrupt(StopReason.PAUSED)

    async def _make_room(self, priorities: dict[int, int]) -> None:
        """Interrupt rows while others of higher priority wait: of the lowest, the one that was begun last."""
        attempts = list(self._running.values())
        victims = [attempt for attempt in reversed(attempts) if attempt.reason is None]
        victims.sort(key=lambda attempt: priorities.get(attempt.claim.id, attempt.claim.priority))
        if not victims:
            return
        lowest = priorities.get(victims[0].claim.id, victims[0].claim.priority)
        waiting = await self._store.waiting_above(lowest, limit=self._capacity)
        # Slots that are being given up already are for the first of those who wait.
        for priority, attempt in zip(waiting[len(attempts) - len(victims) :], victims, strict=False):
            if priorities.get(attempt.claim.id, attempt.claim.priority) < priority:
                logger.bind(download=attempt.claim.id).info("gives its slot to a download of higher priority")
                attempt.interrupt(StopReason.OUTRANKED)

    async def _release_strays(self, held: list[Held]) -> None:
        """Give back what this runner holds but does not work on, such as a claim whose answer was lost."""
        for row in held:
            attempt = self._running.get(row.id)
            if attempt is None or attempt.claim.epoch != row.epoch:
                await self._store.release(row)

    async def _begin(self, claim: Download) -> None:
        earlier = self._running.get(claim.id)
        if earlier is not None:  # lost by a hand edit and claimed again: the old work must be out of the way
            earlier.interrupt(StopReason.LOST)
            await asyncio.wait((earlier.task,))
        logger.bind(download=claim.id, epoch=claim.epoch).info("claimed")
        attempt = Attempt(claim=claim, store=self._store, policy=self._policy, work=self._work, discard=self._discard)
        attempt.start(self._over)
        self._running[claim.id] = attempt

    def _over(self, attempt: Attempt) -> None:
        if self._running.get(attempt.claim.id) is attempt:
            del self._running[attempt.claim.id]

    # -- the end -------------------------------------------------------------------------------------------------

    async def _drain(self) -> None:
        attempts = list(self._running.values())
        for attempt in attempts:
            attempt.interrupt(StopReason.SHUTDOWN)
        told = asyncio.ensure_future(self._store.set_state(RunnerState.STOPPING))
        if attempts:
            await asyncio.wait([attempt.task for attempt in attempts], timeout=DRAIN_TIMEOUT)
        await told
        try:
            async with asyncio.timeout(GIVE_BACK_TIMEOUT):
                await self._store.give_back("its runner ended", runners_gone=[self._store.runner])
                await self._store.sign_off()
        except DatabaseLost:  # it is somebody else's, and so are the rows in it
            return
        except FAULTS:  # TimeoutError is an OSError
            logger.exception("could not give rows back; their lease does it")
