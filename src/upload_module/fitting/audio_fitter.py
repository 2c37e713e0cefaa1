"""Makes sound fit: without its cover where that is enough, as Opus or AAC, in parts where it is too long for one."""

import asyncio
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from core.errors import ChecksumMismatch, CompressionFailed
from core.ffmpeg_run import Ffmpeg
from core.ffmpeg_run import Report as PassReport
from core.media_input import plain
from upload_module.fitting.audio_rates import AudioGoal
from upload_module.fitting.audio_ways import SPLIT_FILL, goal_of, home_of, ways_of_fitting, ways_of_large
from upload_module.fitting.fit import FitRules, Report, Step, Way
from upload_module.fitting.source_facts import SourceFacts, facts_of
from upload_module.fitting.source_packets import packets_of
from upload_module.fitting.splitter import Splitter
from upload_module.fitting.work_course import WorkCourse

CORRECTION = 0.97  # of the rate that the first try suggests
HARD = ("-vbr", "off")  # of libopus: the rate and no more
SOFT = ("-vbr", "constrained")


class AudioFitter:
    """A Fitter for files of sound."""

    def __init__(self, rules: FitRules, *, inherit: tuple[int, ...] = ()) -> None:
        """Make it; `inherit` are descriptors that each child keeps."""
        self._ffmpeg = Ffmpeg(inherit=inherit, niceness=rules.niceness)
        self._rules = rules
        self._splitter = Splitter(ffmpeg=Ffmpeg(inherit=inherit), timeout=rules.timeout)

    async def ways(self, file: Path, limit_bytes: int) -> list[Way]:
        """What can be done, that which is to be tried first in front; empty for what is not sound alone."""
        facts = await facts_of(file)
        if facts is None or facts.picture is not None or facts.sound is None:
            return []
        if facts.bytes <= limit_bytes:
            return ways_of_fitting(facts, limit_bytes)
        return ways_of_large(facts, await packets_of(facts), limit_bytes, self._rules)

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
            raise CompressionFailed("This recording took too long to be made smaller.") from error
        except ChecksumMismatch as error:
            raise CompressionFailed("This recording could not be made smaller: it can't be read to its end.") from error

    async def _made(self, file: Path, way: Way, limit_bytes: int, work: Path, report: Report) -> list[Path]:
        facts = await facts_of(file)
        if facts is None or facts.sound is None:
            raise CompressionFailed("This file is no longer a recording that can be read.")
        if facts.seconds is None:
            facts = replace(facts, seconds=(await packets_of(facts)).seconds)
        told = WorkCourse(report, (1.0,)).of_pass(0)
        if way.step is Step.COMPRESS:
            return [await self._encoded(facts, facts.seconds or 1.0, limit_bytes, work, told)]
        if way.step is Step.SPLIT:
            return await self._parts(facts, way, limit_bytes, work, told)
        target = work / f"{file.stem}{home_of(facts)}"
        await self._run(facts, ["-c", "copy"], target, told, "repacking" if way.step is Step.REMUX else "stripping")
        return [target]

    async def _encoded(
        self, facts: SourceFacts, seconds: float, limit_bytes: int, work: Path, told: PassReport
    ) -> Path:
        """The whole as one file; `seconds` of it must fit into the limit."""
        goal = goal_of(facts, seconds, limit_bytes, self._rules)
        if goal is None:
            raise CompressionFailed("This recording can't be made small enough.")
        target = work / f"{facts.path.stem}{goal.suffix}"
        allowed = limit_bytes * (facts.seconds or seconds) / seconds
        await self._run(facts, _codec(goal, SOFT), target, told, "compressing")
        size = target.stat().st_size
        if size > allowed:
            goal = replace(goal, bps=int(goal.bps * allowed / size * CORRECTION))
            await self._run(facts, [*_codec(goal, HARD), "-map_metadata", "-1"], target, told, "compressing")
        return target

    async def _parts(self, facts: SourceFacts, way: Way, limit_bytes: int, work: Path, told: PassReport) -> list[Path]:
        source, suffix = facts.path, home_of(facts) or ""
        if way.quality < 1:
            seconds = (facts.seconds or 1.0) / way.parts
            source = await self._encoded(facts, seconds, int(limit_bytes * SPLIT_FILL), work, told)
            suffix = source.suffix
        parts = work / "parts"
        parts.mkdir()
        return await self._splitter.split(source, suffix, limit_bytes, parts, told)

    async def _run(self, facts: SourceFacts, codec: list[str], target: Path, told: PassReport, activity: str) -> None:
        assert facts.sound is not None
        await self._ffmpeg.run(
            [
                *plain(facts.path).arguments,
                *("-map", f"0:{facts.sound.index}", *codec),
                *(("-movflags", "+faststart") if target.suffix == ".m4a" else ()),
                str(target),
            ],
            activity=activity,
            reads=(facts.path,),
            writes=(target.parent,),
            seconds=facts.seconds,
            report=told,
            timeout=self._rules.timeout,
        )


def _codec(goal: AudioGoal, opus: tuple[str, ...]) -> list[str]:
    more = opus if goal.codec == "libopus" else ()
    return ["-c:a", goal.codec, *more, "-b:a", str(goal.bps), "-ac", str(goal.channels)]
