"""The work of a download runner on one claimed row: detect, extract, fetch, assemble."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.attempt import Done
from core.layout import shelf_of
from core.models import ChildRow, Download, NewMediaFile, Settlement, Status
from core.queries import Queries
from core.quotas import QuotaBook
from download_module.aria2c_downloader import Aria2cDownloader
from download_module.duplicates import Duplicates
from download_module.media_facts import facts_of_all
from download_module.media_finder import MediaFinder
from download_module.media_maker import MediaMaker
from download_module.metadata_file import asked_alike, row_values
from download_module.plan import DownloadPlan
from download_module.progress_book import ProgressBook
from download_module.refused_cookies import cookies_explained
from download_module.sites import Sites
from download_module.size_limit import within_quota
from download_module.staging import StagingArea

# A row in one of these has no more use for its staging directory.
PAST_FETCHING = (Status.DOWNLOADED, Status.UPLOADING, Status.UPLOADED, Status.CANCELLED)


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadPooler:
    """Everything that the stages need; `work` and `discard` are what the claim loop calls."""

    queries: Queries
    finder: MediaFinder
    maker: MediaMaker
    downloader: Aria2cDownloader
    staging_area: StagingArea
    progress: ProgressBook
    sites: Sites
    duplicates: Duplicates | None = None
    quotas: QuotaBook | None = None
    emptying: set["asyncio.Task[None]"] = field(default_factory=set)

    async def work(self, claim: Download) -> Done:
        """Take a claimed row through the stages.

        Raises:
            BossBotError: what the row's try ended in.
        """
        files = await self._fetched_before(claim)
        if files:
            return _done(await facts_of_all(files, claim.url))
        detected = self.finder.detected(claim.url)
        if self.duplicates and (known := await self.duplicates.answer(claim, detected.identity if detected else None)):
            return known
        await self.downloader.free(self.staging_area.directories_of(claim.id))
        staging = self.staging_area.open(claim.id, claim.epoch, shelf_of(claim))
        try:
            staging.belong_to(claim.url)
            if finished := staging.finished_before():
                return _done(await facts_of_all(finished, claim.url), tidy=staging.remove)
            site = self.sites.of(detected.url if detected else claim.url)  # a mirror is ruled like its original
            # Room may only be reserved on disk; what the row says may be gone from there.
            here = min(claim.downloaded_bytes, staging.here) if claim.downloaded_bytes else 0
            left = await self.quotas.left(claim, here=here) if self.quotas else None
            with (
                self.finder.way_out.of(claim.id).named_refusals(),
                cookies_explained(site, claim.url),
                within_quota(claim, left, self.finder.limits.max_bytes, here=here) as allowed,
            ):
                plan = await self.finder.find(allowed, site)
                if plan.children:
                    return self._expanded(plan)
                made = await self.maker.make(allowed, plan, staging, site)
            return _done(made.files, made.missing, tidy=staging.remove)
        finally:
            await self.progress.forget(claim)
            staging.release()

    async def sweep(self) -> None:
        """Remove what is left of downloads that were fetched, cancelled or deleted."""
        staged = self.staging_area.ids()
        found = {download.id: download for download in await self.queries.find(sorted(staged))}
        await asyncio.to_thread(self.staging_area.trash.empty)
        for download_id in staged:
            download = found.get(download_id)
            if download is None or download.status in PAST_FETCHING:
                await asyncio.to_thread(self.staging_area.clear, download_id)

    async def discard(self, download_id: int) -> None:
        """Take away what a cancelled download left on disk. To free its bytes takes a while, for which nobody waits."""
        found = await self.queries.get(download_id)
        url, homes = (found.url, self.staging_area.layout.homes(found)) if found else (None, [])
        await asyncio.to_thread(self.staging_area.discard, download_id, url, homes)
        emptying = asyncio.create_task(asyncio.to_thread(self.staging_area.trash.empty), name="trash")
        self.emptying.add(emptying)
        emptying.add_done_callback(self.emptying.discard)

    async def _fetched_before(self, claim: Download) -> list[Path]:
        """The files of a row that was set back to pending although all of them are still here."""
        if claim.options.get("force"):
            return []
        files = await self.queries.files(claim.id)
        paths = [Path(file.path) for file in files]
        if any(file.source_url != claim.url for file in files):
            return []
        if paths and not asked_alike(paths[0].parent, claim):
            return []
        here = [path.is_file() and path.stat().st_size == file.bytes for path, file in zip(paths, files, strict=True)]
        return paths if all(here) else []

    def _expanded(self, plan: DownloadPlan) -> Done:
        rows = []
        for child in plan.children:
            known = self.finder.detected(child.url)
            site, media_id = (known.identity.site, known.identity.id) if known else (None, None)
            rows.append(ChildRow(child.url, child.title, site, media_id))
        told = f"{len(rows)} download{'s' if len(rows) != 1 else ''}"
        if len(rows) >= self.finder.limits.playlist_items:
            told = f"the first {told}"
        values = row_values(plan) | _fetched_values() | {"upload": 0, "activity": told}
        return Done(Settlement(Status.DOWNLOADED, values), files=(), children=tuple(rows))


def _done(files: Sequence[NewMediaFile], missing: Sequence[str] = (), tidy: Callable[[], None] | None = None) -> Done:
    size = sum(file.bytes for file in files)
    values: dict[str, Any] = {
        "file_path": str(Path(files[0].path).parent),
        "file_size": size,
        "downloaded_bytes": size,
    }
    durations = [file.duration_seconds for file in files if file.duration_seconds is not None]
    if len(durations) == 1:  # a video, perhaps with its picture and subtitles
        values["duration_seconds"] = durations[0]
    if missing:
        values["activity"] = f"{len(missing)} of {len(missing) + len(files)} files could not be fetched"
    return Done(Settlement(Status.DOWNLOADED, _fetched_values() | values), tuple(files), tidy=tidy)


def _fetched_values() -> dict[str, Any]:
    return {"progress": 100, "attempts": 0, "available_at": None}
