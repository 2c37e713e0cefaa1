"""What a media file holds, as ffprobe sees it: in a child with limits, without network."""

import asyncio
import contextlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.children import end_child, start_child, was_killed
from core.errors import ProgramEnded
from core.media_input import MediaInput, plain
from core.sandbox import Files, Network

TIMEOUT = 30.0  # seconds
MEMORY = 2 * 1024**3  # bytes of address space
CPU_SECONDS = 60
THREADS = 1024
REMEMBERED = 64  # files
MAX_ANSWER = 16 * 1024 * 1024  # bytes
_ENTRIES = (
    "format=start_time,duration:stream=codec_type,start_time,width,height"
    ":stream_disposition=attached_pic:stream_side_data=rotation"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaFacts:
    """What is in a media file."""

    duration_seconds: float | None  # None: a picture, or not said
    start_seconds: float  # its first timestamp
    video_start_seconds: float  # the first timestamp of its picture
    width: int | None  # pixels, as it is shown
    height: int | None
    has_video: bool  # or a picture; the cover of a song is none
    has_audio: bool


_remembered: dict[tuple[int, ...], MediaFacts] = {}  # by `_identity`, the oldest first


async def probe(path: Path) -> MediaFacts | None:
    """What a file holds; None for what is no media, or can't be opened.

    What was asked a moment ago under another name is remembered: a file is looked at when it has arrived and once more
    when it lies in its place, and ffprobe takes 60 ms of a processor to start.
    """
    seen = await asyncio.to_thread(_identity, path)
    if seen is not None and seen in _remembered:
        return _remembered[seen]
    found = await probe_input(plain(path))
    if seen is not None and found is not None:  # who could not say may be able to, the next time
        _remembered[seen] = found
        while len(_remembered) > REMEMBERED:
            del _remembered[next(iter(_remembered))]
    return found


def _identity(path: Path) -> tuple[int, ...] | None:
    """The same for the same bytes: whoever writes into a file changes it."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


async def probe_input(source: MediaInput, *, cwd: Path | None = None) -> MediaFacts | None:
    """As `probe`, for an input of ffmpeg."""
    said = await ask(source, "-show_entries", _ENTRIES, cwd=cwd)
    streams = [stream for stream in said.get("streams", ()) if not stream["disposition"]["attached_pic"]]
    videos = [stream for stream in streams if stream.get("codec_type") == "video"]
    audios = [stream for stream in streams if stream.get("codec_type") == "audio"]
    if not videos and not audios:
        return None
    width, height = _size(videos[0]) if videos else (None, None)
    container = said.get("format", {})
    start = _number(container.get("start_time")) or 0.0
    video_start = _number(videos[0].get("start_time")) if videos else None
    return MediaFacts(
        duration_seconds=_number(container.get("duration")),
        start_seconds=start,
        video_start_seconds=start if video_start is None else video_start,
        width=width,
        height=height,
        has_video=bool(videos),
        has_audio=bool(audios),
    )


async def ask(source: MediaInput, *arguments: str, cwd: Path | None = None) -> Mapping[str, Any]:
    """What ffprobe answers; empty when it can't read the input, or not in time, or says too much.

    Raises:
        ProgramEnded: it was killed.
    """
    child = await start_child(
        ["ffprobe", "-v", "quiet", "-of", "json", *arguments, *source.arguments],
        cwd=cwd,
        network=Network.NONE,
        files=Files(reads=source.reads),
        memory_bytes=MEMORY,
        cpu_seconds=CPU_SECONDS,
        file_bytes=0,
        processes=THREADS,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert child.stdout is not None
    said = b""
    try:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(TIMEOUT):
                while (more := await child.stdout.read(2**16)) and len(said) <= MAX_ANSWER:
                    said += more
                status = await child.wait() if len(said) <= MAX_ANSWER else None
                if was_killed(status):
                    raise ProgramEnded
                if status == 0:
                    return dict(json.loads(said))
    finally:
        await asyncio.shield(end_child(child))
    return {}


def _size(stream: Mapping[str, Any]) -> tuple[int | None, int | None]:
    """Width and height as they are shown: a phone held upright records a picture that lies on its side."""
    width, height = stream.get("width") or None, stream.get("height") or None
    turned = any(abs(int(data.get("rotation", 0))) % 180 == 90 for data in stream.get("side_data_list", ()))
    return (height, width) if turned else (width, height)


def _number(said: str | None) -> float | None:
    number = float(said) if said is not None else math.nan
    return number if math.isfinite(number) else None
