"""One try at one claimed row: the work, how it ended, and its last move."""

import asyncio
import errno
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from loguru import logger
from sqlalchemy.exc import InterfaceError, OperationalError

from core.database_faults import is_full
from core.errors import (
    BossBotError,
    DatabaseLost,
    DiskFull,
    SameIsFetched,
    SiteBusy,
    TooLarge,
    Unexpected,
    UnsupportedUrl,
)
from core.models import ChildRow, Download, NewMediaFile, Settlement, Status, StopReason
from core.retry_handler import RetryPolicy
from core.room import WAITS, still_needed
from core.sql_functions import utc_in
from core.store import Store

SETTLE_AGAIN_AFTER = 1.0  # seconds
LIST_IN_A_LIST = "This entry of a list is a list itself. Ask for it by its own link."
OUTGREW = "This media does not end, or is larger than the disk of this bot can hold."
FULL = (errno.ENOSPC, errno.EDQUOT)
AWAY = (OperationalError, InterfaceError, OSError)  # asyncpg lets the errors of the socket pass


@dataclass(frozen=True, slots=True)
class Done:
    """What work that succeeded has to record."""

    settlement: Settlement
    files: tuple[NewMediaFile, ...] | None = None
    children: tuple[ChildRow, ...] = ()  # entries of a playlist, which become rows with this settlement
    # Called in a thread once this is committed. Before that, a death would cost what it removes.
    tidy: Callable[[], None] | None = None


Work = Callable[[Download], Awaitable[Done]]
Discard = Callable[[int], Awaitable[None]]


