"""What every runner has, whatever its stage: database, proof of life, store, wake-up, and the loop over them."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass
from typing import Protocol

from loguru import logger

from core import migrate
from core.alive import Alive
from core.claim_loop import ClaimLoop, Done, Pace
from core.database import Database
from core.errors import ConfigurationError
from core.models import DOWNLOAD_STAGE, Download, Stage
from core.retry_handler import RetryPolicy
from core.settings import Settings, read_settings
from core.store import Store
from core.wake import Wake, open_wake
from pooler.lifecycle import run_until_stopped


class Pooler(Protocol):
    """The work of one stage."""

    async def work(self, claim: Download) -> Done:
        """Take a claimed row through the stage."""
        ...

    async def discard(self, download_id: int) -> None:
        """Remove what a cancelled download left on disk."""
        ...


@dataclass(frozen=True, slots=True)
class Workplace:
    """A runner that has signed on."""

    settings: Settings
    database: Database
    alive: Alive
    store: Store
    wake: Wake

    async def work(self, pooler: Pooler, *, capacity: int, stop: asyncio.Event) -> None:
        """Claim rows for `pooler` until `stop` is set."""
        settings = self.settings
        loop = ClaimLoop(
            self.store,
            wake=self.wake,
            alive=self.alive,
            policy=RetryPolicy(
                max_retries=settings.max_retries,
                base_delay=settings.retry_base_delay,
                max_delay=settings.retry_max_delay,
            ),
            capacity=capacity,
            work=pooler.work,
            discard=pooler.discard,
            preempts=settings.preempt_for_priority and self.store.stage is DOWNLOAD_STAGE,
            pace=Pace(
                poll_interval=settings.poll_interval,
                heartbeat_interval=settings.heartbeat_interval,
                lease=settings.lease,
            ),
        )
        logger.bind(runner=self.alive.name).info("{} runner is ready", self.store.stage.name)
        await loop.run(stop)


async def open_workplace(stack: AsyncExitStack, settings: Settings, stage: Stage) -> Workplace:
    """Migrate the database and sign on; `stack` closes everything."""
    database = Database(settings.database_url)
    stack.push_async_callback(database.close)
    await migrate.upgrade(database)
    alive = stack.enter_context(closing(Alive(settings.lock_dir, stage.name)))
    store = Store(database, stage=stage, runner=alive.name)
    await store.sign_on(os.getpid())
    wake = open_wake(database)
    stack.push_async_callback(wake.close)
    return Workplace(settings, database, alive, store, wake)


def run_process(run: Callable[[Settings, asyncio.Event], Awaitable[None]]) -> int:
    """Run a runner as a process of its own; the exit status. A wrong setting is one sentence, not a traceback."""

    async def main(stop: asyncio.Event) -> int:
        try:
            await run(read_settings(), stop)
        except ConfigurationError as error:
            sys.stderr.write(f"{error}\n")
            return 2
        return 0

    return run_until_stopped(main)
