"""Joins the writes of one process in few transactions when there are many of them.

Each commit writes every page that it touched, and waits for the disk. Rows that are worked on at the same time touch
the same pages, so a commit for several of them writes a fraction (measured: 76 KiB a download alone, see
`benchmarks/README.md`). Who writes seldom never waits, nor who writes one after the other: only where waiting brought
writes together are the next ones waited for.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from core.database_faults import is_locked

T = TypeVar("T")
Work = Callable[[AsyncConnection], Awaitable[T]]
WriteAlone = Callable[[Work[Any]], Awaitable[Any]]  # one work in one transaction

BURST = 5.0  # commits that wait for nothing
GIVES_UP = 0.5  # seconds; who is cancelled waits no longer for the lock
RATE = 10.0  # commits a second after that; a write then waits for up to 0.1 s, and shares its commit
FASTEST = 1000.0  # commits a second of writes that nobody shares; it doubles with each until then


@dataclass(slots=True)
class _Waiting:
    work: Work[Any]
    outcome: "asyncio.Future[Any]"
    begun: bool = False

    async def run(self, connection: AsyncConnection) -> Any:
        """The work, unless nobody waits for it any more."""
        if self.outcome.done():
            return None
        self.begun = True
        return await self.work(connection)

    def settle(self, result: Any) -> None:
        if not self.outcome.done():
            self.outcome.set_result(result)

    def fail(self, error: BaseException) -> None:
        if not self.outcome.done():
            self.outcome.set_exception(error)


class GroupCommit:
    """The writes of one process, in the order in which they came."""

    def __init__(self, write_alone: WriteAlone) -> None:
        self._write_alone = write_alone
        self._waiting: list[_Waiting] = []
        self._writing: asyncio.Task[None] | None = None
        self._allowance = BURST
        self._rate = RATE
        self._counted_at = 0.0

    async def write(self, work: Work[T]) -> T:
        """Run `work` in a transaction, its own or a shared one; once this returns, it is committed.

        When one of those who share fails, all are rolled back and each is run alone: nobody's fault is another's. A
        cancel counts as soon as the transaction is over; while another process holds the lock, after `GIVES_UP`.
        """
        waiting = _Waiting(work, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_all(), name="group commit")
        try:
            return await asyncio.shield(waiting.outcome)
        except asyncio.CancelledError:
            await _to_its_end(waiting)
            raise

    async def _write_all(self) -> None:
        while self._waiting:
            await self._pace()
            together, self._waiting = self._waiting, []
            self._rate = RATE if len(together) > 1 else min(2 * self._rate, FASTEST)
            try:
                await self._commit(together)
            except DBAPIError as error:
                for waiting in together:
                    waiting.fail(error)
            except BaseException:
                for waiting in together:
                    waiting.outcome.cancel()
                raise

    async def _pace(self) -> None:
        now = asyncio.get_running_loop().time()
        self._allowance = min(BURST, self._allowance + (now - self._counted_at) * self._rate)
        self._counted_at = now
        self._allowance -= 1
        if self._allowance < 0:
            await asyncio.sleep(-self._allowance / self._rate)

    async def _commit(self, together: list[_Waiting]) -> None:
        if len(together) > 1:

            async def all_works(connection: AsyncConnection) -> list[Any]:
                return [await waiting.run(connection) for waiting in together]

            try:
                results = await self._write_alone(all_works)
            except Exception as error:
                if isinstance(error, DBAPIError) and is_locked(error):  # patience is over, and not only one's own
                    raise
            else:
                for waiting, result in zip(together, results, strict=True):
                    waiting.settle(result)
                return
        for waiting in together:
            try:
                waiting.settle(await self._write_alone(waiting.run))
            except Exception as error:  # noqa: BLE001  (it is handed to the one who asked)
                waiting.fail(error)


async def _to_its_end(waiting: _Waiting) -> None:
    until = asyncio.get_running_loop().time() + GIVES_UP
    while not waiting.outcome.done():
        left = until - asyncio.get_running_loop().time()
        if left <= 0 and not waiting.begun:
            waiting.outcome.cancel()
            return
        try:
            await asyncio.wait((waiting.outcome,), timeout=None if waiting.begun else left)
        except asyncio.CancelledError:
            continue
    if not waiting.outcome.cancelled():
        waiting.outcome.exception()  # seen: nobody is left to be told
