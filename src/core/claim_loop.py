"""The heart of both runners: claim rows, keep them, hear requests, settle them, give everything back at the end."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from loguru import logger
from sqlalchemy.exc import SQLAlchemyError

from core.alive import Alive
from core.errors import BossBotError, Unexpected
from core.models import Download, NewMediaFile, Settlement, Status, StopReason
from core.retry_handler import RetryPolicy
from core.store import Held, Store
from core.tables import utc_now
from core.wake import Wake

DRAIN_TIMEOUT = 8.0  # seconds; service managers kill after 10
DATABASE_RETRY = 1.0  # seconds


@dataclass(frozen=True, slots=True)
class Done:
    """What work that succeeded has to record."""

    settlement: Settlement
    files: tuple[NewMediaFile, ...] | None = None


Work = Callable[[Download], Awaitable[Done]]
Discard = Callable[[int], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """The times of a loop, in seconds."""

    poll_interval: float = 1.0
    heartbeat_interval: float = 2.0
    lease: float = 15.0


@dataclass(slots=True)
class Running:
    """Work on one claimed row."""

    claim: Download
    task: asyncio.Task[None]
    reason: StopReason | None = None

    def interrupt(self, reason: StopReason) -> None:
        """Cancel the work once, and remember why."""
        if self.reason is None:
            self.reason = reason
            self.task.cancel(reason)


class ClaimLoop:
    """Runs `work` on claimed rows of one stage, up to `capacity` at once.

    `work` returns what to record, raises a `BossBotError`, or is cancelled; it never settles a row itself. `discard`
    removes what a cancelled download left on disk.
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
    ) -> None:
        self._store = store
        self._wake = wake
        self._alive = alive
        self._policy = policy
        self._capacity = capacity
        self._work = work
        self._discard = discard
        self._pace = pace
        self._running: dict[int, Running] = {}

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
        tidied = -self._pace.lease
        while True:
            try:
                if time.monotonic() - tidied > min(self._pace.lease / 3, 5.0):
                    await self._tidy()
                    tidied = time.monotonic()
                await self._obey(await self._store.requests())
                for download_id in await self._store.cancel_waiting():
                    await self._discard(download_id)
                while self.running < self._capacity and await self._store.has_claimable():
                    claim = await self._store.claim()
                    if claim is None:
                        break
                    await self._begin(claim)
            except SQLAlchemyError:
                logger.exception("the database did not answer as it should; trying again")
                await asyncio.sleep(DATABASE_RETRY)
            await self._wake.wait(self._pace.poll_interval)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self._pace.heartbeat_interval)
            try:
                await self._obey(await self._store.heartbeat())
            except SQLAlchemyError:
                logger.exception("no heartbeat could be written; trying again")

    async def _tidy(self) -> None:
        """Find rows whose runner is dead: at once where that is proved, else by their lease."""
        holders = await self._store.holders()
        dead = [name for name in holders if self._alive.proves_dead(name)]
        if dead:
            given = await self._store.give_back("its runner died", runners_gone=dead)
            await self._store.sign_off(*dead)
            logger.bind(runners=", ".join(dead), rows=given).warning("took back the rows of dead runners")
        given = await self._store.give_back("its runner was silent for too long", lease=self._pace.lease)
        if given:
            logger.bind(rows=given).warning("took back rows without a heartbeat")

    async def _obey(self, held: list[Held]) -> None:
        asked = {row.id: row for row in held}
        for running in list(self._running.values()):
            row = asked.get(running.claim.id)
            if row is None or row.epoch != running.claim.epoch:
                # A claim that was made after `held` was read is not in it yet: ask again before giving it up.
                if not await self._store.holds(running.claim):
                    running.interrupt(StopReason.LOST)
            elif row.cancelled:
                running.interrupt(StopReason.CANCELLED)
            elif row.paused:
                running.interrupt(StopReason.PAUSED)

    # -- one row -------------------------------------------------------------------------------------------------

    async def _begin(self, claim: Download) -> None:
        earlier = self._running.get(claim.id)
        if earlier is not None:  # lost by a hand edit and claimed again: the old work must be out of the way
            earlier.interrupt(StopReason.LOST)
            await asyncio.wait((earlier.task,))
        logger.bind(download=claim.id, epoch=claim.epoch).info("claimed")
        running = Running(claim, asyncio.create_task(asyncio.sleep(0)))
        running.task = asyncio.create_task(self._attend(running), name=f"download {claim.id}")
        self._running[claim.id] = running

    async def _attend(self, running: Running) -> None:
        claim = running.claim
        log = logger.bind(download=claim.id, epoch=claim.epoch)
        try:
            done: Done | None = await self._work(claim)
        except asyncio.CancelledError:
            done = self._interrupted(running)
        except BossBotError as error:
            log.bind(error=error.kind).warning("{}", error)
            done = Done(self._failed(claim, error))
        except Exception:
            log.exception("unexpected error")
            done = Done(self._failed(claim, Unexpected()))
        # Shielded: a shutdown that arrives now must not undo work that is finished.
        settle = asyncio.ensure_future(self._settle(running, done))
        while not settle.done():
            try:
                await asyncio.shield(settle)
            except asyncio.CancelledError:
                continue
        if self._running.get(claim.id) is running:
            del self._running[claim.id]

    async def _settle(self, running: Running, done: Done | None) -> None:
        claim = running.claim
        log = logger.bind(download=claim.id, epoch=claim.epoch)
        if done is None:
            log.warning("lost the row; wrote nothing")
            return
        try:
            held = await self._store.settle(claim, done.settlement, files=done.files)
            if held and done.settlement.status is Status.CANCELLED:
                await self._discard(claim.id)
        except Exception:
            log.exception("could not settle the row")
            return
        log.info("{}", done.settlement.status if held else "lost the row; wrote nothing")

    def _interrupted(self, running: Running) -> Done | None:
        match running.reason:
            case StopReason.CANCELLED:
                return Done(Settlement(Status.CANCELLED))
            case StopReason.LOST:
                return None
            case _:  # paused, shutdown, or the loop itself was cancelled: nobody's fault, costs no attempt
                return Done(Settlement(self._store.stage.takes))

    def _failed(self, claim: Download, error: BossBotError) -> Settlement:
        attempts = claim.attempts + error.costs_attempt
        told = {
            "attempts": attempts,
            "error_kind": error.kind,
            "error": str(error),
            "failed_stage": self._store.stage.name,
        }
        delay = self._policy.delay_after(error, attempts)
        if delay is None:
            return Settlement(Status.FAILED, told)
        logger.bind(download=claim.id, error=error.kind, attempts=attempts).info("next try in {:.0f} s", delay)
        return Settlement(self._store.stage.takes, told | {"available_at": utc_now(delay)})

    # -- the end -------------------------------------------------------------------------------------------------

    async def _drain(self) -> None:
        for running in self._running.values():
            running.interrupt(StopReason.SHUTDOWN)
        tasks = [running.task for running in self._running.values()]
        if tasks:
            await asyncio.wait(tasks, timeout=DRAIN_TIMEOUT)
        try:
            await self._store.give_back("its runner ended", runners_gone=[self._store.runner])
            await self._store.sign_off()
        except SQLAlchemyError:
            logger.exception("could not give rows back; their lease does it")
