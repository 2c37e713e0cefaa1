"""The passes of ffmpeg over one video: what it is like, and the video as it will be."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from core.errors import CompressionFailed
from core.ffmpeg_run import Ffmpeg
from core.media_input import plain
from upload_module.fitting.source_facts import SourceFacts
from upload_module.fitting.video_complexity import PassStatistics
from upload_module.fitting.video_filters import frame_filters, frame_timing
from upload_module.fitting.video_rates import SoundGoal, VideoGoal, scaled
from upload_module.fitting.work_course import WorkCourse

ACTIVITY = "compressing"
FIRST_TALLEST = 720  # pixels of the short side; grain, which a smaller picture loses, costs the most
FIRST_QUALITY = 28  # x264's crf
# Of x264, 1 by default: how far the second pass may stray from the rate for a while. A short video has no time to make
# up for it: with 0.5, ten seconds of drawn edges ended 3 % over, and with 0.2 they end 0.5 % under at the same VMAF.
RATE_TOLERANCE = 0.5
TOLERANCE_A_SECOND = 0.02
LEAST_TOLERANCE = 0.1
AV1_PRESET = 8  # of SVT-AV1, 0..13
KEYS = 5.0  # seconds between the places where a long result can be cut
STATISTICS, SOUND = "first", "sound.m4a"


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoPasses:
    """Runs them, in the directory of `target`, which is used for what is in between."""

    ffmpeg: Ffmpeg
    facts: SourceFacts  # with a picture
    target: Path  # an mp4
    course: WorkCourse
    preset: str  # x264's
    tonemaps: bool  # ffmpeg has zscale and tonemap
    av1: bool  # in one pass; the first only encodes the sound
    cuttable: bool  # a key frame every few seconds
    timeout: float  # seconds, of each

    @property
    def sound(self) -> Path:
        """The sound as it will be, after the first pass."""
        return self.target.parent / SOUND

    @property
    def _tolerance(self) -> float:
        wanted = TOLERANCE_A_SECOND * (self.facts.seconds or 0.0)
        return min(max(wanted, LEAST_TOLERANCE), RATE_TOLERANCE)

    @property
    def _statistics(self) -> Path:
        return self.target.parent / f"{STATISTICS}-0.log"

    @property
    def _kept(self) -> Path:
        """Those that the next pass goes by."""
        return self._statistics.with_suffix(".kept")

    async def first(self, goal: VideoGoal) -> PassStatistics | None:
        """Look at the picture, with a constant quality and in a hurry, and encode the sound.

        Raises:
            CompressionFailed: there is no picture.
            ChecksumMismatch: the source can't be read.
            DiskFull: there is no room.
        """
        assert self.facts.picture is not None
        output: list[str] = []
        if not self.av1:
            output += [
                *self._picture(goal, *scaled(self.facts.picture, min(goal.width, goal.height, FIRST_TALLEST))),
                *("-c:v", "libx264", "-preset", self.preset, "-crf", str(FIRST_QUALITY)),
                *("-pass", "1", "-passlogfile", STATISTICS, "-an", "-f", "null", os.devnull),
            ]
        if self.facts.sound and goal.sound:
            output += ["-map", f"0:{self.facts.sound.index}", "-vn", *_sound_codec(goal.sound), SOUND]
        if output:
            await self._run([*plain(self.facts.path).arguments, *output], number=0)
        if self.av1:
            return None
        try:
            found = PassStatistics(self._statistics)
        except (ValueError, OSError) as error:
            raise CompressionFailed("This video has no picture that can be read.") from error
        self._statistics.rename(self._kept)
        return found

    async def second(self, goal: VideoGoal, bps: float, preset: str) -> PassStatistics | None:
        """Make the target, with so many bits a second for the picture; what x264 says of it.

        Raises:
            ChecksumMismatch: the source can't be read.
            DiskFull: there is no room.
        """
        # The third kind of pass reads statistics and writes its own. Those are better, but x264 scales them only
        # together with what the first pass wrote about blocks: they serve if they are of the same size.
        codec = ["-c:v", "libx264", "-preset", preset, "-pass", "3", "-passlogfile", STATISTICS]
        codec += ["-x264-params", f"ratetol={self._tolerance:.2f}"]
        if self.av1:
            codec = ["-c:v", "libsvtav1", "-preset", str(AV1_PRESET)]
        if self.cuttable:
            codec += ["-force_key_frames", f"expr:gte(t,n_forced*{KEYS:g})"]
        inputs = plain(self.facts.path).arguments
        heard: tuple[str, ...] = ()
        if self.facts.sound and goal.sound and goal.sound.copied:  # with its own times, which a file of it would lose
            heard = ("-map", f"0:{self.facts.sound.index}", "-c:a", "copy")
        elif self.facts.sound and goal.sound:
            inputs = (*inputs, *plain(self.sound).arguments)
            heard = ("-map", "1:a:0", "-c:a", "copy")
        if not self.av1:
            shutil.copyfile(self._kept, self._statistics)
        await self._run(
            [
                *(*inputs, *self._picture(goal, goal.width, goal.height)),
                *(*codec, "-b:v", str(int(bps)), *heard),
                *("-map_metadata", "-1", "-map_chapters", "-1", "-movflags", "+faststart", str(self.target)),
            ],
            number=1,
        )
        if self.av1:
            return None
        found, first = PassStatistics(self._statistics), PassStatistics(self._kept)
        if found.complexity.pixels == first.complexity.pixels:
            shutil.copyfile(self._statistics, self._kept)
            found.followed = True
        return found

    async def _run(self, arguments: list[str], *, number: int) -> None:
        await self.ffmpeg.run(
            arguments,
            activity=ACTIVITY,
            reads=(self.facts.path,),
            writes=(self.target.parent,),
            seconds=self.facts.seconds,
            report=self.course.of_pass(number),
            cwd=self.target.parent,
            timeout=self.timeout,
        )

    def _picture(self, goal: VideoGoal, width: int, height: int) -> list[str]:
        picture = self.facts.picture
        assert picture is not None
        fps = goal.fps if goal.halved else None
        filters = frame_filters(picture, width, height, fps=fps, tonemaps=self.tonemaps)
        return ["-map", f"0:{picture.index}", "-vf", filters, *frame_timing(picture, fps=fps)]


def _sound_codec(goal: SoundGoal) -> list[str]:
    """The output options of the sound; silence is put where it begins late or breaks off."""
    if goal.copied:
        return ["-c:a", "copy"]
    rate = "24000" if goal.bps < 40_000 else "44100" if goal.bps < 96_000 else "48000"
    filled = ("-af", "aresample=async=1:first_pts=0")
    return [*filled, "-ar", rate, "-ac", str(goal.channels), "-c:a", "aac", "-b:a", str(goal.bps)]
