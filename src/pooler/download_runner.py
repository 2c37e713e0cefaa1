"""The download runner: `python -m pooler.download_runner`. Wiring only."""

import asyncio
import sys
from collections.abc import Iterable
from contextlib import AsyncExitStack

from loguru import logger

from core.alive import Alive
from core.chores import ChoreBook, keep_doing
from core.database import DatabaseFault
from core.earlier import Earlier
from core.errors import ConfigurationError
from core.layout import STAGING, Layout
from core.locked_directory import remove_dead
from core.logs import setup_logging
from core.models import DOWNLOAD_STAGE
from core.queries import Queries
from core.quotas import QuotaBook, quotas_of
from core.redaction import secrets_of
from core.room import Disk
from core.sandbox_network import GuardedNetwork
from core.settings import MIB, Settings
from core.version_floors import DOWNLOAD, warn_in_passing
from download_module.aria2c_daemon import Aria2cDaemon
from download_module.aria2c_downloader import Aria2cDownloader
from download_module.assembler import Assembler
from download_module.daemons import Daemon, Endpoint, SharedDaemon
from download_module.download_pooler import DownloadPooler
from download_module.duplicates import Duplicates
from download_module.egress import Egress
from download_module.egress.guard import EgressGuard
from download_module.egress.limits import limits_for
from download_module.extractors.base_extractor import Extractor
from download_module.extractors.registry import Browser, all_extractors
from download_module.extractors.warm_children import ChildLimits
from download_module.impersonating import Impersonator
from download_module.library_matchers import load_patterns
from download_module.live_fetching import LiveFetcher
from download_module.media_finder import FetchLimits, MediaFinder
from download_module.media_maker import PATIENCE, MediaMaker
from download_module.part_fetching import PartFetcher
from download_module.progress_book import ProgressBook
from download_module.range_reader import RangeReader
from download_module.rate_schedule import parse_schedule
from download_module.sites import Sites, gallery_instances, sites_from
from download_module.staging import StagingArea
from download_module.transfer_limits import TransferLimits
from download_module.url_detector import UrlDetector
from download_module.way_out import WayOut
from pooler.chores import long_chores_for, short_chores_for
from pooler.figure_chores import figure_chores
from pooler.workplace import open_workplace, run_process

SWEEP_INTERVAL = 300.0  # seconds
PATTERNS_TIMEOUT = 15.0  # seconds; to read them takes about two, and a moment from the second start on


async def run(settings: Settings, stop: asyncio.Event) -> None:
    """Claim and download until `stop` is set."""
    rpc_secret = settings.aria2_rpc_secret.get_secret_value() if settings.aria2_rpc_secret else ""
    setup_logging("download", level=settings.log_level, style=settings.log_format, secrets=secrets_of(settings))
    async with AsyncExitStack() as stack:
        here = await open_workplace(stack, settings, DOWNLOAD_STAGE)
        alive = here.alive
        inherit = (alive.fd,)
        looking = asyncio.create_task(warn_in_passing(DOWNLOAD), name="versions")
        stack.callback(looking.cancel)
        sites = sites_from(settings)
        guard = await _guard(settings, inherit, stack)
        way_out = WayOut(guard=guard)
        network = GuardedNetwork(guard.adopt, guard.proxy("probe", None).port)
        stack.callback(network.close)
        downloader = Aria2cDownloader(await _daemon(settings, rpc_secret, alive, stack))
        downloader.limits = _transfer_limits(settings)
        await downloader.start()
        stack.push_async_callback(downloader.stop)
        progress = ProgressBook(here.store)
        writing = asyncio.create_task(progress.keep(), name="progress")
        stack.callback(writing.cancel)
        detector = UrlDetector()
        loading = asyncio.create_task(_load_patterns(detector, settings, sites, inherit), name="patterns")
        stack.callback(loading.cancel)
        if gallery_instances(sites):  # which only these patterns recognise
            await asyncio.wait((loading,), timeout=PATTERNS_TIMEOUT)
        egress = Egress(settings.egress_allow, settings.egress_deny, proxied=settings.egress_proxy is not None)
        extractors = all_extractors(
            egress, sites, _child_limits(settings), browser=_browser(settings), network=network, inherit=inherit
        )
        stack.push_async_callback(_close, extractors.values())
        limits = _fetch_limits(settings)
        disk = Disk(directory=settings.download_dir, reserve=settings.storage_min_free)
        queries = Queries(here.database)
        fetcher = PartFetcher(
            downloader=downloader,
            impersonator=Impersonator(network=network, inherit=inherit),
            max_bytes=limits.max_bytes,
            way_out=way_out,
        )
        pooler = DownloadPooler(
            queries=queries,
            finder=MediaFinder(
                store=here.store,
                queries=queries,
                detector=detector,
                extractors=extractors,
                ranges=RangeReader(egress=egress, inherit=inherit),
                limits=limits,
                way_out=way_out,
            ),
            maker=MediaMaker(
                store=here.store,
                fetcher=fetcher,
                live=LiveFetcher(egress=egress, fetcher=fetcher, way_out=way_out),
                assembler=Assembler(inherit=inherit),
                progress=progress,
                tries=min(PATIENCE, settings.max_retries + 1),
                disk=disk,
            ),
            downloader=downloader,
            staging_area=StagingArea(settings.download_dir, owner=alive.name, is_dead=alive.proves_dead),
            progress=progress,
            sites=sites,
            duplicates=Duplicates(
                earlier=Earlier(here.database),
                queries=queries,
                store=here.store,
                layout=Layout(settings.download_dir),
                days=settings.duplicate_days,
            ),
            quotas=QuotaBook(here.database, quotas_of(settings)),
        )
        await downloader.prove_shared(settings.download_dir.resolve() / STAGING)
        await downloader.prove_guarded(way_out)
        sweeping = asyncio.create_task(_keep_swept(pooler), name="sweep")
        stack.callback(sweeping.cancel)
        figures = asyncio.create_task(  # beside the other chores, some of which take hours
            keep_doing(ChoreBook(here.database, runner=alive.name), figure_chores(settings, here.database)),
            name="figures",
        )
        stack.callback(figures.cancel)
        for name, those in (("chores", short_chores_for(here)), ("long chores", long_chores_for(here))):
            doing = asyncio.create_task(keep_doing(ChoreBook(here.database, runner=alive.name), those), name=name)
            stack.callback(doing.cancel)
        await here.work(pooler, capacity=settings.max_concurrent_downloads, stop=stop, disk=disk)


