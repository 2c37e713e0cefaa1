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
from core.errors import ConfigurationError, DatabaseLost
from core.maintenance import refuse_damage
from core.models import DOWNLOAD_STAGE, Download, RunnerState, Stage
from core.retry_handler import RetryPolicy
from core.room import Disk
from core.room_watch import RoomWatch
from core.settings import Settings, read_settings
from core.site_health import SiteRules
from core.store import Store
from core.wake import Wake, open_wake
from pooler import systemd
from pooler.lifecycle import WRONG_SETTINGS, after_loss, run_until_stopped


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

    async def work(self, pooler: Pooler, *, capacity: int, stop: asyncio.Event, disk: Disk | None = None) -> None:
        """Claim rows for `pooler` until `stop` is set; with `disk`, only while it has room."""
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
            room_watch=RoomWatch(self.store, self.database, disk) if disk is not None else None,
            preempts=settings.preempt_for_priority and self.store.stage is DOWNLOAD_STAGE,
            pace=Pace(
                poll_interval=settings.poll_interval,
                heartbeat_interval=settings.heartbeat_interval,
                lease=settings.lease,
            ),
        )
        logger.bind(runner=self.alive.name).info("{} runner is ready", self.store.stage.name)
        await self.store.set_state(RunnerState.READY)
        watched = asyncio.create_task(systemd.stay_watched(), name="service manager")
        try:
            await loop.run(stop)
        finally:
            watched.cancel()


async def open_workplace(stack: AsyncExitStack, settings: Settings, stage: Stage) -> Workplace:
    """Migrate the database and sign on; `stack` closes everything."""
    database = Database(settings.database_url)
    stack.push_async_callback(database.close)
    await refuse_damage(database)
    await migrate.upgrade(database)
    alive = stack.enter_context(closing(Alive(settings.lock_dir, stage.name)))
    store = Store(database, stage=stage, runner=alive.name)
    store.site_rules = _site_rules(settings)
    await store.sign_on(os.getpid())
    wake = open_wake(database)
    stack.push_async_callback(wake.close)
    return Workplace(settings, database, alive, store, wake)


def _site_rules(settings: Settings) -> SiteRules:
    return SiteRules(
        window=settings.site_failure_window,
        least=settings.site_failures,
        rate=settings.site_failure_rate,
        pause=settings.site_pause,
    )


def run_process(run: Callable[[Settings, asyncio.Event], Awaitable[None]]) -> int:
    """Run a runner as a process of its own; the exit status. A wrong setting is one sentence, not a traceback."""

    async def main(stop: asyncio.Event) -> int:
        try:
            settings = read_settings()
            await run(settings, stop)
        except ConfigurationError as error:
            sys.stderr.write(f"{error}\n")
            return WRONG_SETTINGS
        except DatabaseLost as error:
            logger.critical("{}", error)
            return await after_loss(error, settings.database_url)
        return 0

    return run_until_stopped(main)
