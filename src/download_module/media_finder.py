"""Stages 1 and 2 for one claimed row: which extractors to ask, and the plan of the first that finds media."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from loguru import logger

from core.errors import MediaNotFound, RowChanged, UnsupportedUrl
from core.models import Destination, Download, UrlType
from core.options import parse_options
from core.queries import Queries
from core.store import Store
from download_module.clip_planner import cut_plan
from download_module.extractors.base_extractor import Extractor, Wish
from download_module.metadata_file import row_values
from download_module.names import clean_name
from download_module.plan import DownloadPlan
from download_module.range_reader import RangeReader
from download_module.sites import Site
from download_module.size_limit import limit_of, too_large
from download_module.sound_only import sound_only
from download_module.url_detector import Detection, UrlDetector
from download_module.way_out import STRAIGHT, WayOut

LOOKING = "looking for media"


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchLimits:
    """What the admin allows to be fetched."""

    max_bytes: int  # of one download
    playlist_items: int
    gallery_items: int
    live_seconds: float
    upload_limit_bytes: int  # of a file, where the destination named no limit yet
    torrents_for_members: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaFinder:
    """Asks the candidates for a URL, one after the other."""

    store: Store
    queries: Queries
    detector: UrlDetector
    extractors: Mapping[UrlType, Extractor]
    ranges: RangeReader
    limits: FetchLimits
    way_out: WayOut = STRAIGHT

    async def find(self, claim: Download, site: Site) -> DownloadPlan:
        """What there is to fetch for a row.

        Args:
            claim: the row.
            site: the admin's rules for its site.

        Raises:
            SiteBusy: as many downloads of the site run as may.
            RequestRefused: the row's options mean nothing.
            BossBotError: what the extractor found instead of media.
        """
        way_out = self.way_out.of(claim.id).through(site.proxy)
        wish = await self._wish(claim, way_out)
        detected = self.detector.detect(claim.url.strip())
        if self._is_refused_torrent(claim, torrent=detected.candidates == (UrlType.TORRENT,)):
            raise UnsupportedUrl("Torrents are switched off on this bot.")
        identity = detected.identity
        asked = next((one for one in detected.candidates if one in self.extractors), None)
        now = {"activity": LOOKING} | ({"url_type": asked} if asked else {})
        if not await self.store.enter_site(
            claim, site=identity.site, media_id=identity.id, at_most=site.concurrent, **now
        ):
            raise RowChanged
        plan = await self._ask(claim, detected, wish)
        self._check(claim, plan)
        if claim.parent_id is not None and claim.title and plan.extractor == "direct":
            plan = _named(plan, claim.title)
        if wish.options.wants_audio:
            plan = sound_only(plan)
        clip = wish.options.stretch
        if clip is not None and plan.outputs:
            plan = await cut_plan(plan, clip, replace(self.ranges, way_out=way_out))
        if plan.size is not None and plan.size > limit_of(claim, self.limits.max_bytes):
            await self.store.write(claim, **row_values(plan))  # what there would be to choose from
            raise too_large(claim, self.limits.max_bytes, plan.size)
        return plan

    def detected(self, url: str) -> Detection | None:
        """What is known of a URL without network, None for one that nobody takes."""
        try:
            return self.detector.detect(url.strip())  # a hand-written row may have spaces around it
        except UnsupportedUrl:
            return None

    async def _ask(self, claim: Download, detected: Detection, wish: Wish) -> DownloadPlan:
        handed_over: UnsupportedUrl | None = None
        for candidate in detected.candidates:
            extractor = self.extractors.get(candidate)
            if extractor is None:  # switched off
                continue
            if handed_over is not None and not await self.store.write(claim, url_type=candidate, activity=LOOKING):
                raise RowChanged
            try:
                return await extractor.extract(detected.url, self._limited(wish, candidate))
            except UnsupportedUrl as error:
                logger.bind(download=claim.id, candidate=candidate).debug("handed over: {}", error)
                handed_over = error
        told = str(handed_over or UnsupportedUrl.sentence)
        raise MediaNotFound(told if told != UnsupportedUrl.sentence else MediaNotFound.sentence)

    async def _wish(self, claim: Download, way_out: WayOut) -> Wish:
        options = parse_options(claim.options)
        return Wish(
            options=options,
            limit_bytes=await self._upload_limit(claim),
            max_live_seconds=self.limits.live_seconds,
            way_out=way_out,
        )

    def _limited(self, wish: Wish, candidate: UrlType) -> Wish:
        items = self.limits.gallery_items if candidate is UrlType.GALLERYDL else self.limits.playlist_items
        return replace(wish, max_items=items)

    async def _upload_limit(self, claim: Download) -> int | None:
        """What one file may have to be delivered as it is; None where there is no limit."""
        if claim.destination is not Destination.DISCORD or not claim.upload:
            return None
        learned = await self.queries.learned_upload_limit(claim.guild_id) if claim.guild_id is not None else None
        return claim.upload_limit_bytes or learned or self.limits.upload_limit_bytes

    def _check(self, claim: Download, plan: DownloadPlan) -> None:
        if self._is_refused_torrent(claim, torrent=any(part.is_torrent for part in plan.parts)):
            raise UnsupportedUrl("Torrents are switched off on this bot.")
        if not plan.outputs and not plan.children:
            raise MediaNotFound

    def _is_refused_torrent(self, claim: Download, *, torrent: bool) -> bool:
        allowed = claim.allow_torrents or self.limits.torrents_for_members
        return torrent and claim.destination is Destination.DISCORD and not allowed


def _named(plan: DownloadPlan, title: str) -> DownloadPlan:
    """A file of a list, by the name that the list gives it: an episode is called `media.mp3` by its server."""
    (output,) = plan.outputs
    name = clean_name(title + PurePosixPath(output.filename).suffix)
    return replace(plan, title=title, outputs=(replace(output, filename=name),))
