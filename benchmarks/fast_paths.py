"""What it costs to make a file fit that needs no encoding: sent as it is, or copied into a container that plays."""

import os
import shutil
import statistics
import subprocess
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.figures import Figure
from core.models import MediaFile
from upload_module.fitting.fit import FitRules, Step
from upload_module.fitting.fitted_files import FittedFiles
from upload_module.fitting.fitting_room import FittingRoom
from upload_module.fitting.video_fitter import VideoFitter

ROUNDS = 11
LIMIT = 100 * 1024**2
GOAL = "under 300 ms and 1.1 times a copy"


async def measure() -> list[Figure]:
    """A video of about 50 MB, as .mp4 and as .mkv, by turns with a copy of it."""
    with TemporaryDirectory(prefix="boss-bot-") as name:
        downloads = Path(name)

        def room() -> FittingRoom:
            """One that has not seen the files yet."""
            return FittingRoom(fitters={"video": (VideoFitter(FitRules()),)}, fitted=FittedFiles(downloads), at_once=1)

        ready = _made(downloads / "1" / "ready.mp4")
        other = _made(downloads / "2" / "other.mkv")

        async def as_is() -> None:
            planned = await room().look(_row(1, ready), LIMIT)
            assert planned.step is Step.AS_IS

        async def remux() -> None:
            fresh = room()
            planned = await fresh.look(_row(2, other), LIMIT)
            assert planned.step is Step.REMUX
            (made,) = await fresh.make(planned, LIMIT, epoch=1, report=lambda *_: None)
            shutil.rmtree(made.parent)

        async def copy() -> None:
            shutil.copyfile(ready, downloads / "copy")

        size = ready.stat().st_size / 1e6
        times = {work: [await _seconds(work) for _ in range(ROUNDS)] for work in (as_is, remux, copy)}
        copied = statistics.median(times[copy])
        return [
            Figure(f"a video of {size:.0f} MB that needs no encoding, {what}", _told(times[work], copied), GOAL)
            for what, work in (("sent as it is", as_is), ("copied from .mkv into .mp4", remux))
        ]


def _made(path: Path) -> Path:
    """Ten seconds of noise."""
    path.parent.mkdir()
    noise = ("-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=30:duration=10,noise=alls=40:allf=t")
    sound = ("-f", "lavfi", "-i", "sine=duration=10", "-c:a", "aac")
    coded = ("-c:v", "libx264", "-preset", "ultrafast", "-b:v", "40M", "-pix_fmt", "yuv420p", "-movflags", "+faststart")
    subprocess.run(["ffmpeg", "-v", "error", *noise, *sound, *coded, str(path)], check=True)
    os.sync()
    return path


def _row(number: int, path: Path) -> MediaFile:
    unknown = dict.fromkeys(
        ("mime_type", "sha256", "duration_seconds", "width", "height", "delivered_url", "delivered_message_id", "nonce")
    )
    size = path.stat().st_size
    return MediaFile(id=number, download_id=number, position=0, path=str(path), kind="video", bytes=size, **unknown)


async def _seconds(work: Callable[[], Awaitable[None]]) -> float:
    began = time.monotonic()
    await work()
    return time.monotonic() - began


def _told(times: list[float], copied: float) -> str:
    middle = statistics.median(times)
    return f"median {middle * 1000:.0f} ms (n = {len(times)}); a copy takes {copied * 1000:.0f} ms"
