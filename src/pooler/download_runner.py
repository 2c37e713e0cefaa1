"""The download runner: `python -m pooler.download_runner`. Wiring only."""

import asyncio
import sys
from contextlib import AsyncExitStack

from loguru import logger

from core.alive import Alive
from core.database import DatabaseFault
from core.logs import setup_logging
from core.models import DOWNLOAD_STAGE
from core.queries import Queries
from core.settings import MIB, Settings
from download_module.aria2c_daemon import Aria2cDaemon
from download_module.aria2c_downloader import Aria2cDownloader
from download_module.assembler import Assembler
from download_module.daemons import Daemon, Endpoint, SharedDaemon
from download_module.download_pooler import DownloadPooler
from download_module.egress import Egress
from download_module.extractors import all_extractors
from download_module.progress_book import ProgressBook
from download_module.staging import StagingArea
from pooler.workplace import open_workplace, run_process

SWEEP_INTERVAL = 300.0  # seconds


async def run(settings: Settings, stop: asyncio.Event) -> None:
    """Claim and download until `stop` is set."""
    rpc_secret = settings.aria2_rpc_secret.get_secret_value() if settings.aria2_rpc_secret else ""
    setup_logging("download", level=settings.log_level, style=settings.log_format, secrets=(rpc_secret,))
    async with AsyncExitStack() as stack:
        here = await open_workplace(stack, settings, DOWNLOAD_STAGE)
        alive = here.alive
        downloader = Aria2cDownloader(await _daemon(settings, rpc_secret, alive, stack))
        await downloader.start()
        stack.push_async_callback(downloader.stop)
        progress = ProgressBook(here.store)
        writing = asyncio.create_task(progress.keep(), name="progress")
        stack.callback(writing.cancel)
        inherit = (alive.fd,)
        pooler = DownloadPooler(
            store=here.store,
            queries=Queries(here.database),
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
        sweeping = asyncio.create_task(_keep_swept(pooler), name="sweep")
        stack.callback(sweeping.cancel)
        await here.work(pooler, capacity=settings.max_concurrent_downloads, stop=stop)


async def _keep_swept(pooler: DownloadPooler) -> None:
    while True:
        try:
            await pooler.sweep()
        except (DatabaseFault, OSError) as error:
            logger.warning("could not look for what deleted downloads left: {}", error)
        await asyncio.sleep(SWEEP_INTERVAL)


async def _daemon(settings: Settings, rpc_secret: str, alive: Alive, stack: AsyncExitStack) -> Daemon:
    if settings.aria2_rpc_url:
        return SharedDaemon(Endpoint(settings.aria2_rpc_url, rpc_secret))
    daemon = Aria2cDaemon(settings.data_dir / "aria2", inherit=(alive.fd,))
    await daemon.start()
    stack.push_async_callback(daemon.stop)
    return daemon


if __name__ == "__main__":
    sys.exit(run_process(run))
