"""The download runner: `python -m pooler.download_runner`. Wiring only."""

import asyncio
import os
import sys
from contextlib import AsyncExitStack, closing

from loguru import logger

from core import migrate
from core.alive import Alive
from core.claim_loop import ClaimLoop, Pace
from core.database import Database
from core.errors import ConfigurationError
from core.logs import setup_logging
from core.models import DOWNLOAD_STAGE
from core.queries import Queries
from core.retry_handler import RetryPolicy
from core.settings import MIB, Settings, read_settings
from core.store import Store
from core.wake import open_wake
from download_module.aria2c_daemon import Aria2cDaemon
from download_module.aria2c_downloader import Aria2cDownloader
from download_module.assembler import Assembler
from download_module.daemons import Daemon, Endpoint, SharedDaemon
from download_module.download_pooler import DownloadPooler
from download_module.egress import Egress
from download_module.extractors import all_extractors
from download_module.progress_book import ProgressBook
from download_module.staging import StagingArea
from pooler.lifecycle import run_until_stopped


async def run(settings: Settings, stop: asyncio.Event) -> None:
    """Claim and download until `stop` is set."""
    async with AsyncExitStack() as stack:
        database = Database(settings.database_url)
        stack.push_async_callback(database.close)
        await migrate.upgrade(database)
        alive = stack.enter_context(closing(Alive(settings.lock_dir, "download")))
        store = Store(database, stage=DOWNLOAD_STAGE, runner=alive.name)
        await store.sign_on(os.getpid())
        wake = open_wake(database)
        stack.push_async_callback(wake.close)

        downloader = Aria2cDownloader(await _daemon(settings, alive, stack))
        await downloader.start()
        stack.push_async_callback(downloader.stop)
        progress = ProgressBook(store)
        writing = asyncio.create_task(progress.keep(), name="progress")
        stack.callback(writing.cancel)

        inherit = (alive.fd,)
        pooler = DownloadPooler(
            store=store,
            queries=Queries(database),
            extractors=all_extractors(
                Egress(settings.egress_allow),
                timeout=settings.extract_timeout,
                memory_bytes=settings.extract_memory_mb * MIB,
                inherit=inherit,
            ),
            downloader=downloader,
            assembler=Assembler(inherit=inherit),
            staging_area=StagingArea(settings.download_dir, owner=alive.name, is_dead=alive.proves_dead),
            progress=progress,
            max_bytes=settings.max_download_size_mb * MIB,
            torrents_for_members=settings.torrents_for_members,
        )
        loop = ClaimLoop(
            store,
            wake=wake,
            alive=alive,
            policy=RetryPolicy(
                max_retries=settings.max_retries,
                base_delay=settings.retry_base_delay,
                max_delay=settings.retry_max_delay,
            ),
            capacity=settings.max_concurrent_downloads,
            work=pooler.work,
            discard=pooler.discard,
            pace=Pace(
                poll_interval=settings.poll_interval,
                heartbeat_interval=settings.heartbeat_interval,
                lease=settings.lease,
            ),
        )
        logger.bind(runner=alive.name).info("download runner is ready")
        await loop.run(stop)


async def _daemon(settings: Settings, alive: Alive, stack: AsyncExitStack) -> Daemon:
    if settings.aria2_rpc_url:
        secret = settings.aria2_rpc_secret.get_secret_value() if settings.aria2_rpc_secret else ""
        return SharedDaemon(Endpoint(settings.aria2_rpc_url, secret))
    daemon = Aria2cDaemon(settings.data_dir / "aria2", inherit=(alive.fd,))
    await daemon.start()
    stack.push_async_callback(daemon.stop)
    return daemon


async def _main(stop: asyncio.Event) -> int:
    try:
        settings = read_settings()
        setup_logging("download", level=settings.log_level, style=settings.log_format)
        await run(settings, stop)
    except ConfigurationError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(run_until_stopped(_main))
