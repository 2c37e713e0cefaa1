"""What every way of making a file fit has in common."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

Report = Callable[[str, float | None, float | None], None]  # what is done, percent of it, seconds that are left


class Step(StrEnum):
    """What is done with a file, the cheapest first."""

    AS_IS = "as is"
    REMUX = "remux"  # the same streams in a container that plays inline
    STRIP = "strip"  # the same without streams that nobody sees
    CONVERT = "convert"  # a picture into a format that everybody can see, as good as it was
    COMPRESS = "compress"
    SPLIT = "split"  # into parts that play
    LINK = "link"
    KEEP = "keep"  # on the bot's machine; the message says where


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way to make one file fit, before it is gone."""

    step: Step
    predicted_bytes: int  # of each file that it makes at most; of an exact way the very size
    parts: int = 1
    says: str  # for people: "720p, 1.1 Mbit/s", "3 parts of about 4:30"
    quality: float = 1.0  # 0..1; below the admin's floor it is not offered


@dataclass(frozen=True, slots=True, kw_only=True)
class FitRules:
    """What the admin set."""

    min_video_bps: int = 125_000
    min_audio_bps: int = 32_000
    allow_av1: bool = False
    preset: str = "veryfast"  # x264's
    min_picture_quality: int = 10  # 1..100
    niceness: int = 10
    timeout: float = 3600.0  # seconds for one file


class Fitter(Protocol):
    """Knows one family of files."""

    async def ways(self, file: Path, limit_bytes: int) -> list[Way]:
        """What can be done to get a file to at most `limit_bytes`, the cheapest first; empty: nothing."""
        ...

    async def make(self, file: Path, way: Way, limit_bytes: int, directory: Path, report: Report) -> list[Path]:
        """Go a way: finished files in `directory`, none above `limit_bytes`.

        Raises:
            CompressionFailed: it could not be done, or what came out is too large after all.
        """
        ...
