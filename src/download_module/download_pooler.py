"""The work of a download runner on one claimed row: detect, extract, fetch, assemble."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from loguru import logger

from core.attempt import Done
from core.errors import ChecksumMismatch, MediaNotFound, RowChanged, TooLarge, UnsupportedUrl
from core.models import Destination, Download, Progress, Settlement, Status, UrlType
from core.options import parse_options
from core.queries import Queries
from core.store import Store
from download_module.aria2c_downloader import Aria2cDownloader
from download_module.assembler import Assembler
from download_module.extractors.base_extractor import Extractor, Wish
from download_module.media_facts import facts_of
from download_module.plan import Assemble, DownloadPlan
from download_module.progress_book import ProgressBook
from download_module.staging import Staging, StagingArea
from download_module.transfers import Transfer, gid_of
from download_module.url_detector import detect


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadPooler:
    """Everything that the stages need; `work` and `discard` are what the claim loop calls."""

    store: Store
    queries: Queries
    extractors: Mapping[UrlType, Extractor]
    downloader: Aria2cDownloader
    assembler: Assembler
    staging_area: StagingArea
    progress: ProgressBook
    max_bytes: int
    torrents_for_members: bool

    async def work(self, claim: Download) -> Done:
        """Take a claimed row through the stages.

        Raises:
            BossBotError: what the row's try ended in.
        """
        files = await self._fetched_before(claim)
        if files:
            return _done(files, claim.url)
        await self.downloader.free(self.staging_area.directories_of(claim.id))
        staging = self.staging_area.open(claim.id, claim.epoch)
        try:
            staging.belong_to(claim.url)
            files = staging.finished_before() or await self._download(claim, await self._extract(claim), staging)
        finally:
            await self.progress.forget(claim)
            staging.release()
        done = await asyncio.to_thread(_done, files, claim.url)
        staging.remove()
        return done

    async def sweep(self) -> None:
        """Remove what is left of downloads that were cancelled, delivered or deleted while nobody looked."""
        staged = self.staging_area.ids()
        found = {download.id: download for download in await self.queries.find(sorted(staged))}
        for download_id in staged:
            download = found.get(download_id)
            if download is None or download.status in (Status.CANCELLED, Status.UPLOADED):
                await asyncio.to_thread(self.staging_area.clear, download_id)

    async def discard(self, download_id: int) -> None:
        """Remove what a cancelled download left on disk."""
        await asyncio.to_thread(self.staging_area.discard, download_id)

    # -- stages 1 and 2 ------------------------------------------------------------------------------------------

    async def _fetched_before(self, claim: Download) -> list[Path]:
        """The files of a row that was set back to pending although all of them are still here."""
        if claim.options.get("force"):
            return []
        files = await self.queries.files(claim.id)
        paths = [Path(file.path) for file in files]
        if any(file.source_url != claim.url for file in files):
            return []
        here = [path.is_file() and path.stat().st_size == file.bytes for path, file in zip(paths, files, strict=True)]
        return paths if all(here) else []

    async def _extract(self, claim: Download) -> DownloadPlan:
        url = claim.url.strip()  # a hand-written row may have spaces around it
        candidates = detect(url)
        if UrlType.TORRENT in candidates:
            self._refuse_torrent_of_member(claim)
        wish = Wish(options=parse_options(claim.options), limit_bytes=claim.upload_limit_bytes)
        plan = None
        for candidate in candidates:
            await self._write(claim, url_type=candidate, activity="looking for media")
            try:
                plan = await self.extractors[candidate].extract(url, wish)
                break
            except UnsupportedUrl as handed_over:
                logger.bind(download=claim.id, candidate=candidate).debug("handed over: {}", handed_over)
        if plan is None:
            raise MediaNotFound
        if plan.size is not None and plan.size > self.max_bytes:
            raise _too_large(plan.size, self.max_bytes)
        await self._write(claim, title=plan.title, extractor=plan.extractor, file_size=plan.size)
        return plan

    def _refuse_torrent_of_member(self, claim: Download) -> None:
        if claim.destination is Destination.DISCORD and not self.torrents_for_members:
            raise UnsupportedUrl("Torrents are switched off on this bot.")

    # -- stage 3 -------------------------------------------------------------------------------------------------

    async def _download(self, claim: Download, plan: DownloadPlan, staging: Staging) -> list[Path]:
        if not await self.store.move(claim, Status.DOWNLOADING, activity="downloading"):
            raise RowChanged
        staging.prepare(plan.parts)
        fetched = await self._fetch(claim, plan, staging)
        if any(output.assemble is not Assemble.NONE for output in plan.outputs):
            await self.progress.forget(claim)
            await self._write(claim, activity="merging", download_speed=0, eta_seconds=None)
        directory = staging.assembling
        files: list[Path] = []
        first = 0
        for output in plan.outputs:
            positions = range(first, first + len(output.parts))
            first += len(output.parts)
            try:
                files += await self.assembler.assemble(output, [fetched[i] for i in positions], directory)
            except ChecksumMismatch:
                for position in positions:
                    staging.drop(position)
                raise
        return staging.finish(files)

    async def _fetch(self, claim: Download, plan: DownloadPlan, staging: Staging) -> list[list[Path]]:
        def transfer(position: int) -> Transfer:
            return Transfer(
                gid=gid_of(claim.id, claim.epoch, position),
                part=plan.parts[position],
                target=staging.part(position),
                begun=lambda: staging.mark_begun(position),
                restart=lambda: staging.restart(position),
                drop=lambda: staging.drop(position),
                finish=lambda files: self._finish_part(plan, position, files, staging),
            )

        def report(now: Progress) -> None:
            self.progress.note(claim, now)

        done = [position for position in range(len(plan.parts)) if staging.is_done(position)]
        missing = [position for position in range(len(plan.parts)) if position not in done]
        already = sum(staging.part(position).stat().st_size for position in done)
        results = await self.downloader.fetch(
            [transfer(position) for position in missing], max_bytes=self.max_bytes, report=report, already=already
        )
        fetched = {position: [staging.part(position)] for position in done} | dict(zip(missing, results, strict=True))
        return [fetched[position] for position in range(len(plan.parts))]

    def _finish_part(self, plan: DownloadPlan, position: int, files: list[Path], staging: Staging) -> None:
        expected = plan.parts[position].size
        size = sum(file.stat().st_size for file in files if file.is_file())
        if not size or (expected is not None and size != expected):
            staging.drop(position)
            raise ChecksumMismatch(f"The file arrived damaged: {size} bytes instead of {expected or 'some'}.")
        if not plan.parts[position].is_torrent:
            staging.mark_done(position)

    async def _write(self, claim: Download, **values: object) -> None:
        if not await self.store.write(claim, **values):
            raise RowChanged


def _done(files: list[Path], source_url: str) -> Done:
    facts = tuple(facts_of(file, source_url) for file in files)
    size = sum(file.bytes for file in facts)
    values = {
        "file_path": str(files[0].parent),
        "file_size": size,
        "downloaded_bytes": size,
        "progress": 100,
        "attempts": 0,
        "available_at": None,
    }
    return Done(Settlement(Status.DOWNLOADED, values), facts)


def _too_large(size: int, limit: int) -> TooLarge:
    mib = 1024 * 1024
    return TooLarge(f"This media has {size / mib:,.0f} MiB; this bot fetches up to {limit / mib:,.0f} MiB.")
