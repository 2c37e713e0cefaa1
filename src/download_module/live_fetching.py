"""Records a live stream through the same transfers as everything else: its segments are parts as they appear."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from core.models import Download, Progress
from download_module.egress import Egress
from download_module.live_recorder import LiveRecorder
from download_module.part_fetching import PartFetcher
from download_module.plan import Assemble, DownloadPlan, Output, Part
from download_module.playlist_text import PlaylistText
from download_module.sites import Site
from download_module.staging import Staging
from download_module.way_out import STRAIGHT, WayOut


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveFetcher:
    """Follows the playlists of a live output until its time is over."""

    egress: Egress
    fetcher: PartFetcher
    way_out: WayOut = STRAIGHT

    async def fetch(
        self,
        claim: Download,
        plan: DownloadPlan,
        output: Output,
        staging: Staging,
        site: Site,
        report: Callable[[Progress], None],
        count: Callable[[int], None] | None = None,
    ) -> tuple[Output, list[list[Path]], range]:
        """Record one output.

        Args:
            claim: the row.
            plan: all of whose parts are in staging; what is recorded comes behind them.
            output: with `live`.
            staging: the directory of the claim.
            site: rules of the site.
            report: called about twice a second.
            count: called with bytes that came.

        Returns:
            The output with parts and tracks; the files of its parts, also where one was lost, which no segment needs;
            their positions in staging.

        Raises:
            BossBotError: nothing could be recorded.
        """
        assert output.live is not None, "asked for live outputs alone"
        first = len(plan.parts)

        async def fetch_parts(parts: Sequence[Part]) -> Collection[int]:
            # Each segment may be lost alone: a gap is better than no recording.
            pieces = tuple(Output(filename=output.filename, kind=output.kind, parts=(p,), optional=True) for p in parts)
            grown = replace(plan, outputs=(*plan.outputs, *pieces))
            fetched = await self.fetcher.fetch(claim, grown, staging, recording, site=site, count=count, last_try=True)
            return [position - first for position in fetched.lost if position >= first]

        def recording(now: Progress) -> None:
            report(replace(now, progress=0, eta_seconds=None, activity="recording"))

        async with PlaylistText(self.egress, self.way_out.of(claim.id).through(site.proxy)) as text:
            recorded = await LiveRecorder(text).record(output.live, fetch_parts)
        positions = range(first, first + len(recorded.parts))
        whole = replace(output, parts=recorded.parts, tracks=recorded.tracks, assemble=Assemble.HLS, live=None)
        return whole, [[staging.part(position)] for position in positions], positions