@dataclass(slots=True, kw_only=True)
class Attempt:
    """Work on one claimed row."""

    claim: Download
    store: Store
    policy: RetryPolicy
    work: Work
    discard: Discard
    reason: StopReason | None = None
    begun: bool = False
    task: asyncio.Task[None] = field(init=False)

    def start(self, when_over: Callable[["Attempt"], None]) -> None:
        """Begin in a task of its own."""
        self.task = asyncio.create_task(self._run(when_over), name=f"download {self.claim.id}")

    def interrupt(self, reason: StopReason) -> None:
        """Cancel the work once, and remember why."""
        if self.reason is None:
            self.reason = reason
            if self.begun:  # a task that is cancelled before its first step never takes it, and would settle nothing
                self.task.cancel(reason)

    async def _run(self, when_over: Callable[["Attempt"], None]) -> None:
        self.begun = True
        done = await self._outcome() if self.reason is None else self._interrupted()
        # Shielded: a shutdown that arrives now must not undo work that is finished.
        settle = asyncio.ensure_future(self._settle(done))
        while not settle.done():
            try:
                await asyncio.shield(settle)
            except asyncio.CancelledError:
                continue
        when_over(self)

    async def _outcome(self) -> Done | None:
        log = logger.bind(download=self.claim.id, epoch=self.claim.epoch)
        try:
            return await self._worked()
        except asyncio.CancelledError:
            if self.reason is None:
                log.exception("the work was cancelled, but not by this loop")
                return self._failed(Unexpected())
        except DatabaseLost:
            return None
        except Exception as error:  # noqa: BLE001  (logged there)
            self._log(error)
            if self.reason is None:
                return self._after(error)
        return self._interrupted()

    def _log(self, error: Exception) -> None:
        log = logger.bind(download=self.claim.id, epoch=self.claim.epoch)
        match error:
            case SiteBusy() | DiskFull():
                log.debug("{}", error)
            case BossBotError():
                log.bind(error=error.kind).warning("{}", error)
            case _ if not _is_full(error):
                log.opt(exception=error).error("unexpected error")

    def _after(self, error: Exception) -> Done:
        match error:
            case SiteBusy():
                return self._waits_for_its_site(error)
            case DiskFull():
                return self._waits_for_room(error)
            case BossBotError():
                return self._failed(error)
            case _ if _is_full(error):
                return self._waits_for_room(DiskFull())
            case _:
                return self._failed(Unexpected())

    async def _worked(self) -> Done:
        done = await self.work(self.claim)
        if done.children and self.claim.parent_id is not None:  # else a list that names itself would never end
            raise UnsupportedUrl(LIST_IN_A_LIST)
        return done

    async def _settle(self, done: Done | None) -> None:
        log = logger.bind(download=self.claim.id, epoch=self.claim.epoch)
        while done is not None:
            try:
                held = await self._record(done)
            except DatabaseLost:
                return
            except AWAY as error:
                if not is_full(error):  # its disk: the loop says so once
                    log.exception("the database did not answer as it should; settling again")
            except Exception:
                log.exception("could not record how the work ended")
                done = self._failed(Unexpected())
            else:
                log.info("{}", done.settlement.status if held else "lost the row; wrote nothing")
                if held:
                    await self._tidy(done)
                return
            await asyncio.sleep(SETTLE_AGAIN_AFTER)
        log.warning("lost the row; wrote nothing")

    async def _record(self, done: Done) -> bool:
        # Discard first: who reads "cancelled" finds nothing left on disk.
        if done.settlement.status is Status.CANCELLED and await self.store.holds(self.claim):
            try:
                await self.discard(self.claim.id)
            except OSError:
                logger.bind(download=self.claim.id).exception("could not remove all files")
        return await self.store.settle(self.claim, done.settlement, files=done.files, children=done.children)

    async def _tidy(self, done: Done) -> None:
        if done.tidy is not None:
            try:
                await asyncio.to_thread(done.tidy)
            except OSError:
                logger.bind(download=self.claim.id).exception("could not remove all that is needed no more")

    def _interrupted(self) -> Done | None:
        match self.reason:
            case StopReason.CANCELLED:
                return Done(Settlement(Status.CANCELLED))
            case StopReason.LOST:
                return None
            case StopReason.NO_ROOM:
                return self._waits_for_room(DiskFull())
            case StopReason.TOO_LARGE:
                return self._failed(TooLarge(OUTGREW))
            case _:  # paused, outranked or shutdown: nobody's fault, costs no attempt
                return Done(Settlement(self.store.stage.takes))

    def _waits_for_its_site(self, busy: SiteBusy) -> Done:
        """Not a failure: no error is shown, only why it waits."""
        delay = self.policy.delay_after(busy, self.claim.attempts) or 0.0
        values: dict[str, Any] = {"available_at": utc_in(delay), "activity": str(busy)}
        if isinstance(busy, SameIsFetched):  # it may be claimed sooner, see `core.first`
            values |= {"waits_for": busy.first, "fetch_key": busy.key}
        return Done(Settlement(self.store.stage.takes, values))

    def _waits_for_room(self, full: DiskFull) -> Done:
        """Nobody's failure either. What fills the disk is begun again when it has the room that it needs."""
        logger.bind(download=self.claim.id).info("waits for room on the disk")
        delay = self.policy.delay_after(full, self.claim.attempts) or 0.0
        needed = full.needed if full.needed or self.store.stage.delivers else still_needed()
        values = {"available_at": utc_in(delay), "activity": WAITS, "room_needed": needed}
        return Done(Settlement(self.store.stage.takes, values))

    def _failed(self, error: BossBotError) -> Done:
        attempts = self.claim.attempts + error.costs_attempt
        told = {
            "attempts": attempts,
            "error_kind": error.kind,
            "error": str(error),
            "failed_stage": self.store.stage.name,
        }
        delay = self.policy.delay_after(error, attempts)
        gives_up = error.costs_attempt and not self.claim.auto_retry
        if delay is None or gives_up:
            return Done(Settlement(Status.FAILED, told))
        logger.bind(download=self.claim.id, error=error.kind, attempts=attempts).info("next try in {:.0f} s", delay)
        return Done(Settlement(self.store.stage.takes, told | {"available_at": utc_in(delay)}))


def _is_full(error: BaseException) -> bool:
    return is_full(error) or (isinstance(error, OSError) and error.errno in FULL)
