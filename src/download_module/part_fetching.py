"""From the parts of a plan to files in staging: what is known is written, what is done is kept, the rest is fetched."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from loguru import logger

from core.errors import BossBotError, ChecksumMismatch, MediaNotFound, SourceExpired
from core.models import Progress
from download_module.aria2c_control import prepare_ranges
from download_module.aria2c_downloader import Aria2cDownloader
from download_module.bytes_here import bytes_here
from download_module.impersonating import Impersonator
from download_module.personal_headers import kept_at_home
from download_module.plan import DownloadPlan, Part
from download_module.sites import Site
from download_module.size_limit import HasLimit, limited
from download_module.staging import Staging
from download_module.transfers import Transfer, gid_of
from download_module.way_out import STRAIGHT, WayOut

Verify = Callable[[Part, list[Path]], Awaitable[None]]
Count = Callable[[int], None]
FINAL = (SourceExpired, MediaNotFound, ChecksumMismatch)  # another try of the row would hardly help the part


@dataclass(frozen=True, slots=True, kw_only=True)
class PartFetcher:
    """Fetches the parts of one row after another's; `max_bytes` is what a row may have."""

    downloader: Aria2cDownloader
    impersonator: Impersonator
    max_bytes: int
    way_out: WayOut = STRAIGHT

    async def fetch(
        self,
        claim: "Claim",
        plan: DownloadPlan,
        staging: Staging,
        report: Callable[[Progress], None],
        *,
        site: Site | None = None,
        verify: Verify | None = None,
        count: Count | None = None,
        last_try: bool = False,
    ) -> "Fetched":
        """Fetch what `staging.prepare(plan.parts)` left to fetch.

        Args:
            claim: the row.
            plan: whose parts are fetched.
            staging: the directory of the claim.
            report: called about twice a second, and must not block.
            site: rules of the site of this plan.
            verify: a look into what arrived; raises ChecksumMismatch when it is no good.
            count: called with bytes that came, also those that are thrown away again; must not block.
            last_try: parts of optional outputs are given up over any error of theirs.

        Raises:
            BossBotError: of the first part that failed; the others are stopped.
        """
        site = site or Site()
        way_out = self.way_out.of(claim.id).through(site.proxy)
        work = _Work(claim, plan, staging, site, verify, count or _uncounted, last_try, way_out)
        await self._impersonate(work, report)
        done = [position for position in work.positions if staging.is_done(position)]
        missing = [position for position in work.positions if position not in {*done, *work.lost}]
        work.moved = await kept_at_home({position: plan.parts[position] for position in missing}, way_out)
        with limited(claim, self.max_bytes) as max_bytes:
            results = await self.downloader.fetch(
                [work.transfer(position) for position in missing],
                max_bytes=max_bytes,
                report=report,
                already=sum(work.bytes_of(position) for position in done),
                already_parts=len(done),
            )
        files = {position: [staging.part(position)] for position in done} | dict(zip(missing, results, strict=True))
        if work.lost and not any(files.values()):
            raise next(iter(work.lost.values()))
        return Fetched([files.get(position, []) for position in work.positions], work.lost)

    async def _impersonate(self, work: "_Work", report: Callable[[Progress], None]) -> None:
        wanted = {
            work.staging.part(position): position
            for position in work.positions
            if work.parts[position].impersonate and not work.staging.is_done(position)
        }
        failed: list[BossBotError] = []
        counted = sum(bytes_here(target) for target in wanted)

        def reported(now: Progress) -> None:
            nonlocal counted
            if now.downloaded_bytes > counted:
                work.count(now.downloaded_bytes - counted)
                counted = now.downloaded_bytes
            report(now)

        def ended(target: Path, error: BossBotError | None) -> None:
            position = wanted[target]
            try:
                if error is not None:
                    raise error
                work.finish(position, [target])
            except BossBotError as fault:
                if not work.forgives(position, fault):
                    failed.append(fault)

        with limited(work.claim, self.max_bytes) as max_bytes:
            await self.impersonator.fetch(
                {target: work.parts[position] for target, position in wanted.items()},
                max_bytes=max_bytes,
                report=reported,
                ended=ended,
                way_out=work.way_out,
            )
            if failed:
                raise failed[0]


