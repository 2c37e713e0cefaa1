"""The upload runner: `python -m pooler.upload_runner`. Wiring only."""

import asyncio
import sys
from contextlib import AsyncExitStack

from core.deliveries import Deliveries
from core.earlier import Earlier
from core.errors import DestinationUnavailable, ScannerUnavailable
from core.ffmpeg_run import Ffmpeg
from core.file_links import FileLinks
from core.logs import setup_logging
from core.models import UPLOAD_STAGE, Destination
from core.queries import Queries
from core.redaction import secrets_of
from core.requests import Requests
from core.settings import MIB, Settings
from core.version_floors import UPLOAD, warn_in_passing
from pooler.stores import link_store, store_courier
from pooler.workplace import Workplace, open_workplace, run_process
from upload_module.courier import AbsentCourier, Courier
from upload_module.discord_courier import DiscordCourier
from upload_module.earlier_posts import EarlierPosts
from upload_module.finished_files import FinishedFiles
from upload_module.fitting.animation import AnimationFitter
from upload_module.fitting.audio_fitter import AudioFitter
from upload_module.fitting.fit import FitRules, Step
from upload_module.fitting.fitted_files import FittedFiles
from upload_module.fitting.fitting_room import Fitters, FittingRoom
from upload_module.fitting.picture_fitter import PictureFitter
from upload_module.fitting.picture_process import PictureProcess
from upload_module.fitting.video_fitter import VideoFitter
from upload_module.folder_destination import FolderCourier
from upload_module.likeness import Likeness
from upload_module.preparation import Preparation
from upload_module.upload_limits import UploadLimits
from upload_module.upload_manager import Limits
from upload_module.upload_pooler import UploadPooler
from upload_module.uploader_bot import UploaderBot
from upload_module.virus_check import VirusCheck
from upload_module.virus_scanner import Clamd

NO_TOKEN = "This bot has no Discord token. The files are kept and sent when an admin has set one."  # noqa: S105  (a sentence)


async def run(settings: Settings, stop: asyncio.Event) -> None:
    """Claim and deliver until `stop` is set."""
    token = settings.discord_token.get_secret_value() if settings.discord_token else ""
    setup_logging("upload", level=settings.log_level, style=settings.log_format, secrets=secrets_of(settings))
    async with AsyncExitStack() as stack:
        here = await open_workplace(stack, settings, UPLOAD_STAGE)
        looking = asyncio.create_task(warn_in_passing(UPLOAD), name="versions")
        stack.callback(looking.cancel)
        deliveries = Deliveries(here.database, runner=here.alive.name)
        finished = FinishedFiles(settings.download_dir)
        couriers: dict[Destination, Courier] = {
            Destination.FOLDER: FolderCourier(deliveries=deliveries, finished=finished, default=settings.delivery_path),
            Destination.DISCORD: AbsentCourier(NO_TOKEN),
        }
        earlier = Earlier(here.database)
        posts: EarlierPosts | None = None
        if token:
            bot = UploaderBot(token, api_base=settings.discord_api_base)
            stack.push_async_callback(bot.close)
            couriers[Destination.DISCORD] = _discord(here, deliveries, bot)
            posts = EarlierPosts(bot, earlier)
        pooler = UploadPooler(
            store=here.store,
            queries=Queries(here.database),
            couriers=couriers,
            store_courier=store_courier(settings, deliveries),
            finished=finished,
            cleanup=settings.upload_cleanup_after_success,
            virus_check=_virus_check(settings),
            posts=posts,
            likeness=Likeness(
                store=here.store,
                deliveries=deliveries,
                earlier=earlier,
                ffmpeg=Ffmpeg(inherit=(here.alive.fd,), niceness=settings.compression_niceness),
                days=settings.duplicate_days,
            ),
            links=FileLinks(here.database),
        )
        # What waited for an admin goes on: this start may be what he did.
        for error in (DestinationUnavailable, ScannerUnavailable):
            await deliveries.resume_waiting(error.__name__)
        await here.work(pooler, capacity=settings.max_concurrent_uploads, stop=stop)


def _discord(here: Workplace, deliveries: Deliveries, bot: UploaderBot) -> DiscordCourier:
    settings = here.settings
    queries = Queries(here.database)
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
    room = FittingRoom(
        fitters=_fitters(settings, inherit=(here.alive.fd,)),
        fitted=FittedFiles(settings.download_dir),
        at_once=settings.compression_max_concurrent,
    )
    links = link_store(settings, FileLinks(here.database))
    preparation = Preparation(
        store=here.store, queries=queries, deliveries=deliveries, room=room, rest=Step.LINK if links else Step.KEEP
    )
    return DiscordCourier(
        bot=bot, deliveries=deliveries, queries=queries, limits=limits, preparation=preparation, links=links
    )


def _virus_check(settings: Settings) -> VirusCheck | None:
    if not settings.clamav_socket:
        return None
    return VirusCheck(scanner=Clamd(settings.clamav_socket), passes=settings.clamav_when_gone == "pass")


def _fitters(settings: Settings, *, inherit: tuple[int, ...]) -> Fitters:
    rules = FitRules(
        min_video_bps=settings.compression_min_video_bitrate_kbps * 1000,
        min_audio_bps=settings.compression_min_audio_bitrate_kbps * 1000,
        allow_av1=settings.compression_allow_av1,
        preset=settings.compression_ffmpeg_preset,
        min_picture_quality=settings.compression_image_min_quality,
        niceness=settings.compression_niceness,
        timeout=settings.compression_timeout,
    )
    video = VideoFitter(rules, inherit=inherit)
    pictures = PictureProcess(rules=rules, inherit=inherit)
    return {
        "video": (video,),
        "audio": (AudioFitter(rules, inherit=inherit),),
        "image": (AnimationFitter(pictures, video=video), PictureFitter(pictures)),
    }


if __name__ == "__main__":
    sys.exit(run_process(run))
