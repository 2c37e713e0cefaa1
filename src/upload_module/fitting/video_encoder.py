"""Encodes a video to a number of bytes that is never exceeded.

The first pass looks at the picture with a constant quality and in a hurry, which costs a third of the whole, and
encodes the sound. It tells how much the picture needs, from which the size is chosen, and how many bytes are left for
it. The second pass reads its statistics, which x264 scales to the final size, and is held to the rate narrowly: with
natural pictures it ends within 1.5 % of it. With noise and drawn edges it may not: what is too large, or far too
small, is encoded once more, with the rate corrected by what it was off; what is too large then, once with a lower
rate; then it is given up.
"""

from dataclasses import dataclass, replace
from pathlib import Path

from core.errors import CompressionFailed
from core.ffmpeg_run import Ffmpeg
from upload_module.fitting.ffmpeg_abilities import FfmpegAbilities
from upload_module.fitting.fit import FitRules, Report
from upload_module.fitting.source_facts import Picture, SourceFacts
from upload_module.fitting.video_complexity import PassStatistics
from upload_module.fitting.video_passes import VideoPasses
from upload_module.fitting.video_rates import VideoGoal, refined
from upload_module.fitting.work_course import WorkCourse

AIM = 0.98  # of the limit
AV1_AIM = 0.95  # its rate control is coarser
CORRECTIONS = (0.97, 0.93)  # of the rate that the try before suggests
FAR_OVER = 1.1  # times the limit: perhaps no rate will do with this size
WASTEFUL = 0.9  # of the limit: with less of it used, another try is worth it
FINE_QUANTIZER = 18.0  # unless nobody would see more bits
EASY_QUANTIZER = 26.0  # up to it a quick preset does as well
QUICK_PRESET = "veryfast"
QUICKER = ("ultrafast", "superfast", QUICK_PRESET)
FRAME_BYTES, FILE_BYTES = 16, 3000  # of an mp4: the tables, and the rest
SHARES = (0.3, 0.7)  # of the time, for each pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoded:
    """The result."""

    path: Path
    goal: VideoGoal  # that was reached in the end
    encodes: int  # second passes


@dataclass(frozen=True, slots=True, kw_only=True)
class _Try:
    """One second pass."""

    goal: VideoGoal
    bps: float
    preset: str

    def corrected(self, used: float, correction: float, found: PassStatistics | None, picture: Picture) -> "_Try":
        """The next one, after this one used so many times the limit."""
        bps = self.bps * correction
        if used > FAR_OVER and found:
            goal = refined(replace(self.goal, video_bps=int(bps)), picture, found.complexity)
            if (goal.width, goal.height) != (self.goal.width, self.goal.height):  # which is relief enough
                return replace(self, goal=goal, bps=bps)
        return replace(self, bps=bps if found and found.followed else bps / used)


class VideoEncoder:
    """Two passes of x264, or one of SVT-AV1."""

    def __init__(self, *, ffmpeg: Ffmpeg, rules: FitRules, abilities: FfmpegAbilities) -> None:
        self._ffmpeg = ffmpeg
        self._rules = rules
        self._abilities = abilities

    async def av1(self) -> bool:
        """Whether AV1 is made: allowed, and possible."""
        return self._rules.allow_av1 and await self._abilities.encoder("libsvtav1")

    async def encode(
        self,
        facts: SourceFacts,
        goal: VideoGoal,
        limit_bytes: int,
        target: Path,
        report: Report,
        *,
        cuttable: bool = False,
    ) -> Encoded:
        """Make `target`, an mp4, in a directory of its own; `cuttable`: with a key frame every few seconds.

        Raises:
            CompressionFailed: the result is too large, whatever was tried.
            ChecksumMismatch: the source can't be read.
            DiskFull: there is no room.
        """
        passes = VideoPasses(
            ffmpeg=self._ffmpeg,
            facts=facts,
            target=target,
            course=WorkCourse(report, SHARES),
            preset=self._rules.preset,
            tonemaps=await self._abilities.filter("zscale") and await self._abilities.filter("tonemap"),
            av1=await self.av1(),
            cuttable=cuttable,
            timeout=self._rules.timeout,
        )
        attempt = await self._first_try(passes, goal, limit_bytes)
        return await self._within(passes, attempt, limit_bytes)

    async def _first_try(self, passes: VideoPasses, goal: VideoGoal, limit_bytes: int) -> _Try:
        picture = passes.facts.picture
        assert picture is not None
        found = await passes.first(goal)
        seconds = found.seconds if found else passes.facts.seconds or 1.0
        frames = found.frames if found else seconds * goal.fps
        aim, preset = AV1_AIM, self._rules.preset
        if found:
            goal = refined(goal, picture, found.complexity)
            quantizer = found.complexity.quantizer_at(goal.width * goal.height, goal.video_bps)
            aim, preset = AIM, QUICK_PRESET if quantizer <= EASY_QUANTIZER and preset not in QUICKER else preset
        room = limit_bytes * aim - FILE_BYTES - FRAME_BYTES * frames
        room -= passes.sound.stat().st_size if passes.sound.exists() else 0
        if room <= 0:
            raise CompressionFailed("This video can't be made small enough.")
        return _Try(goal=goal, bps=room * 8 / seconds, preset=preset)

    async def _within(self, passes: VideoPasses, attempt: _Try, limit_bytes: int) -> Encoded:
        picture, spare = passes.facts.picture, passes.target.with_suffix(".spare")
        assert picture is not None
        for number, correction in enumerate((*CORRECTIONS, 1.0), 1):
            found = await passes.second(attempt.goal, attempt.bps, attempt.preset)
            used = passes.target.stat().st_size / limit_bytes
            wastes = number == 1 and _wastes(used, found)
            if used > 1 and spare.exists():
                spare.replace(passes.target)
                used = 1.0
            if used <= 1 and not wastes:
                goal = replace(attempt.goal, video_bps=int(attempt.bps))
                return Encoded(path=passes.target, goal=goal, encodes=number)
            if wastes:
                passes.target.replace(spare)
            attempt = attempt.corrected(used, correction, found, picture)
        raise CompressionFailed("This video can't be made small enough.")


def _wastes(used: float, found: PassStatistics | None) -> bool:
    """Whether another try is worth it: much room is left, and more bits would be seen."""
    return used < WASTEFUL and found is not None and found.complexity.quantizer > FINE_QUANTIZER
