"""Which bytes of a file on a server are needed for a stretch of its time, by the file's own index."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from loguru import logger

from core.errors import BossBotError, ForbiddenTarget
from download_module.byte_ranges import ByteRange, union
from download_module.mp4_index import needed_of_mp4
from download_module.needed import GAP, Needed
from download_module.plan import Part
from download_module.range_reader import HEAD, RangeReader, RemoteFile, Unreadable
from download_module.webm_index import needed_of_webm

TIMEOUT = 40.0  # seconds for one file
WORTH = 0.9  # of a file's bytes; when more is needed, all of it is fetched
# What keeps us from knowing which bytes are needed, and is no reason to give up.
NOT_KNOWN = (Unreadable, BossBotError, TimeoutError, OSError, ValueError)


async def needed_part(part: Part, start: float, end: float | None, ranges: RangeReader) -> tuple[Part, float | None]:
    """A part of which only what the seconds from `start` to `end` need is fetched, and the file's duration in seconds.

    The part stays as it is where that can't be known: no index, no ranges, or not much to be saved.

    Raises:
        ForbiddenTarget: the server leads to an address that is not allowed.
    """
    try:
        async with asyncio.timeout(TIMEOUT), ranges.open(part) as file:
            needed = await _needed(file, start, end, ranges.inherit)
            return await _limited(part, file, needed), needed.duration
    except NOT_KNOWN as error:
        _go_on_after(error)
        return part, None


async def limited_part(part: Part, needed: Sequence[ByteRange], ranges: RangeReader) -> Part:
    """A part of which only some bytes, in order, are fetched; none named: all.

    The part stays as it is where the server does not give a part of it.

    Raises:
        ForbiddenTarget: the server leads to an address that is not allowed.
    """
    if not needed:
        return part
    try:
        async with asyncio.timeout(TIMEOUT), ranges.open(part, head=HEAD if needed[0][0] < HEAD else 1) as file:
            return await _limited(part, file, Needed(ranges=tuple(union(needed, gap=GAP))))
    except NOT_KNOWN as error:
        _go_on_after(error)
        return part


def _go_on_after(error: Exception) -> None:
    if isinstance(error, ForbiddenTarget):
        raise error
    logger.bind(error=type(error).__name__).info("the whole file is fetched for a clip: {}", error)


async def _limited(part: Part, file: RemoteFile, needed: Needed) -> Part:
    if sum(last - first for first, last in needed.ranges) > WORTH * file.size:
        return part
    if needed.ranges[-1][1] > file.size:
        raise Unreadable("bytes beyond the end")
    bytes_of = " ".join(f"{first}-{last}" for first, last in needed.ranges)
    return replace(
        part,
        size=file.size,
        ranges=needed.ranges,
        known=(*file.known, *needed.patches),
        head=await file.answers_head(),
        identity=f"{part.identity} {bytes_of}" if part.identity else None,
        checksum=None,  # of the whole
        fallbacks=(),  # in another rendition other bytes are needed
    )


async def _needed(file: RemoteFile, start: float, end: float | None, inherit: tuple[int, ...]) -> Needed:
    magic = await file.read(0, 8)
    if magic.startswith(b"\x1a\x45\xdf\xa3"):
        return await needed_of_webm(file, start, end)
    if magic[4:] in (b"ftyp", b"moov", b"styp", b"free", b"mdat", b"wide", b"skip"):
        return await needed_of_mp4(file, start, end, inherit)
    raise Unreadable("no file whose index is known")
