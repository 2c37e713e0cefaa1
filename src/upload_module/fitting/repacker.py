"""Copies the picture into a container that plays inline, with the sound beside it, and nothing else."""

from dataclasses import dataclass
from pathlib import Path

from core.ffmpeg_run import Ffmpeg
from core.ffmpeg_run import Report as PassReport
from core.media_input import plain
from upload_module.fitting.source_facts import SOUNDS, SourceFacts

STEREO_BPS = 64_000  # from which two channels sound better than one


@dataclass(frozen=True, slots=True, kw_only=True)
class Repacker:
    """Makes one file of one."""

    ffmpeg: Ffmpeg
    timeout: float  # seconds

    async def repack(
        self, facts: SourceFacts, target: Path, report: PassReport, *, activity: str, sound_bps: int | None = None
    ) -> None:
        """Make `target`, whose ending is one of `facts.homes`; the sound is encoded when `sound_bps` is given.

        Raises:
            ChecksumMismatch: the source can't be read.
            DiskFull: there is no room.
        """
        assert facts.picture is not None
        sound = ["-map", f"0:{facts.sound.index}"] if facts.sound else []
        codec = ["-c", "copy"]
        if sound_bps and facts.sound:
            channels = min(facts.sound.channels, 2 if sound_bps >= STEREO_BPS else 1)
            codec += ["-af", "aresample=async=1:first_pts=0", "-ac", str(channels)]
            codec += ["-c:a", "aac" if "aac" in SOUNDS[target.suffix] else "libopus", "-b:a", str(sound_bps)]
        await self.ffmpeg.run(
            [
                *plain(facts.path).arguments,
                *("-map", f"0:{facts.picture.index}", *sound, *codec),
                *("-map_metadata", "-1", "-map_chapters", "-1"),
                *(("-movflags", "+faststart") if target.suffix == ".mp4" else ()),
                str(target),
            ],
            activity=activity,
            reads=(facts.path,),
            writes=(target.parent,),
            seconds=facts.seconds,
            report=report,
            timeout=self.timeout,
        )
