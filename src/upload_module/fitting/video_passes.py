"""The passes of ffmpeg over one video: a look at some places of it, and the video as it will be."""

import math
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from core.errors import CompressionFailed
from core.ffmpeg_run import Ffmpeg
from core.media_input import plain
from upload_module.fitting.source_facts import SourceFacts
from upload_module.fitting.video_complexity import complexity_of
from upload_module.fitting.video_filters import frame_filters, frame_timing
from upload_module.fitting.video_places import PLACES, joined_places, place_inputs
from upload_module.fitting.video_rates import Complexity, SoundGoal, VideoGoal
from upload_module.fitting.work_course import WorkCourse

ACTIVITY = "compressing"
LOOK_PRESET = "veryfast"
LOOK_QUALITY = 28  # x264's crf
# Of x264, 1 by default: how far it may stray from the rate for a while, which it does in the root of the length.
RATE_TOLERANCE = 0.025  # after a second
TOLERANCES = (0.05, 0.5)
AV1_PRESET = 8  # of SVT-AV1, 0..13
KEYS = 5.0  # seconds between the places where a long result can be cut
STATISTICS, SOUND = "pass", "sound.m4a"


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoPasses:
    """Runs them, in the directory of `target`, which is used for what is in between."""

    ffmpeg: Ffmpeg
    facts: SourceFacts  # with a picture
    target: Path  # an mp4
    course: WorkCourse
    preset: str  # x264's
    tonemaps: bool  # ffmpeg has zscale and tonemap
    av1: bool  # without a look
    cuttable: bool  # a key frame every few seconds
    timeout: float  # seconds, of each

    @property
    def sound(self) -> Path:
        """The sound as it will be, after the look."""
        return self.target.parent / SOUND

    @property
    def _statistics(self) -> Path:
        return self.target.parent / f"{STATISTICS}-0.log"

    @property
    def _kept(self) -> Path:
        """Those that the next pass goes by."""
        return self._statistics.with_suffix(".kept")

    async def look(self, goal: VideoGoal) -> Complexity | None:
        """Encode the sound, and look at the picture: at some places, with a constant quality and in a hurry.

        Raises:
            CompressionFailed: there is no picture.
            ChecksumMismatch: the source can't be read.
            DiskFull: there is no room.
        """
        inputs: list[str] = []
        output: list[str] = []
        if not self.av1:
            inputs += place_inputs(self.facts)
            graph = joined_places(self.facts, self._filters(goal))
            output += ["-filter_complex", f"{graph}[seen]", "-map", "[seen]", "-fps_mode:v", "passthrough"]
            output += ["-c:v", "libx264", "-preset", LOOK_PRESET, "-crf", str(LOOK_QUALITY)]
            output += ["-pass", "1", "-passlogfile", STATISTICS, "-f", "null", os.devnull]
        if self.facts.sound and goal.sound:
            whole = inputs.count("-i")
            inputs += plain(self.facts.path).arguments
            output += ["-map", f"{whole}:{self.facts.sound.index}", "-vn", *_sound_codec(goal.sound), SOUND]
        if output:
            await self._run([*inputs, *output], number=0)
        if self.av1:
            return None
        try:
            return complexity_of(self._statistics, leave_out=PLACES)
        except (ValueError, OSError) as error:
            raise CompressionFailed("This video has no picture that can be read.") from error

    async def encode(self, goal: VideoGoal, bps: float) -> Complexity | None:
        """Make the target, with so many bits a second for the picture; what x264 says of it.

        Raises:
            ChecksumMismatch: the source can't be read.
            DiskFull: there is no room.
        """
        follows = self._follows(goal)
        if follows:
            shutil.copyfile(self._kept, self._statistics)
        codec = ["-c:v", "libx264", "-preset", self.preset, "-x264-params", f"ratetol={self._tolerance:.3f}"]
        # A first pass that is not in a hurry, or the third kind: each writes what it saw.
        codec += ["-pass", "3" if follows else "1", "-fastfirstpass", "0", "-passlogfile", STATISTICS]
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
        await self._run(
            [
                *(*inputs, *self._picture(goal)),
                *(*codec, "-b:v", str(int(bps)), *heard),
                *("-map_metadata", "-1", "-map_chapters", "-1", "-movflags", "+faststart", str(self.target)),
            ],
            number=1,
        )
        if self.av1:
            return None
        shutil.copyfile(self._statistics, self._kept)
        return complexity_of(self._kept)

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

    def _follows(self, goal: VideoGoal) -> bool:
        """Whether a pass goes by what the one before it said: it had the same size."""
        return self._kept.exists() and complexity_of(self._kept).pixels == goal.width * goal.height

    @property
    def _tolerance(self) -> float:
        least, most = TOLERANCES
        return min(most, max(least, RATE_TOLERANCE * math.sqrt(self.facts.seconds or 0.0)))

    def _picture(self, goal: VideoGoal) -> list[str]:
        picture = self.facts.picture
        assert picture is not None
        timing = frame_timing(picture, fps=goal.fps if goal.halved else None)
        return ["-map", f"0:{picture.index}", "-vf", self._filters(goal), *timing]

    def _filters(self, goal: VideoGoal) -> str:
        picture = self.facts.picture
        assert picture is not None
        fps = goal.fps if goal.halved else None
        return frame_filters(picture, goal.width, goal.height, fps=fps, tonemaps=self.tonemaps)


def _sound_codec(goal: SoundGoal) -> list[str]:
    """The output options of the sound; silence is put where it begins late or breaks off."""
    if goal.copied:
        return ["-c:a", "copy"]
    rate = "24000" if goal.bps < 40_000 else "44100" if goal.bps < 96_000 else "48000"
    filled = ("-af", "aresample=async=1:first_pts=0")
    return [*filled, "-ar", rate, "-ac", str(goal.channels), "-c:a", "aac", "-b:a", str(goal.bps)]
