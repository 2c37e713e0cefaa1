"""A pooler in this process: real database, aria2c and ffmpeg; extractors that answer as told."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from core.database import Database
from core.errors import BossBotError
from core.models import UrlType
from core.queries import Queries
from core.store import Store
from download_module.aria2c_daemon import Aria2cDaemon
from download_module.aria2c_downloader import Aria2cDownloader
from download_module.assembler import Assembler
from download_module.download_pooler import DownloadPooler
from download_module.extractors.base_extractor import ANYTHING, Extractor, Wish
from download_module.impersonating import Impersonator
from download_module.live_fetching import LiveFetcher
from download_module.media_finder import FetchLimits, MediaFinder
from download_module.media_maker import MediaMaker
from download_module.part_fetching import PartFetcher
from download_module.plan import DownloadPlan
from download_module.progress_book import ProgressBook
from download_module.range_reader import RangeReader
from download_module.sites import Sites
from download_module.staging import StagingArea
from download_module.url_detector import UrlDetector
from tests.download_module.given import LOOPBACK, MIB

LIMITS = FetchLimits(
    max_bytes=64 * MIB,
    playlist_items=50,
    gallery_items=200,
    live_seconds=60.0,
    upload_limit_bytes=20 * MIB,
    torrents_for_members=False,
)


@dataclass(slots=True)
class Answers:
    """An extractor that answers as told, and remembers what it was asked."""

    answer: DownloadPlan | BossBotError
    asked: list[str] = field(default_factory=list)
    wishes: list[Wish] = field(default_factory=list)

    async def extract(self, url: str, wish: Wish = ANYTHING) -> DownloadPlan:
        self.asked.append(url)
        self.wishes.append(wish)
        if isinstance(self.answer, BossBotError):
            raise self.answer
        return self.answer

    async def close(self) -> None:
        pass


@asynccontextmanager
async def opened_pooler(
    directory: Path,
    database: Database,
    store: Store,
    extractors: dict[UrlType, Extractor],
    *,
    sites: Sites | None = None,
    limits: FetchLimits = LIMITS,
) -> AsyncIterator[DownloadPooler]:
    """A pooler whose files lie in `directory`."""
    daemon = Aria2cDaemon(directory / "runtime")
    await daemon.start()
    downloader = Aria2cDownloader(daemon)
    await downloader.start()
    queries, progress = Queries(database), ProgressBook(store)
    fetcher = PartFetcher(downloader=downloader, impersonator=Impersonator(), max_bytes=limits.max_bytes)
    try:
        yield DownloadPooler(
            queries=queries,
            finder=MediaFinder(
                store=store,
                queries=queries,
                detector=UrlDetector(),
                extractors=extractors,
                ranges=RangeReader(egress=LOOPBACK),
                limits=limits,
            ),
            maker=MediaMaker(
                store=store,
                fetcher=fetcher,
                live=LiveFetcher(egress=LOOPBACK, fetcher=fetcher),
                assembler=Assembler(),
                progress=progress,
            ),
            downloader=downloader,
            staging_area=StagingArea(directory / "downloads", owner=store.runner, is_dead=lambda _: False),
            progress=progress,
            sites=sites or Sites(),
        )
    finally:
        await downloader.stop()
        await daemon.stop()


def with_limits(**changed: int | float | bool) -> FetchLimits:
    """The usual limits with some of them changed."""
    return replace(LIMITS, **changed)  # type: ignore[arg-type]
