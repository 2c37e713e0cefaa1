"""Indexes of media files on servers: which bytes hold a stretch of time."""

import math
from collections.abc import Callable, Coroutine
from typing import Any

import httpx

from download_module import mp4_index
from download_module.needed import Needed
from download_module.plan import Part
from download_module.range_reader import MAX_BYTES, RemoteFile, Unreadable
from download_module.webm_index import needed_of_webm
from tests.fuzz.links import Anywhere
from tests.fuzz.what_holds import at_once, is_a_time

Look = Callable[[Any, float, float | None], Coroutine[Any, Any, Needed]]
OFFLINE = httpx.AsyncClient(transport=httpx.AsyncBaseTransport(), trust_env=False)  # it can't ask anybody
BEHIND = 200_000  # bytes of media that a file has behind those that are given


class HeldFile(RemoteFile):
    """A file of which the begin is given; the rest has zeros."""

    content: bytes = b""

    async def _fetch_into(self, data: bytearray, first: int, end: int) -> None:
        end = min(end, self.size)
        if sum(len(known) for _, known in self._read) + end - first > MAX_BYTES:
            raise Unreadable("too much")
        begin = self.content[first:end]
        data += begin + bytes(end - first - len(begin))


def _held(content: bytes) -> HeldFile:
    file = HeldFile(_client=OFFLINE, _egress=Anywhere([]), _part=Part(), _url="")
    file.size = len(content) + BEHIND
    file.content = content
    return file


def webm(data: bytes) -> None:
    """The Cues of a WebM file."""
    _look(needed_of_webm, data)


def mp4(data: bytes) -> None:
    """The segment index of an MP4 file; sample tables are ffprobe's affair, and it is not started here."""
    _look(_fragments, data)


def packets(data: bytes) -> None:
    """What ffprobe says of a file that strangers made."""
    file = _held(b"")
    lines = [line.split(",") for line in data.decode(errors="replace").splitlines()]
    try:
        needed = mp4_index._from_packets(lines, file, 9.0)
    except Unreadable:
        return
    _is_sound(needed, file)


async def _fragments(file: HeldFile, start: float, end: float | None) -> Needed:
    boxes = [box async for box in mp4_index._boxes(file, 0)]
    kinds: list[bytes] = []
    for box in boxes:
        if box.kind == b"moov":
            kinds = mp4_index._kinds_of_children(await file.read(box.body, box.end))
    sidx = next((box for box in boxes if box.kind == b"sidx"), None)
    if sidx is None:
        raise Unreadable("no index of fragments")
    stop = math.inf if end is None else end
    return await mp4_index._of_fragments(file, sidx, start, stop, mixed=kinds.count(b"trak") > 1)


def _look(needed_of: Look, data: bytes) -> None:
    for start, end in ((2.0, 9.0), (0.0, None)):
        file = _held(data)
        try:
            needed = at_once(needed_of(file, start, end))
        except Unreadable:
            continue
        _is_sound(needed, file)


def _is_sound(needed: Needed, file: RemoteFile) -> None:
    is_a_time(needed.duration)
    assert needed.ranges
    assert all(0 <= first < end for first, end in needed.ranges)
    assert all(before[1] < after[0] for before, after in zip(needed.ranges, needed.ranges[1:], strict=False))
    assert all(offset >= 0 and offset + len(patch) <= file.size for offset, patch in needed.patches)
    assert sum(len(data) for _, data in file.known) <= MAX_BYTES
