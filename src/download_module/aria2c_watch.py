"""Watches one aria2: hands over the parts whose turn it is, hears of ends, reads what runs with one call a tick.

An RPC that does not answer means "unknown": it is asked again by gid, and a transfer that a new daemon does not know is
added again by its gid. What waits for its turn is never asked about.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from loguru import logger

from core.errors import BossBotError, DaemonUnavailable, TooLarge, TransferError, Unexpected
from download_module.aria2c_calls import Ask, Call, call_for
from download_module.aria2c_errors import error_of, http_status
from download_module.aria2c_rates import Rates
from download_module.aria2c_stopping import directories_in_use, stop_transfers
from download_module.aria2c_torrents import Torrents
from download_module.daemons import Daemon
from download_module.live_transfers import Live, Row
from download_module.transfer_queue import TransferQueue

TICK = 0.5  # seconds between looks at all that runs, and between two reports of progress
HANGS_AFTER = 6.0  # seconds without an answer after which a daemon of ours is killed
PATIENCE = 45.0  # seconds without an answer after which rows go back to the queue
MAX_ADDS = 4  # a transfer with which daemon after daemon died may be what they die of
ASK_WAITING = 5.0  # seconds between looks at a transfer that waits in a shared aria2
KEYS = ["gid", "status", "completedLength", "totalLength", "downloadSpeed", "errorCode", "errorMessage", "followedBy"]
ENDS = frozenset(("aria2.onDownloadComplete", "aria2.onDownloadError", "aria2.onDownloadStop"))


@dataclass(slots=True)
class Watch:
    """All transfers of a runner."""

    daemon: Daemon
    ask: Ask
    queue: TransferQueue = field(default_factory=TransferQueue)
    silent_since: float | None = None  # monotonic
    guarded: bool = True  # the daemon can go through the egress guard
    # Held while the watch adds and while a row removes, so that nothing is added after it was removed.
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _rows: list[Row] = field(default_factory=list)
    _running: dict[str, Live] = field(default_factory=dict)  # by gid; also what may or may not have been added
    _heard: set[str] = field(default_factory=set)
    _over: list[str] = field(default_factory=list)  # gids whose results aria2 may forget
    _unwanted: list[Live] = field(default_factory=list)  # to be stopped with the next turn
    _nudge: asyncio.Event = field(default_factory=asyncio.Event)
    _next_look: float = 0.0  # monotonic
    _torrents: Torrents = field(init=False)
    _rates: Rates = field(init=False)

    def __post_init__(self) -> None:
        self._torrents = Torrents(self.ask)
        self._rates = Rates(self.ask, self.queue)

    def begin(self, row: Row) -> None:
        """Report on a row from now on."""
        self._rows.append(row)

    def submit(self, live: Live) -> None:
        """Fetch it when its turn comes; `live.end` tells how it ended."""
        if not live.row.over:
            self.queue.put([live])
            self._nudge.set()

    def hear(self, event: str, gid: str) -> None:
        """Take in a notification."""
        live = self._running.get(gid)
        if live is None:
            return
        live.waits_until = 0.0
        if event in ENDS:
            self._heard.add(gid)
            self._nudge.set()

    async def run(self) -> None:
        """Watch for ever."""
        while True:
            if not self._rows:
                await self._nudge.wait()
            self._nudge.clear()
            try:
                async with self._turn:
                    await self._round()
            except DaemonUnavailable:
                await self._endure()
            except Exception:  # noqa: BLE001  # the watch must outlive any single answer
                logger.exception("could not read what aria2 answered")
            try:
                async with asyncio.timeout(max(self._next_look - time.monotonic(), 0.0)):
                    await self._nudge.wait()  # wait_for of Python 3.11 swallows a cancel that comes with the event
            except TimeoutError:
                continue

    async def remove(self, row: Row) -> None:
        """Stop what still runs of a row and forget what ended; returns when nothing writes to disk any more."""
        row.over = True
        self.queue.withdraw(row)
        try:
            await self._stop(lambda live: live.row is row)
        finally:
            self._rows.remove(row)

    async def stop_one(self, live: Live) -> None:
        """Stop a transfer that was given up while aria2 works on it; one that has ended is left as it is."""
        if live.gid in self._running:
            await self._stop(lambda other: other is live)

    async def free(self, is_concerned: Callable[[str], bool]) -> None:
        """Stop transfers into directories for which `is_concerned` is true, whoever added them.

        Raises:
            DaemonUnavailable: no answer.
        """
        async with self._turn:
            await self._remove({gid for gid, used in await directories_in_use(self.ask) if is_concerned(used)})

    # -- one round -----------------------------------------------------------------------------------------------

    async def _round(self) -> None:
        heard, self._heard = self._heard & self._running.keys(), set()
        ended = [self._running[gid] for gid in heard]
        for live in ended:
            if not live.is_magnet:  # whose metadata ended, and whose files begin
                self.queue.release(live)
        await self._exchange(ended, self.queue.admit())
        if time.monotonic() >= self._next_look:
            self._next_look = time.monotonic() + TICK
            await self._look()
            await self._exchange((), self.queue.admit())

    async def _exchange(self, ended: Sequence[Live], begun: Sequence[Live]) -> None:
        """Ask how those went that ended and hand over those that take their places, in one call: aria2 never waits."""
        added, calls = self._calls_for(begun)
        if not ended and not calls:
            return
        asked = [_status_of(live) for live in ended]
        answers = await self._forget_and_ask([*asked, *calls])
        self._take_in_refusals(added, answers[len(asked) :])
        await self._take_in_answers(ended, answers[: len(asked)])

    async def _look(self) -> None:
        if self._running:
            await self._rates.tell_overall()
            (answer,) = await self._forget_and_ask([("aria2.tellActive", [KEYS])])
            active = {status["gid"]: status for status in answer[0]}
            now = time.monotonic()
            running = list(self._running.items())
            for gid, live in running:
                if gid in active:
                    await self._take_in(live, active[gid])
            await self._take_in_by_gid([one for gid, one in running if gid not in active and one.waits_until <= now])
            await self._rates.tell_rows(self._running.values())
        for row in self._rows:
            if not row.over:
                row.report(row.progress())

    async def _take_in_by_gid(self, lives: Sequence[Live]) -> None:
        if lives:
            await self._take_in_answers(lives, await self.ask([_status_of(live) for live in lives]))

    async def _take_in_answers(self, lives: Sequence[Live], answers: Sequence[Any]) -> None:
        unknown = []
        for live, answer in zip(lives, answers, strict=True):
            if isinstance(answer, list):
                await self._take_in(live, answer[0])
            elif not live.end.done():
                if live.connections:
                    unknown.append(live)
                else:  # its place is given away already
                    del self._running[live.gid]
                    self.submit(live)
        await self._exchange((), unknown)

    async def _take_in(self, live: Live, status: dict[str, Any]) -> None:
        if live.end.done():
            return
        try:
            self._note(live, status)
            await self._act_on(live, status)
        except DaemonUnavailable:
            raise
        except BossBotError as error:
            _fail(live, error)
        except Exception:  # noqa: BLE001  # what one stumbles over must not hold up the others, nor itself for ever
            logger.bind(gid=live.gid).exception("could not use what aria2 answered")
            _fail(live, Unexpected())

    def _note(self, live: Live, status: dict[str, Any]) -> None:
        completed = int(status["completedLength"])
        if not (live.is_magnet and live.gid == live.transfer.gid):  # those are the metadata
            live.note(completed, int(status["totalLength"]), int(status["downloadSpeed"]))
            if live.row.reach > live.row.max_bytes:
                raise TooLarge
        if completed:
            live.transfer.begun()

    async def _act_on(self, live: Live, status: dict[str, Any]) -> None:
        match status["status"]:
            case "complete":
                await self._completed(live, status.get("followedBy"))
            case "error":
                code, message = int(status.get("errorCode") or 1), status.get("errorMessage") or ""
                logger.bind(gid=live.gid, code=code).info("aria2: {}", message)
                live.refusal = http_status(code, message)
                self._leave(live)
                _fail(live, error_of(code, message))
            case "removed":
                self._leave(live)
                _fail(live, TransferError("The transfer was removed from the download engine."))
            case "paused" if live.gid != live.transfer.gid:  # metadata came, and the answer to what followed was lost
                await self._torrents.choose(live)
            case "waiting" | "paused":
                live.waits_until = time.monotonic() + ASK_WAITING

    async def _completed(self, live: Live, followed_by: list[str] | None) -> None:
        if followed_by:
            self._over.append(live.gid)
            del self._running[live.gid]
            live.gid = followed_by[0]
            self._running[live.gid] = live
            await self._torrents.choose(live)
            return
        files = await self._torrents.files(live)
        live.arrived()
        self._leave(live)
        if not live.end.done():
            live.end.set_result(files)

    # -- what aria2 is told --------------------------------------------------------------------------------------

    def _calls_for(self, lives: Sequence[Live]) -> tuple[list[Live], list[Call]]:
        """What hands transfers over that the daemon does not know: new ones, and all after a restart of it."""
        calls: list[Call] = []
        added: list[Live] = []
        for live in lives:
            self._running.pop(live.gid, None)
            live.gid = live.transfer.gid
            self._running[live.gid] = live
            try:
                calls.append(self._call_for(live))
            except (BossBotError, OSError) as error:
                self._leave(live)
                _fail(live, error)
            else:
                added.append(live)
        return added, calls

    def _take_in_refusals(self, added: Sequence[Live], answers: Sequence[Any]) -> None:
        for live, answer in zip(added, answers, strict=True):
            live.adds += 1
            if isinstance(answer, dict):
                logger.bind(gid=live.gid).error("aria2 refused a transfer: {}", answer.get("message"))
                self._leave(live)
                _fail(live, TransferError("The download engine refused this address."))

    def _call_for(self, live: Live) -> Call:
        if live.adds >= MAX_ADDS:
            raise TransferError("The download engine broke off over this media again and again.")
        live.transfer.restart()
        live.handed_over()
        live.rate = self._rates.share_of(live)
        return call_for(live.transfer, live.uris, connections=live.connections, rate=live.rate, guarded=self.guarded)

    async def _forget_and_ask(self, calls: Sequence[Call]) -> list[Any]:
        """What ended is forgotten before the calls: it may be added again under the same gid."""
        over = list(self._over)
        answers = await self.ask([*(("aria2.removeDownloadResult", [gid]) for gid in over), *calls])
        del self._over[: len(over)]
        return answers[len(over) :]

    def _leave(self, live: Live) -> None:
        """It runs no more: aria2 forgets it with the next calls, and its place is free."""
        if self._running.pop(live.gid, None) is live:
            self._over.append(live.gid)
            self.queue.release(live)
            self._nudge.set()

    async def _stop(self, is_meant: Callable[[Live], bool]) -> None:
        """Those of several rows that end together are stopped together, by whoever has the first turn."""
        self._unwanted += filter(is_meant, self._running.values())
        async with self._turn:
            self._unwanted += filter(is_meant, self._running.values())  # a magnet's gid, for one, may have changed
            unwanted, self._unwanted = self._unwanted, []
            gids = {gid for live in unwanted for gid in (live.gid, live.transfer.gid)}
            for live in unwanted:
                self._leave(live)
            try:
                await self._remove(gids)
            except DaemonUnavailable:
                # A daemon that only hangs would write on, into files that the next claim takes for its own.
                if self.daemon.endpoint is not None:
                    await self.daemon.restart("no answer while transfers were removed")

    async def _remove(self, gids: set[str]) -> None:
        """Stop transfers and what follows from them, and let aria2 forget them and all that ended."""
        await stop_transfers(self.ask, gids)
        self._over += gids
        await self._forget_and_ask([])

    # -- a daemon that does not answer ---------------------------------------------------------------------------

    async def _endure(self) -> None:
        """Wait for a daemon that does not answer; at last let the rows go back to the queue."""
        now = time.monotonic()
        self._rates.forget()
        self.silent_since = self.silent_since or now
        silent = now - self.silent_since
        if silent > PATIENCE:
            for live in [*self._running.values(), *self.queue.waiting()]:
                _fail(live, DaemonUnavailable())
        elif silent > HANGS_AFTER and self.daemon.endpoint is not None:
            await self.daemon.restart(f"no answer for {silent:.0f} s")
            self.silent_since = now
        await asyncio.sleep(0.1)


def _status_of(live: Live) -> Call:
    return "aria2.tellStatus", [live.gid, KEYS]


def _fail(live: Live, error: Exception) -> None:
    if not live.end.done():
        live.end.set_exception(error)
