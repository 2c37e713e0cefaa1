"""What a finished file is, by its bytes."""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import puremagic

from core.errors import ChecksumMismatch
from core.media_probe import probe
from core.models import NewMediaFile
from download_module.extractors.sniffing import HEAD, Described, head_says, is_program, recognised
from download_module.names import kind_of
from download_module.picture_size import is_known, picture_size
from download_module.plan import Kind

MAX_HASHED = 64 * 1024 * 1024  # bytes; at 600 MB/s a tenth of a second
MAX_PICTURES = 24  # of a row that ffprobe measures: each takes a process of 50 ms, and a gallery may have hundreds
AT_ONCE = 4
LIKE_TS = "application/x-typescript"  # what begins with a G, as MPEG-TS does and some texts
OGG = "application/ogg"  # sound or a video
PAGE_INSTEAD = (
    "The server sends a page in place of this file: it may need a login, or the link has expired. Open it in a browser."
)
UNHEARD = ("audio/midi", "audio/x-midi", "audio/mid")  # notes, which ffprobe does not read


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a file shows by itself."""

    mime_type: str | None
    size: int
    sha256: str | None
    is_known_picture: bool  # one whose head says how large it is
    width: int | None
    height: int | None


async def facts_of_all(paths: Sequence[Path], source_url: str) -> tuple[NewMediaFile, ...]:
    """The rows of `media_files` for the files of a download."""
    few = asyncio.Semaphore(AT_ONCE)

    async def facts(position: int, path: Path) -> NewMediaFile:
        async with few:
            return await facts_of(path, source_url, measure_picture=position < MAX_PICTURES)

    return tuple(await asyncio.gather(*(facts(position, path) for position, path in enumerate(paths))))


async def facts_of(path: Path, source_url: str, *, measure_picture: bool = True) -> NewMediaFile:
    """The row of `media_files` for a file that was fetched for a URL.

    Args:
        path: the file.
        source_url: the row's URL.
        measure_picture: whether the size of a picture is worth a process, when its head does not tell it.
    """
    seen = await asyncio.to_thread(_looked_at, path)
    mime_type = seen.mime_type
    kind = kind_of(mime_type, path.name)
    found = None
    unmeasured = kind is Kind.IMAGE and measure_picture and not seen.is_known_picture
    if kind in (Kind.VIDEO, Kind.AUDIO) or unmeasured or mime_type in (LIKE_TS, OGG):
        found = await probe(path)
    if mime_type == LIKE_TS:
        mime_type = "video/mp2t" if found else None
        kind = kind_of(mime_type, path.name)
    if mime_type == OGG and found:
        kind = Kind.VIDEO if found.has_video else Kind.AUDIO
        mime_type = f"{kind}/ogg"
    if kind is Kind.VIDEO and found is not None and not found.has_video:
        kind, mime_type = Kind.AUDIO, (mime_type or "").replace("video/", "audio/") or None
    return NewMediaFile(
        path=str(path),
        kind=kind,
        mime_type=mime_type,
        bytes=seen.size,
        source_url=source_url,
        sha256=seen.sha256,
        duration_seconds=found.duration_seconds if found else None,
        width=found.width if found else seen.width,
        height=found.height if found else seen.height,
    )


async def verify(path: Path, kind: Kind) -> None:
    """Look whether what arrived as video, sound or picture is one, by its bytes and by what its container says.

    Raises:
        ChecksumMismatch: it is a page or a program, or nothing in it can be played.
    """
    if kind is Kind.DOCUMENT:
        return
    head = await asyncio.to_thread(_head, path)
    if head_says(head) is Described.PAGE:
        raise ChecksumMismatch(PAGE_INSTEAD)
    if is_program(head):
        raise ChecksumMismatch("What the server sends is a program, not the media that it is called.")
    if kind is Kind.IMAGE or await probe(path) is not None:
        return
    if await asyncio.to_thread(sniffed, path) not in UNHEARD:
        raise ChecksumMismatch("The file arrived damaged: there is nothing in it that can be played.")


def _head(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(HEAD)


def sniffed(path: Path) -> str | None:
    """The type that the bytes of a file show."""
    try:
        return recognised(puremagic.magic_file(str(path)))
    except (puremagic.PureError, ValueError):  # empty, or nothing that is known
        return None


def _looked_at(path: Path) -> _Seen:
    """All that takes no process, in one turn of a thread: a gallery has hundreds."""
    size = path.stat().st_size
    with path.open("rb") as stream:
        is_known_picture = is_known(stream.read(HEAD))
        stream.seek(0)
        width, height = (picture_size(stream) if is_known_picture else None) or (None, None)
        stream.seek(0)
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest() if size <= MAX_HASHED else None
    return _Seen(sniffed(path), size, sha256, is_known_picture, width, height)
