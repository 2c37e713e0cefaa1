"""Stage 3's adapter to aria2's JSON-RPC, and the only importer of aria2p.

Parts are handed over in bulk, one call a tick reads them all, ends are heard on aria2's WebSocket. An RPC that does not
answer means "unknown": it is asked again, and a transfer that a new daemon does not know is added again by its gid.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import aria2p
import httpx
from loguru import logger

from core.errors import BossBotError, DaemonUnavailable, TooLarge, TransferError, Unexpected
from core.models import Progress
from download_module.aria2c_calls import Call, call_for
from download_module.aria2c_errors import START_OVER, error_of
from download_module.daemons import Daemon, Endpoint
from download_module.transfers import Amount, Transfer, sum_up

TICK = 0.5  # seconds between looks while nothing is heard
RPC_TIMEOUT = 4.0
HANGS_AFTER = 6.0  # seconds without an answer after which a daemon of ours is killed
PATIENCE = 45.0  # seconds without an answer after which rows go back to the queue
MAX_TORRENT_FILES = 1000
MAX_ADDS = 4  # a transfer with which daemon after daemon died may be what they die of
KEYS = ["gid", "status", "completedLength", "totalLength", "downloadSpeed", "errorCode", "errorMessage", "followedBy"]
Report = Callable[[Progress], None]


@dataclass(slots=True, eq=False)
class _Live:
    """A transfer that aria2 works on."""

    transfer: Transfer
    gid: str  # the transfer's own, then the one that follows a magnet's metadata
    end: asyncio.Future[list[Path]]
    amount: Amount
    adds: int = 0


@dataclass(slots=True, eq=False)
class _Group:
    """The transfers of one row."""

    lives: list[_Live]
    base: Amount  # what earlier claims fetched
    max_bytes: int
    report: Report


@dataclass(slots=True)
class Aria2cDownloader:
    """Fetches parts through one daemon, for all rows of a runner."""

    daemon: Daemon
    _groups: list[_Group] = field(default_factory=list)
    _nudge: asyncio.Event = field(default_factory=asyncio.Event)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _silent_since: float | None = None
    _rpc: "_Rpc | None" = None
    # Held while the watch adds and while a row removes, so that nothing is added after it was removed.
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def start(self) -> None:
        """Begin to watch the daemon."""
        self._tasks = [asyncio.create_task(self._watch(), name="aria2 watch")]
        self._tasks.append(asyncio.create_task(self._listen(), name="aria2 listen"))

    async def stop(self) -> None:
        """Stop watching."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._rpc is not None:
            self._rpc.close()

    async def fetch(
        self, transfers: Sequence[Transfer], *, max_bytes: int, report: Report, already: int = 0
    ) -> list[list[Path]]:
        """Fetch parts side by side; for each the files that it became.

        Args:
            transfers: what to fetch; bytes that lie there already are continued.
            max_bytes: more than that in all is refused.
            report: called about twice a second, and must not block.
            already: bytes of parts that are complete and not in `transfers`.

        Raises:
            BossBotError: of the first part that failed; the others are stopped.
        """
        loop = asyncio.get_running_loop()
        lives = [
            _Live(transfer, transfer.gid, loop.create_future(), Amount(total=transfer.part.size))
            for transfer in transfers
        ]
        group = _Group(lives, Amount(already, already), max_bytes, report)
        self._groups.append(group)
        try:
            for live in lives:
                live.transfer.restart()
            self._nudge.set()  # the watch adds what the daemon does not know
            return list(await asyncio.gather(*(live.end for live in lives)))
        finally:
            for live in lives:
                live.end.cancel()
            await asyncio.shield(self._remove(group))

    async def free(self, directories: Sequence[Path]) -> None:
        """Stop what a shared daemon still writes into directories of earlier claims.

        Raises:
            DaemonUnavailable: it does not answer, so somebody may still be writing there.
        """
        if not directories or not self.daemon.outlives_runners:
            return
        async with self._turn:
            asked = ["gid", "dir"]
            answers = await self._call([("aria2.tellActive", [asked]), ("aria2.tellWaiting", [0, 10_000, asked])])
            transfers = [one for answer in answers if isinstance(answer, list) for one in answer[0]]
            inside = [one for one in transfers if any(Path(one["dir"]).is_relative_to(path) for path in directories)]
            if inside:
                await self._remove_all({one["gid"] for one in inside})

    # -- watching ------------------------------------------------------------------------------------------------

    async def _watch(self) -> None:
        while True:
            if not self._pending():
                await self._nudge.wait()
            self._nudge.clear()
            try:
                async with self._turn:
                    await self._look()
            except DaemonUnavailable:
                await self._endure()
            except Exception:  # noqa: BLE001  # the watch must outlive any single answer
                logger.exception("could not read what aria2 answered")
            for group in self._groups:
                group.report(sum_up([group.base, *(live.amount for live in group.lives)]))
            try:
                async with asyncio.timeout(TICK):  # wait_for of Python 3.11 swallows a cancel that comes with the event
                    await self._nudge.wait()
            except TimeoutError:
                continue

    async def _look(self) -> None:
        pending = self._pending()
        answers = await self._call([("aria2.tellStatus", [live.gid, KEYS]) for live in pending])
        await self._take_in(list(zip(pending, answers, strict=True)))

    def _pending(self) -> list[_Live]:
        return [live for group in self._groups for live in group.lives if not live.end.done()]

    async def _take_in(self, answers: list[tuple[_Live, Any]]) -> None:
        unknown = []
        for live, answer in answers:
            if isinstance(answer, list):
                await self._take_in_guarded(live, answer[0])
            elif not live.end.done():
                unknown.append(live)
        if unknown:
            await self._add(unknown)

    async def _take_in_guarded(self, live: _Live, status: dict[str, Any]) -> None:
        try:
            await self._take_in_one(live, status)
        except DaemonUnavailable:
            raise
        except Exception:  # noqa: BLE001  # what one transfer stumbles over must not hold up the others, nor itself for ever
            logger.bind(gid=live.gid).exception("could not use what aria2 answered")
            if not live.end.done():
                live.end.set_exception(Unexpected())

    async def _take_in_one(self, live: _Live, status: dict[str, Any]) -> None:
        if live.end.done():
            return
        is_metadata = (
            live.transfer.part.torrent is None and live.transfer.part.is_torrent and live.gid == live.transfer.gid
        )
        completed, total = int(status["completedLength"]), int(status["totalLength"])
        if not is_metadata:
            live.amount = Amount(completed, total or live.transfer.part.size, int(status["downloadSpeed"]))
            self._refuse_too_large(live)
        if completed:
            live.transfer.begun()
        match status["status"]:
            case "complete" if status.get("followedBy"):
                await self._follow(live, status["followedBy"][0])
            case "complete" if not live.end.done():
                live.amount = Amount(completed, completed)
                await self._finish(live)
            case "error":
                await self._fail(live, int(status.get("errorCode") or 1), status.get("errorMessage") or "")
            case "removed" if not live.end.done():
                live.end.set_exception(TransferError("The transfer was removed from the download engine."))

    async def _finish(self, live: _Live) -> None:
        files = await self._files(live)
        if live.end.done():  # cancelled meanwhile
            return
        try:
            live.transfer.finish(files)
        except BossBotError as error:
            live.end.set_exception(error)
        else:
            live.end.set_result(files)

    async def _fail(self, live: _Live, code: int, message: str) -> None:
        logger.bind(gid=live.gid, code=code).info("aria2: {}", message)
        if code in START_OVER:
            live.transfer.drop()
        if not live.end.done():
            live.end.set_exception(error_of(code, message))

    def _refuse_too_large(self, live: _Live) -> None:
        group = next(group for group in self._groups if live in group.lives)
        amounts = [group.base, *(other.amount for other in group.lives)]
        if sum(max(amount.completed, amount.total or 0) for amount in amounts) > group.max_bytes:
            live.end.set_exception(TooLarge())

    async def _endure(self) -> None:
        """Wait for a daemon that does not answer; at last let the rows go back to the queue."""
        now = time.monotonic()
        self._silent_since = self._silent_since or now
        silent = now - self._silent_since
        if silent > PATIENCE:
            for live in self._pending():
                live.end.set_exception(DaemonUnavailable())
        elif silent > HANGS_AFTER and self.daemon.endpoint is not None:
            await self.daemon.restart(f"no answer for {silent:.0f} s")
            self._silent_since = now
        await asyncio.sleep(0.1)

    async def _listen(self) -> None:
        """Hear of ends at once instead of at the next tick."""
        async with aiohttp.ClientSession() as session:
            while True:
                endpoint = self.daemon.endpoint
                if endpoint is not None:
                    try:
                        async with session.ws_connect(endpoint.url.replace("http", "ws", 1), heartbeat=30) as socket:
                            async for _ in socket:
                                self._nudge.set()
                    except (aiohttp.ClientError, OSError):
                        pass
                await asyncio.sleep(0.2)

    # -- calls ---------------------------------------------------------------------------------------------------

    async def _add(self, lives: Sequence[_Live]) -> None:
        """Hand transfers over that the daemon does not know: new ones, and all after a restart of it."""
        calls, added = [], []
        for live in lives:
            live.gid = live.transfer.gid
            if live.adds >= MAX_ADDS:
                live.end.set_exception(TransferError("The download engine broke off over this media again and again."))
                continue
            try:
                calls.append(call_for(live.transfer))
            except TransferError as error:
                live.end.set_exception(error)
            else:
                live.transfer.restart()
                added.append(live)
        for live, answer in zip(added, await self._call(calls), strict=True):
            live.adds += 1
            if isinstance(answer, dict) and not live.end.done():
                logger.bind(gid=live.gid).error("aria2 refused a transfer: {}", answer.get("message"))
                live.end.set_exception(TransferError("The download engine refused this address."))

    async def _follow(self, live: _Live, gid: str) -> None:
        """A magnet's metadata is here: look at what it wants to fetch, then let it."""
        (answer,) = await self._call([("aria2.tellStatus", [gid, ["totalLength", "files"]])])
        live.gid = gid
        status = answer[0]
        if len(status["files"]) > MAX_TORRENT_FILES:
            live.end.set_exception(TooLarge(f"This torrent has more than {MAX_TORRENT_FILES} files."))
            return
        live.amount = Amount(0, int(status["totalLength"]))
        self._refuse_too_large(live)
        if not live.end.done():
            await self._call([("aria2.unpause", [gid])])
            self._nudge.set()

    async def _files(self, live: _Live) -> list[Path]:
        if not live.transfer.part.is_torrent:
            return [live.transfer.target]
        (answer,) = await self._call([("aria2.getFiles", [live.gid])])
        paths = [Path(file["path"]).resolve() for file in answer[0] if file["selected"] == "true"]
        inside = live.transfer.target.resolve()
        return [path for path in paths if path.is_relative_to(inside)]

    async def _remove(self, group: _Group) -> None:
        """Stop what still runs and forget what ended; returns when nothing writes to disk any more."""
        gids = {gid for live in group.lives for gid in (live.gid, live.transfer.gid)}
        try:
            async with self._turn:
                await self._remove_all(gids)
        except DaemonUnavailable:
            # A daemon that only hangs would write on, into files that the next claim takes for its own.
            if self.daemon.endpoint is not None:
                await self.daemon.restart("no answer while transfers were removed")
        finally:
            self._groups.remove(group)

    async def _remove_all(self, gids: set[str]) -> None:
        for _ in range(100):
            await self._call([("aria2.forceRemove", [gid]) for gid in gids])
            answers = await self._call([("aria2.tellStatus", [gid, ["status", "followedBy"]]) for gid in gids])
            known = [answer[0] for answer in answers if isinstance(answer, list)]
            followers = {gid for status in known for gid in status.get("followedBy", [])} - gids
            gids |= followers
            if not followers and not {status["status"] for status in known} & {"active", "waiting", "paused"}:
                break
            await asyncio.sleep(0.02)
        await self._call([("aria2.removeDownloadResult", [gid]) for gid in gids])

    async def _call(self, calls: Sequence[Call]) -> list[Any]:
        """One request for all calls: for each a list of one result, or a dict with `code` and `message`.

        Raises:
            DaemonUnavailable: no answer; whether anything was done is unknown.
        """
        if not calls:
            return []
        endpoint = self.daemon.endpoint
        if endpoint is None:
            raise DaemonUnavailable
        if self._rpc is None or self._rpc.endpoint != endpoint:
            if self._rpc is not None:
                self._rpc.close()
            self._rpc = _Rpc(endpoint)
        try:
            answer = await asyncio.to_thread(self._rpc.multicall2, list(calls))
        except (httpx.HTTPError, aria2p.ClientException, ValueError) as error:
            raise DaemonUnavailable from error
        assert isinstance(answer, list), "system.multicall answers with a list"
        if any(isinstance(one, dict) and one.get("message") == "Unauthorized" for one in answer):
            logger.error("aria2c refuses the secret: check ARIA2C_RPC_SECRET")
            raise DaemonUnavailable
        self._silent_since = None
        return answer


class _Rpc(aria2p.Client):
    """aria2p's client over one connection that is kept, and past any proxy of the environment."""

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__(secret=endpoint.secret, timeout=RPC_TIMEOUT)
        self.endpoint = endpoint
        self._http = httpx.Client(trust_env=False, timeout=RPC_TIMEOUT)

    def post(self, payload: str) -> dict[str, Any]:
        """Send one JSON-RPC request."""
        answer: dict[str, Any] = self._http.post(self.endpoint.url, content=payload).json()
        return answer

    def close(self) -> None:
        self._http.close()
