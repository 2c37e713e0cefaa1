"""The upload runner: `python -m pooler.upload_runner`. Wiring only."""

import asyncio
import sys
from contextlib import AsyncExitStack

from core.deliveries import Deliveries
from core.errors import DestinationUnavailable
from core.logs import setup_logging
from core.models import UPLOAD_STAGE, Destination
from core.queries import Queries
from core.requests import Requests
from core.settings import MIB, Settings
from pooler.workplace import Workplace, open_workplace, run_process
from upload_module.courier import AbsentCourier, Courier
from upload_module.discord_courier import DiscordCourier
from upload_module.finished_files import FinishedFiles
from upload_module.folder_destination import FolderCourier
from upload_module.upload_limits import UploadLimits
from upload_module.upload_manager import Limits
from upload_module.upload_pooler import UploadPooler
from upload_module.uploader_bot import UploaderBot

NO_TOKEN = "This bot has no Discord token. The files are kept and sent when an admin has set one."  # noqa: S105  (a sentence)


async def run(settings: Settings, stop: asyncio.Event) -> None:
    """Claim and deliver until `stop` is set."""
    token = settings.discord_token.get_secret_value() if settings.discord_token else ""
    setup_logging("upload", level=settings.log_level, style=settings.log_format, secrets=(token,))
    async with AsyncExitStack() as stack:
        here = await open_workplace(stack, settings, UPLOAD_STAGE)
        deliveries = Deliveries(here.database, runner=here.alive.name)
        finished = FinishedFiles(settings.download_dir)
        couriers: dict[Destination, Courier] = {
            Destination.FOLDER: FolderCourier(deliveries=deliveries, finished=finished, default=settings.delivery_path),
            Destination.DISCORD: AbsentCourier(NO_TOKEN),
        }
        if token:
            couriers[Destination.DISCORD] = _discord(here, deliveries, token, stack)
        pooler = UploadPooler(
            store=here.store,
            queries=Queries(here.database),
            couriers=couriers,
            finished=finished,
            cleanup=settings.upload_cleanup_after_success,
        )
        # What waited for an admin goes on: this start may be what he did.
        await deliveries.resume_waiting(DestinationUnavailable.__name__)
        await here.work(pooler, capacity=settings.max_concurrent_uploads, stop=stop)


def _discord(here: Workplace, deliveries: Deliveries, token: str, stack: AsyncExitStack) -> DiscordCourier:
    settings = here.settings
    queries = Queries(here.database)
    bot = UploaderBot(token, api_base=settings.discord_api_base)
    stack.push_async_callback(bot.close)
    limits = UploadLimits(
        store=here.store,
        queries=queries,
        requests=Requests(here.database, actor=here.alive.name),
        bot=bot,
        defaults=Limits(
            file=settings.upload_limit_mb * MIB,
            message=settings.upload_batch_size_mb * MIB,
            files=settings.upload_max_files_per_batch,
        ),
    )
    return DiscordCourier(bot=bot, deliveries=deliveries, queries=queries, limits=limits)


if __name__ == "__main__":
    sys.exit(run_process(run))
