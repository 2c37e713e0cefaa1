"""Stage 3 for one claimed row: its plan is fetched, put together, looked at, and moved to its place."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from loguru import logger

from core.errors import BossBotError, ChecksumMismatch, RowChanged
from core.models import Download, NewMediaFile, Progress, Status
from core.room import Disk
from core.store import Store
from download_module.assembler import Assembler, is_made
from download_module.live_fetching import LiveFetcher
from download_module.media_facts import facts_of_all, verify
from download_module.metadata_file import row_values, write_metadata
from download_module.part_fetching import Fetched, PartFetcher
from download_module.plan import DownloadPlan, Output, Part
from download_module.progress_book import ProgressBook
from download_module.room_needed import take_room
from download_module.sites import Site
from download_module.staging import Staging

PATIENCE = 3  # tries of a row; in the last of them files of a gallery are given up over a passing error


@dataclass(frozen=True, slots=True)
class Made:
    """The finished files in their place, and the names of those that were lost."""

    files: tuple[NewMediaFile, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """An output whose parts are in staging: the files of each."""

    output: Output
    parts: list[list[Path]]
    positions: range  # in staging


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaMaker:
    """Makes the files of a plan."""

    store: Store
    fetcher: PartFetcher
    live: LiveFetcher
    assembler: Assembler
    progress: ProgressBook
    tries: int = PATIENCE  # as many as the row has, when those are fewer
    disk: Disk | None = None  # where files are fetched to, when its room is watched

    async def make(self, claim: Download, plan: DownloadPlan, staging: Staging, site: Site) -> Made:
        """Fetch and assemble all outputs; those that are optional may be lost, as long as one is left.

        Raises:
            BossBotError: of the first output that failed.
        """
        if not await self.store.move(claim, Status.DOWNLOADING, activity="downloading", **row_values(plan)):
            raise RowChanged
        staging.prepare(plan.parts)
        if self.disk is not None:
            await take_room(self.store, self.disk, claim, plan, staging)
        fetched = await self._fetch(claim, plan, staging, site)
        ready, missing = _sorted(plan, fetched)
        for output in plan.outputs:
            if output.live is not None:
                recorded, files, positions = await self.live.fetch(
                    claim, plan, output, staging, site, self._note(claim), self._count(claim)
                )
                ready.append(Ready(output=recorded, parts=files, positions=positions))
        if not ready:  # of each output one of several parts was lost
            raise next(iter(fetched.lost.values()))
        paths, outputs = await self._assemble(claim, plan, ready, missing, staging)
        facts = tuple(
            replace(fact, description=output.description)
            for fact, output in zip(await facts_of_all(paths, claim.url), outputs, strict=True)
        )
        write_metadata(paths[0].parent, claim, plan, facts, missing)
        finished = staging.finish(paths)
        return Made(tuple(replace(f, path=str(p)) for f, p in zip(facts, finished, strict=True)), tuple(missing))

    async def _fetch(self, claim: Download, plan: DownloadPlan, staging: Staging, site: Site) -> Fetched:
        whole = {output.parts[0]: output for output in plan.outputs if len(output.parts) == 1 and not is_made(output)}

        async def look(part: Part, files: list[Path]) -> None:
            output = whole.get(part)
            if output is not None and not part.is_torrent:
                await verify(files[0], output.kind)

        return await self.fetcher.fetch(
            claim,
            plan,
            staging,
            self._note(claim),
            site=site,
            verify=look,
            count=self._count(claim),
            last_try=claim.attempts + 1 >= self.tries,
        )

    async def _assemble(
        self, claim: Download, plan: DownloadPlan, ready: Sequence[Ready], missing: list[str], staging: Staging
    ) -> tuple[list[Path], list[Output]]:
        """The files in staging, and the output of each; adds to `missing` the names of those that were lost."""
        directory = staging.assembling
        size = sum(file.stat().st_size for one in ready for files in one.parts for file in files if file.is_file())

        def report(activity: str, percent: float | None) -> None:
            told = activity if percent is None else f"{activity} {percent:.0f} %"
            now = Progress(progress=100, downloaded_bytes=size, download_speed=0, eta_seconds=None, activity=told)
            self.progress.note(claim, now)

        paths: list[Path] = []
        outputs: list[Output] = []
        fault = BossBotError()
        for one in ready:
            try:
                made = await self.assembler.assemble(one.output, one.parts, directory, title=plan.title, report=report)
            except ChecksumMismatch as error:
                for position in one.positions:
                    staging.drop(position)
                if not one.output.optional:
                    raise
                logger.bind(download=claim.id).warning("goes on without one file: {}", error)
                missing.append(one.output.filename)
                fault = error
            else:
                paths += made
                outputs += [one.output] * len(made)
        if not paths:
            raise fault
        return paths, outputs

    def _note(self, claim: Download) -> Callable[[Progress], None]:
        return lambda now: self.progress.note(claim, now)

    def _count(self, claim: Download) -> Callable[[int], None]:
        return lambda count: self.progress.count(claim, count)


def _sorted(plan: DownloadPlan, fetched: Fetched) -> tuple[list[Ready], list[str]]:
    """The outputs of which everything is there, and the names of those that lost a part."""
    ready: list[Ready] = []
    missing: list[str] = []
    first = 0
    for output in plan.outputs:
        positions = range(first, first + len(output.parts))
        first += len(output.parts)
        if any(position in fetched.lost for position in positions):
            missing.append(output.filename)
        elif output.live is None:
            ready.append(
                Ready(output=output, parts=[fetched.files[position] for position in positions], positions=positions)
            )
    return ready, missing
