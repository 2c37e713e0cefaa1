"""A claim loop under test: real store, real locks, and work that the test lets go on or fail."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from core.alive import Alive
from core.attempt import Done
from core.claim_loop import ClaimLoop, Pace
from core.database import Database
from core.models import DOWNLOAD_STAGE, Download, Settlement, Stage, Status
from core.retry_handler import RetryPolicy
from core.store import Store
from core.wake import open_wake

PACE = Pace(poll_interval=0.05, heartbeat_interval=0.1, lease=2.0)
STEADY = RetryPolicy(max_retries=2, base_delay=100.0, jitter=lambda _low, high: high)
DONE = Done(Settlement(Status.DOWNLOADED))


@dataclass(slots=True)
class Work:
    """What a runner would do with a row; here it waits to be told how to end."""

    answer: Callable[[Download], Awaitable[Done]] | None = None
    begun: list[Download] = field(default_factory=list)
    active: int = 0
    most_active: int = 0
    cancelled: list[object] = field(default_factory=list)
    discarded: list[int] = field(default_factory=list)
    finish: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, claim: Download) -> Done:
        self.begun.append(claim)
        self.active += 1
        self.most_active = max(self.most_active, self.active)
        try:
            if self.answer is not None:
                return await self.answer(claim)
            await self.finish.wait()
        except asyncio.CancelledError as reason:
            self.cancelled.append(reason.args[0] if reason.args else None)
            raise
        else:
            return DONE
        finally:
            self.active -= 1

    async def discard(self, download_id: int) -> None:
        """Remove what is on disk of a download."""
        self.discarded.append(download_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """A running loop."""

    store: Store
    loop: ClaimLoop
    stop: asyncio.Event
    task: asyncio.Task[None]

    async def end(self) -> None:
        """Ask it to stop, and wait until it has."""
        self.stop.set()
        await asyncio.wait_for(self.task, 20)


@asynccontextmanager
async def working(
    database: Database,
    work: Work,
    locks: Path,
    *,
    capacity: int = 2,
    pace: Pace = PACE,
    policy: RetryPolicy = STEADY,
    stage: Stage = DOWNLOAD_STAGE,
    preempts: bool = False,
    store_type: type[Store] = Store,
) -> AsyncIterator[Worker]:
    """Runs a loop as a runner process would, and stops it at the end."""
    wake = open_wake(database)
    with Alive(locks, stage.name) as alive:
        store = store_type(database, stage=stage, runner=alive.name)
        await store.sign_on(1)
        loop = ClaimLoop(
            store,
            wake=wake,
            alive=alive,
            policy=policy,
            capacity=capacity,
            work=work,
            discard=work.discard,
            pace=pace,
            preempts=preempts,
        )
        stop = asyncio.Event()
        worker = Worker(store=store, loop=loop, stop=stop, task=asyncio.create_task(loop.run(stop)))
        try:
            yield worker
        finally:
            if not worker.task.done():
                await worker.end()
            await wake.close()


class Shell:
    """A database shell in the middle of a transaction."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, timeout=0)

    async def __aenter__(self) -> sqlite3.Connection:
        while True:  # a wait in the driver would stop this thread, and with it the transaction that is waited for
            try:
                self._connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                await asyncio.sleep(0.002)
            else:
                return self._connection

    async def __aexit__(self, *_: object) -> None:
        self._connection.execute("COMMIT")
        self._connection.close()
