"""Stage 3's adapter to aria2's JSON-RPC, and the only importer of aria2p.

Parts are handed over in bulk, one call a tick reads all that run, ends are heard on aria2's WebSocket (`Watch`). Here
is what becomes of a part: when it is tried again, from where, and when it is given up.
"""

import asyncio
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aria2p
import httpx
from loguru import logger

from core.errors import BossBotError, ChecksumMismatch, DaemonUnavailable, MediaNotFound, SourceExpired, Unexpected
from core.models import StopReason
from download_module.aria2c_calls import Call
from download_module.aria2c_notifications import listen
from download_module.aria2c_watch import Watch
from download_module.daemons import Daemon, Endpoint
from download_module.live_transfers import Live, Report, Row
from download_module.retry_after import BUSY, retry_after
from download_module.shared_directory import prove_shared
from download_module.shared_guard import reaches_guard
from download_module.transfer_limits import TransferLimits
from download_module.transfers import Amount, Transfer
from download_module.way_out import WayOut

RPC_TIMEOUT = 4.0  # seconds
CALLS_AT_ONCE = 200  # in one request, so that aria2 is not kept from its transfers for long
REFUSALS = (SourceExpired, MediaNotFound)  # after which a fallback is tried


@dataclass(slots=True)
class Aria2cDownloader:
    """Fetches parts through one daemon, for all rows of a runner."""

    daemon: Daemon
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _ending: set[asyncio.Task[None]] = field(default_factory=set)  # of rows that nobody waits for
    _rpc: "_Rpc | None" = None
    _watch: Watch = field(init=False)

    def __post_init__(self) -> None:
        self._watch = Watch(self.daemon, self._call)

    @property
    def limits(self) -> TransferLimits:
        """How much of the network transfers may take; a new value holds for running ones within a second."""
        return self._watch.queue.limits

    @limits.setter
    def limits(self, limits: TransferLimits) -> None:
        self._watch.queue.limits = limits

    async def start(self) -> None:
        """Begin to watch the daemon."""
        self._tasks = [asyncio.create_task(self._watch.run(), name="aria2 watch")]
        self._tasks.append(asyncio.create_task(listen(self.daemon, self._watch.hear), name="aria2 listen"))

    async def stop(self) -> None:
        """Stop watching."""
        if self._ending:  # a shared daemon would fetch on
            await asyncio.wait(self._ending, timeout=RPC_TIMEOUT)
        tasks = (*self._ending, *self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._rpc is not None:
            self._rpc.close()

    async def fetch(
        self,
        transfers: Sequence[Transfer],
        *,
        max_bytes: int,
        report: Report,
        already: int = 0,
        already_parts: int = 1,
    ) -> list[list[Path]]:
        """Fetch parts side by side; for each the files that it became, none for one that was forgiven.

        Args:
            transfers: what to fetch; bytes that lie there already are continued.
            max_bytes: more than that in all is refused.
            report: called about twice a second, and must not block.
            already: bytes of parts that are complete and not in `transfers`.
            already_parts: how many such parts there are.

        When this returns nothing writes to the targets any more, whatever happened. Only who cancels the download
        itself (`StopReason.CANCELLED`) does not wait for aria2, which saves each part to the disk before it lets go of
        it: nobody wants those bytes, and what still appears of them is removed.

        Raises:
            BossBotError: of the first part that failed; the others are stopped.
        """
        row = Row(Amount(already, already, parts=already_parts if already else 0), max_bytes, report)
        row.lives = [Live(transfer, row) for transfer in transfers]
        row.asked_rate = min((one.rate for one in transfers if one.rate), default=0)
        self._watch.begin(row)
        tasks = [asyncio.create_task(self._fetch_one(live)) for live in row.lives]
        unwanted = False
        try:
            if tasks:
                await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
            failed = [task for task in tasks if task.done() and task.exception()]
            return [task.result() for task in failed or tasks]
        except asyncio.CancelledError as stopped:
            unwanted = StopReason.CANCELLED in stopped.args
            raise
        finally:
            if unwanted:
                self._abandon(row, tasks)
            else:
                await asyncio.shield(self._end(row, tasks))

    async def free(self, directories: Sequence[Path]) -> None:
        """Stop what a shared daemon still writes into directories of earlier claims.

        Raises:
            DaemonUnavailable: it does not answer, so somebody may still be writing there.
        """
        if directories and self.daemon.outlives_runners:
            await self._watch.free(lambda used: any(Path(used).is_relative_to(one) for one in directories))

    async def prove_shared(self, directory: Path) -> None:
        """Find out whether a daemon that somebody else runs sees and writes the same directory as this process.

        One that does not answer, or is too busy to tell, is taken at its owner's word.

        Raises:
            ConfigurationError: it does not.
        """
        if self.daemon.outlives_runners:
            try:
                await prove_shared(self._call, directory)
            except DaemonUnavailable:
                logger.warning("the shared aria2c does not answer, so nobody knows whether it works in {}", directory)

    async def prove_guarded(self, way_out: WayOut) -> None:
        """Find out whether a daemon that somebody else runs can go through the guard; if not, it goes past it."""
        if not self.daemon.outlives_runners:
            return
        try:
            self._watch.guarded = await reaches_guard(self._call, way_out)
        except DaemonUnavailable:
            return
        if not self._watch.guarded:
            logger.warning(
                "the shared aria2c at ARIA2C_RPC_URL can't go through the egress guard, because it runs elsewhere: "
                "redirects and names that change can lead it to addresses that are not allowed"
            )

    # -- one part ------------------------------------------------------------------------------------------------

    async def _fetch_one(self, live: Live) -> list[Path]:
        try:
            return await self._fetch_somehow(live)
        except BossBotError as error:
            if not live.transfer.forgives(error):
                if live.refusal in BUSY:
                    error.retry_after = await retry_after(live.transfer.part, live.uris[0], live.transfer.way_out)
                raise
            await self._watch.stop_one(live)
            return []

    async def _fetch_somehow(self, live: Live) -> list[Path]:
        """As planned; what arrived wrong once more over one connection; what is refused from the fallbacks."""
        live.transfer.restart()
        part = live.transfer.part
        fallbacks = iter(() if part.ranges else part.fallbacks)  # its stretches lie elsewhere in another rendition
        while True:
            try:
                return await self._try(live)
            except ChecksumMismatch as error:
                if live.alone or part.is_torrent:
                    raise
                logger.bind(gid=live.transfer.gid).warning("fetched once more over one connection: {}", error)
                live.begin(live.uris, alone=True, size=live.amount.total)
            except REFUSALS as error:
                uri = next(fallbacks, None)
                if uri is None:
                    raise
                logger.bind(gid=live.transfer.gid).info("refused, so a fallback is fetched: {}", error)
                live.transfer.replaced()
                live.begin((uri,))

    async def _try(self, live: Live) -> list[Path]:
        self._watch.submit(live)
        try:
            files = await live.end
            live.transfer.finish(files)
            if live.transfer.verify is not None:
                await live.transfer.verify(files)
            live.transfer.done()
        except ChecksumMismatch:
            live.transfer.drop()
            raise
        except OSError as error:
            logger.bind(gid=live.transfer.gid).exception("could not look at what arrived")
            raise Unexpected from error
        return files

    async def _end(self, row: Row, tasks: Sequence[asyncio.Task[list[Path]]]) -> None:
        await self._watch.remove(row)  # first, because thousands of tasks take a while to end
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _abandon(self, row: Row, tasks: Sequence[asyncio.Task[list[Path]]]) -> None:
        for task in tasks:
            task.cancel()  # first: their files are taken away in a moment, which they must not look for
        ending = asyncio.create_task(self._end_unwanted(row, tasks), name="abandoned transfers")
        self._ending.add(ending)
        ending.add_done_callback(self._ending.discard)

    async def _end_unwanted(self, row: Row, tasks: Sequence[asyncio.Task[list[Path]]]) -> None:
        await self._end(row, tasks)
        for directory in {live.transfer.target.parent for live in row.lives}:
            # One that was about to begin makes it anew, after the row's files were thrown away.
            await asyncio.to_thread(shutil.rmtree, directory, ignore_errors=True)

    # -- the daemon ----------------------------------------------------------------------------------------------

    async def _call(self, calls: Sequence[Call]) -> list[Any]:
        """For each call a list of one result, or a dict with `code` and `message`.

        Raises:
            DaemonUnavailable: no answer; whether anything was done is unknown.
        """
        answers: list[Any] = []
        for first in range(0, len(calls), CALLS_AT_ONCE):
            answers += await self._request(calls[first : first + CALLS_AT_ONCE])
        return answers

    async def _request(self, calls: Sequence[Call]) -> list[Any]:
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
        self._watch.silent_since = None
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