def _uncounted(_: int) -> None:
    """For those who count no bytes."""


class Claim(HasLimit, Protocol):
    """What of a claimed row is needed here."""

    @property
    def id(self) -> int:
        """The row's."""
        ...

    @property
    def epoch(self) -> int:
        """Of the claim."""
        ...


@dataclass(frozen=True, slots=True)
class Fetched:
    """The files of each part, by position; of a part that was lost none, and why."""

    files: list[list[Path]]
    lost: dict[int, BossBotError]


@dataclass(slots=True)
class _Work:
    claim: "Claim"
    plan: DownloadPlan
    staging: Staging
    site: Site
    verify: Verify | None
    count: Count
    last_try: bool
    way_out: WayOut
    lost: dict[int, BossBotError] = field(default_factory=dict)
    parts: tuple[Part, ...] = field(init=False)
    optional: frozenset[int] = field(init=False)
    replaced: set[int] = field(default_factory=set)  # whose bytes are those of a fallback
    moved: dict[int, Part] = field(default_factory=dict)  # that are fetched from where their redirects end

    def __post_init__(self) -> None:
        self.parts = self.plan.parts  # once: the plan lists them anew each time, and there may be thousands
        flags = [output.optional for output in self.plan.outputs for _ in output.parts]
        self.optional = frozenset(position for position, flag in enumerate(flags) if flag)

    @property
    def positions(self) -> range:
        return range(len(self.parts))

    def transfer(self, position: int) -> Transfer:
        part = self.moved.get(position, self.parts[position])
        verify = self.verify
        return Transfer(
            gid=gid_of(self.claim.id, self.claim.epoch, position),
            part=part,
            target=self.staging.part(position),
            begun=lambda: self.staging.mark_begun(position),
            arrived=self.count,
            restart=lambda: self.restart(position),
            drop=lambda: self.staging.drop(position),
            replaced=lambda: self.replace(position),
            finish=lambda files: self.check(position, files),
            verify=None if verify is None else lambda files: verify(part, files),
            done=lambda: self.mark_done(position),
            forgives=lambda error: self.forgives(position, error),
            rate=self.site.rate or 0,
            connections=self.site.connections or 0,
            way_out=self.way_out,
        )

    def restart(self, position: int) -> None:
        self.staging.restart(position)
        part, target = self.parts[position], self.staging.part(position)
        if part.ranges and part.size and not target.exists():
            prepare_ranges(target, part.size, part.ranges, part.known)

    def replace(self, position: int) -> None:
        self.replaced.add(position)
        self.staging.replace(position)

    def check(self, position: int, files: list[Path]) -> None:
        expected = None if position in self.replaced else self.parts[position].size
        size = sum(file.stat().st_size for file in files if file.is_file())
        if not size or (expected is not None and size != expected):
            raise ChecksumMismatch(f"The file arrived damaged: {size} bytes instead of {expected or 'some'}.")

    def mark_done(self, position: int) -> None:
        if not self.parts[position].is_torrent:
            self.staging.mark_done(position)

    def finish(self, position: int, files: list[Path]) -> None:
        """As `check`, of a part that aria2 did not fetch."""
        try:
            self.check(position, files)
        except ChecksumMismatch:
            self.staging.drop(position)
            raise
        self.mark_done(position)

    def forgives(self, position: int, error: BossBotError) -> bool:
        passes = isinstance(error, FINAL) or (self.last_try and error.costs_attempt)
        if position not in self.optional or not passes:
            return False
        logger.bind(download=self.claim.id, part=position).warning("goes on without one file: {}", error)
        self.lost[position] = error
        return True

    def bytes_of(self, position: int) -> int:
        ranges = self.parts[position].ranges
        return sum(end - first for first, end in ranges) if ranges else self.staging.part(position).stat().st_size