async def _close(extractors: Iterable[Extractor]) -> None:
    """End the children of all of them, side by side: each may take a moment."""
    await asyncio.gather(*(extractor.close() for extractor in extractors))


async def _keep_swept(pooler: DownloadPooler) -> None:
    while True:
        try:
            await asyncio.to_thread(remove_dead)
            await pooler.sweep()
        except (DatabaseFault, OSError) as error:
            logger.warning("could not look for what deleted downloads left: {}", error)
        await asyncio.sleep(SWEEP_INTERVAL)


async def _load_patterns(detector: UrlDetector, settings: Settings, sites: Sites, inherit: tuple[int, ...]) -> None:
    detector.patterns = await load_patterns(
        settings.data_dir / "patterns", inherit=inherit, instances=gallery_instances(sites)
    )


def _child_limits(settings: Settings) -> ChildLimits:
    memory = settings.extract_memory_mb * MIB
    return ChildLimits(
        timeout=settings.extract_timeout,
        memory_bytes=memory,
        resident_bytes=memory,
        grown_bytes=memory // 2,
        at_once=settings.extract_concurrency,
        idle=settings.extract_idle_seconds,
    )


def _browser(settings: Settings) -> Browser | None:
    if not settings.playwright_enabled:
        return None
    return Browser(
        program=settings.chromium, timeout=settings.browser_timeout, memory_bytes=settings.browser_memory_mb * MIB
    )


def _fetch_limits(settings: Settings) -> FetchLimits:
    return FetchLimits(
        max_bytes=settings.max_download_size_mb * MIB,
        playlist_items=settings.max_playlist_items,
        gallery_items=settings.max_gallery_items,
        live_seconds=settings.max_live_minutes * 60.0,
        upload_limit_bytes=settings.upload_limit_mb * MIB,
        torrents_for_members=settings.torrents_for_members,
    )


def _transfer_limits(settings: Settings) -> TransferLimits:
    try:
        schedule = parse_schedule(settings.download_rate_schedule)
    except ValueError as error:
        raise ConfigurationError(f"DOWNLOAD_RATE_SCHEDULE: {error}.") from None
    return TransferLimits(
        rate=settings.download_rate_limit,
        schedule=schedule,
        row_rate=settings.download_rate_limit_per_row,
        host_connections=settings.connections_per_host,
    )


async def _guard(settings: Settings, inherit: tuple[int, ...], stack: AsyncExitStack) -> EgressGuard:
    """The way out of all fetchers, which is there before them and goes after them."""
    upstream = settings.egress_proxy.get_secret_value() if settings.egress_proxy else None
    try:
        guard = EgressGuard(
            settings.egress_allow,
            settings.egress_deny,
            upstream=upstream,
            limits=limits_for(settings.max_download_size_mb * MIB),
            inherit=inherit,
        )
    except ValueError as error:
        raise ConfigurationError(f"EGRESS_PROXY: {error}.") from None
    await guard.start()
    stack.push_async_callback(guard.stop)
    return guard


async def _daemon(settings: Settings, rpc_secret: str, alive: Alive, stack: AsyncExitStack) -> Daemon:
    if settings.aria2_rpc_url:
        return SharedDaemon(Endpoint(settings.aria2_rpc_url, rpc_secret))
    # aria2 stands still while it saves the state of all transfers: the more there are, the more seldom.
    interval = max(1, settings.max_concurrent_downloads // 16)
    staging = settings.download_dir.resolve() / STAGING
    staging.mkdir(parents=True, exist_ok=True)
    daemon = Aria2cDaemon(settings.data_dir / "aria2", writes=staging, inherit=(alive.fd,), save_interval=interval)
    await daemon.start()
    stack.push_async_callback(daemon.stop)
    return daemon


if __name__ == "__main__":
    sys.exit(run_process(run))
