"""Makes the fingerprints of files: ffmpeg brings frames to a few grey points, in a child with limits."""

import asyncio
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from core.errors import BossBotError
from core.ffmpeg_run import Ffmpeg
from core.locked_directory import LockedDirectory
from core.media_input import plain
from core.models import MediaFile
from upload_module.looks import HEIGHT, WIDTH, difference_hash, written

AT = (0.15, 0.4, 0.65, 0.9)  # of a video's length; its first second is often black
TIMEOUT = 60.0  # seconds, on a machine that is busy; a frame takes about 0.1 s
MAX_FILES = 10  # of a download; a gallery with more is compared by its bytes alone
KINDS = ("image", "video")


async def fingerprint(ffmpeg: Ffmpeg, file: MediaFile) -> str | None:
    """What a picture or video looks like; None where there is nothing to see, or ffmpeg can't."""
    if file.kind not in KINDS:
        return None
    length = file.duration_seconds if file.kind == "video" else None
    times = [length * part for part in AT] if length else [0.0]
    try:
        with closing(LockedDirectory("bb-looks-")) as made:
            points = await _points(ffmpeg, Path(file.path), times, made.path)
    except (BossBotError, OSError, ValueError):  # told by whoever has to work on the file
        return None
    hashes = [difference_hash(one) for one in points]
    return written(hashes) if any(one is not None for one in hashes) else None


async def _points(ffmpeg: Ffmpeg, path: Path, times: Sequence[float], directory: Path) -> list[bytes]:
    source = await asyncio.to_thread(plain, path)
    inputs = [word for time in times for word in (*(("-ss", f"{time:.3f}") if time else ()), *source.arguments)]
    targets = [directory / f"{number}.gray" for number in range(len(times))]
    outputs = [
        word
        for number, target in enumerate(targets)
        for word in ("-map", f"{number}:v:0", "-frames:v", "1", "-vf", _SCALE, "-f", "rawvideo", str(target))
    ]
    await ffmpeg.run([*inputs, *outputs], activity="looking", reads=source.reads, writes=(directory,), timeout=TIMEOUT)
    return [target.read_bytes() if target.exists() else b"" for target in targets]


_SCALE = f"scale={WIDTH}:{HEIGHT}:flags=area,format=gray"
