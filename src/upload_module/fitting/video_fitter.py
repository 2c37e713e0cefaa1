"""Makes videos fit: copied where that is enough, encoded to the limit where not, cut where that is too little."""

import asyncio
from collections import OrderedDict
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from core.errors import ChecksumMismatch, CompressionFailed
from core.ffmpeg_run import Ffmpeg
from upload_module.fitting.ffmpeg_abilities import FfmpegAbilities
from upload_module.fitting.fit import FitRules, Report, Step, Way
from upload_module.fitting.repacker import Repacker
from upload_module.fitting.source_facts import SourceFacts, facts_of
from upload_module.fitting.source_packets import packets_of
from upload_module.fitting.splitter import Splitter
from upload_module.fitting.video_encoder import AIM, VideoEncoder
from upload_module.fitting.video_rates import video_goal
from upload_module.fitting.video_ways import SOUND_BPS, sound_beside, split_fill, ways_of_fitting, ways_of_large
from upload_module.fitting.work_course import WorkCourse

REMEMBERED = 64  # files


class VideoFitter:
    """A Fitter for files with a moving picture."""

    def __init__(self, rules: FitRules, *, inherit: tuple[int, ...] = ()) -> None:
        """Make it; `inherit` are descriptors that each child keeps."""
        ffmpeg = Ffmpeg(inherit=inherit, niceness=rules.niceness)
        copying = Ffmpeg(inherit=inherit)  # what takes a moment need not give way
        self._rules = rules
        self._encoder = VideoEncoder(ffmpeg=ffmpeg, rules=rules, abilities=FfmpegAbilities())
        self._repacker = Repacker(ffmpeg=copying, timeout=rules.timeout)
        self._splitter = Splitter(ffmpeg=copying, timeout=rules.timeout)
        self._looked_at: OrderedDict[tuple[Path, int, int], SourceFacts | None] = OrderedDict()

    async def ways(self, file: Path, limit_bytes: int) -> list[Way]:
        """What can be done, that which is to be tried first in front; empty for what is no video."""
        facts = await self._facts_of(file)
        if facts is None or facts.picture is None:
            return []
        av1 = await self._encoder.av1()
        if facts.bytes <= limit_bytes:
            return ways_of_fitting(facts, limit_bytes, self._rules, av1=av1)
        return ways_of_large(facts, await packets_of(facts), limit_bytes, self._rules, av1=av1)

    async def make(self, file: Path, way: Way, limit_bytes: int, directory: Path, report: Report) -> list[Path]:
        """Go a way; the files are in `directory`, but for one that is sent as it is.

        Raises:
            CompressionFailed: it could not be done, or what came out is too large after all.
            DiskFull: there is no room.
        """
        if way.step is Step.AS_IS:
            return [file]
        try:
            async with asyncio.timeout(self._rules.timeout):
                with TemporaryDirectory(dir=directory, prefix=".work-") as work:
                    made = await self._made(file, way, limit_bytes, Path(work), report)
                    if max(path.stat().st_size for path in made) > limit_bytes:
                        raise CompressionFailed
                    return [path.replace(directory / path.name) for path in made]
        except TimeoutError as error:
            raise CompressionFailed("This video took too long to be made smaller.") from error
        except ChecksumMismatch as error:
            raise CompressionFailed("This video could not be made smaller: it can't be read to its end.") from error

    async def _facts_of(self, file: Path) -> SourceFacts | None:
        """As `facts_of`, remembered from the look to the work: a probe takes a tenth of a second."""
        try:
            found = file.stat()
        except FileNotFoundError:
            return None
        key = (file, found.st_size, found.st_mtime_ns)
        if key not in self._looked_at:
            self._looked_at[key] = await facts_of(file)
            while len(self._looked_at) > REMEMBERED:
                self._looked_at.popitem(last=False)
        return self._looked_at[key]

    async def _made(self, file: Path, way: Way, limit_bytes: int, work: Path, report: Report) -> list[Path]:
        facts = await self._facts_of(file)
        if facts is None or facts.picture is None:
            raise CompressionFailed("This file is no longer a video that can be read.")
        if facts.seconds is None:
            facts = replace(facts, seconds=(await packets_of(facts)).seconds)
        if way.step is Step.COMPRESS:
            return [await self._encoded(facts, limit_bytes, work, report)]
        if way.step is Step.SPLIT:
            return await self._parts(facts, way, limit_bytes, work, report)
        return [await self._copied(facts, way, limit_bytes, work, report)]

    async def _encoded(
        self, facts: SourceFacts, limit_bytes: int, work: Path, report: Report, *, parts: int = 1
    ) -> Path:
        seconds = facts.seconds or 1.0
        total = int(limit_bytes * parts * split_fill(seconds, parts))
        goal = video_goal(facts, seconds, total * AIM, self._rules)
        if goal is None:
            raise CompressionFailed("This video can't be made small enough.")
        target = work / f"{facts.path.stem}.mp4"
        return (await self._encoder.encode(facts, goal, total, target, report, cuttable=parts > 1)).path

    async def _copied(self, facts: SourceFacts, way: Way, limit_bytes: int, work: Path, report: Report) -> Path:
        """The picture as it is, with the sound as it is or encoded: a way of less than full quality says so."""
        home = facts.home or facts.homes[0]
        target = work / f"{facts.path.stem}{home}"
        sound_bps = None
        if way.step is Step.STRIP and way.quality < 1:
            sound_bps = sound_beside(facts, await packets_of(facts), limit_bytes)
        elif facts.home is None:
            sound_bps = SOUND_BPS
        activity = "repacking" if way.step is Step.REMUX else "stripping"
        told = WorkCourse(report, (1.0,)).of_pass(0)
        await self._repacker.repack(facts, target, told, activity=activity, sound_bps=sound_bps)
        return target

    async def _parts(self, facts: SourceFacts, way: Way, limit_bytes: int, work: Path, report: Report) -> list[Path]:
        source = facts.path
        suffix = facts.home
        if way.quality < 1:
            source, suffix = await self._encoded(facts, limit_bytes, work, report, parts=way.parts), ".mp4"
        elif suffix is None:
            source = await self._copied(facts, way, limit_bytes, work, report)
            suffix = source.suffix
        parts = work / "parts"
        parts.mkdir()
        told = WorkCourse(report, (1.0,)).of_pass(0)
        return await self._splitter.split(source, suffix, limit_bytes, parts, told)
