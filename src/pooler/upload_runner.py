"""The upload runner: `python -m pooler.upload_runner`. Wiring only."""

import asyncio
import os
import sys
from contextlib import AsyncExitStack, closing

from loguru import logger

from core import migrate
from core.alive import Alive
from core.claim_loop import ClaimLoop, Pace
from core.database import Database
from core.deliveries import Deliveries
from core.errors import ConfigurationError, DestinationUnavailable
from core.logs import setup_logging
from core.models import UPLOAD_STAGE, Destination
from core.queries import Queries
from core.requests import Requests
from core.retry_handler import RetryPolicy
from core.settings import MIB, Settings, read_settings
from core.store import Store
from core.wake import open_wake
from pooler.lifecycle import run_until_stopped
from upload_module.courier import AbsentCourier, Courier
from upload_module.discord_courier import DiscordCourier
from upload_module.finished_files import FinishedFiles
from upload_module.folder_destination import FolderCourier
from upload_module.upload_limits import UploadLimits
from upload_module.upload_manager import Limits
from upload_module.upload_pooler import UploadPooler
from upload_module.uploader_bot import UploaderBot

NO_TOKEN = "This bot has no Discord token. The files are kept and sent when an admin has set one."  # noqa: S105  (a sentence)


async def run(settings: Settings, token: str, stop: asyncio.Event) -> None:
    """Claim and deliver until `stop` is set."""
    async with AsyncExitStack() as stack:
        database = Database(settings.database_url)
        stack.push_async_callback(database.close)
        await migrate.upgrade(database)
        alive = stack.enter_context(closing(Alive(settings.lock_dir, "upload")))
        store = Store(database, stage=UPLOAD_STAGE, runner=alive.name)
        await store.sign_on(os.getpid())
        wake = open_wake(database)
        stack.push_async_callback(wake.close)

        queries = Queries(database)
        deliveries = Deliveries(database, runner=alive.name)
        finished = FinishedFiles(settings.download_dir)
        couriers: dict[Destination, Courier] = {
            Destination.FOLDER: FolderCourier(deliveries=deliveries, finished=finished, default=settings.delivery_path),
            Destination.DISCORD: AbsentCourier(NO_TOKEN),
        }
        if token:
            bot = UploaderBot(token, api_base=settings.discord_api_base)
            stack.push_async_callback(bot.close)
            limits = UploadLimits(
                store=store,
                queries=queries,
                requests=Requests(database, actor=alive.name),
                bot=bot,
                defaults=Limits(
                    file=settings.upload_limit_mb * MIB,
                    message=settings.upload_batch_size_mb * MIB,
                    files=settings.upload_max_files_per_batch,
                ),
            )
            couriers[Destination.DISCORD] = DiscordCourier(
                bot=bot, deliveries=deliveries, queries=queries, limits=limits
            )
        pooler = UploadPooler(
            store=store,
            queries=queries,
            couriers=couriers,
            finished=finished,
            cleanup=settings.upload_cleanup_after_success,
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
            capacity=settings.max_concurrent_uploads,
            work=pooler.work,
            discard=pooler.discard,
            pace=Pace(
                poll_interval=settings.poll_interval,
                heartbeat_interval=settings.heartbeat_interval,
                lease=settings.lease,
            ),
        )
        # What waited for an admin goes on: this start may be what he did.
        await deliveries.resume_waiting(DestinationUnavailable.__name__)
        logger.bind(runner=alive.name, discord=bool(token)).info("upload runner is ready")
        await loop.run(stop)


async def _main(stop: asyncio.Event) -> int:
    try:
        settings = read_settings()
        token = settings.discord_token.get_secret_value() if settings.discord_token else ""
        setup_logging("upload", level=settings.log_level, style=settings.log_format, secrets=(token,))
        await run(settings, token, stop)
    except ConfigurationError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(run_until_stopped(_main))
