"""Records live streams: follows media playlists while they grow, and has their segments fetched as they appear."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from loguru import logger

from core.errors import BossBotError, DrmProtected, LiveNotSupported, MediaNotFound, TooLarge
from download_module.extractors.media_playlist import MAX_SEGMENTS, MediaPlaylist, Piece, read_playlist
from download_module.extractors.part_book import Headers, PartBook
from download_module.extractors.segments import parts_of
from download_module.plan import LiveWindow, Part, Segment, Track

BEHIND = 3  # segments before the newest one where a recording begins (RFC 8216, 6.3.3)
PATIENCE = 60.0  # seconds without a new segment after which a stream is over
SHORTEST, LONGEST = 0.5, 30.0  # seconds between two looks
ENDED = "The live stream ended before anything of it could be recorded."
FINAL = (DrmProtected, LiveNotSupported, TooLarge)  # what another look would not change

FetchText = Callable[[str, Headers], Awaitable[tuple[str, str]]]
"""Gives the text behind a URL, and the URL after redirects."""
FetchParts = Callable[[Sequence[Part]], Awaitable[Collection[int]]]
"""Gets all parts so far, the new ones at the end; gives the positions of those that could not be fetched."""


@dataclass(frozen=True, slots=True)
class Recording:
    """What an `Output` with `Assemble.HLS` is made of; no segment needs a part that was lost."""

    parts: tuple[Part, ...]
    tracks: tuple[Track, ...]


@dataclass(slots=True, eq=False)
class _Reel:
    """One playlist and what of it was recorded."""

    url: str
    seconds: float  # wanted
    book: PartBook
    segments: list[Segment] = field(default_factory=list)
    last: int | None = None  # number of the newest segment
    seen: set[str] = field(default_factory=set)
    pause: float = SHORTEST  # until the next look
    over: bool = False

    def take(self, playlist: MediaPlaylist) -> None:
        """Append what is new.

        Raises:
            LiveNotSupported: its segments are ranges of a file that grows.
        """
        pieces, broken = self._new(playlist)
        for piece in pieces:
            if piece.data.length is not None:
                raise LiveNotSupported("This kind of live stream can't be recorded. Try again when it has ended.")
            segment = self.book.segment(piece)
            self.segments.append(replace(segment, discontinuity=True) if broken else segment)
            broken = False
            self.last = piece.number
            self.seen.add(piece.data.uri)
            self.seconds -= piece.seconds
            if self.seconds <= 0 or len(self.segments) >= MAX_SEGMENTS:
                self.over = True
                break
        self.over = self.over or playlist.ended
        wait = playlist.target_seconds if pieces else playlist.target_seconds / 2  # RFC 8216, 6.3.4
        self.pause = min(max(wait, SHORTEST), LONGEST)

    def _new(self, playlist: MediaPlaylist) -> tuple[Sequence[Piece], bool]:
        """What was not there before, and whether something is missing in front of it."""
        pieces = playlist.pieces
        if self.last is None:
            return pieces if playlist.ended else pieces[-BEHIND:], False
        if pieces and pieces[-1].number < self.last and pieces[-1].data.uri not in self.seen:
            return pieces, True  # the encoder was started again, and counts anew
        new = [piece for piece in pieces if piece.number > self.last]
        return new, bool(new) and new[0].number > self.last + 1


class LiveRecorder:
    """Follows the playlists of a stream; knows nothing of how parts are fetched."""

    def __init__(self, fetch_text: FetchText) -> None:
        self._fetch_text = fetch_text

    async def record(self, window: LiveWindow, fetch_parts: FetchParts) -> Recording:
        """Record until enough was seen, the stream ends, or it stands still for `PATIENCE`.

        Args:
            window: which playlists, and how many seconds of them.
            fetch_parts: called whenever there are new parts, one call at a time, while the playlists are watched on;
                what it raises ends the recording.

        Raises:
            MediaNotFound: the stream ended before anything of it was there.
            LiveNotSupported: its segments are ranges of a file that grows.
            BossBotError: of the playlists, when none could ever be read; of `fetch_parts`.
        """
        book = PartBook(window.playlists[0], headers=window.headers, identity=None)
        reels = [_Reel(url=url, seconds=window.seconds, book=book) for url in window.playlists]
        news: asyncio.Queue[bool] = asyncio.Queue()  # True: there are new parts; False: there will be no more
        try:
            async with asyncio.TaskGroup() as group:
                fetching = group.create_task(_fetch(book, news, fetch_parts))
                group.create_task(self._watch(reels, window, news))
        except BaseExceptionGroup as faults:
            raise faults.exceptions[0] from None
        tracks = tuple(Track(segments=_without(reel.segments, fetching.result())) for reel in reels)
        if not all(track.segments for track in tracks):
            raise MediaNotFound(ENDED)
        return Recording(book.parts, tracks)

    async def _watch(self, reels: Sequence[_Reel], window: LiveWindow, news: asyncio.Queue[bool]) -> None:
        begun = moved = time.monotonic()
        while waiting := [reel for reel in reels if not reel.over]:
            before = sum(len(reel.segments) for reel in reels)
            await asyncio.gather(*(self._look(reel, window.headers) for reel in waiting))
            now = time.monotonic()
            if sum(len(reel.segments) for reel in reels) > before:
                moved = now
                news.put_nowait(True)
            if now - moved > PATIENCE or now - begun > window.seconds + PATIENCE:
                break
            if not all(reel.over for reel in reels):
                await asyncio.sleep(min(reel.pause for reel in waiting))
        news.put_nowait(False)

    async def _look(self, reel: _Reel, headers: Headers) -> None:
        try:
            text, url = await self._fetch_text(reel.url, headers)
            reel.take(read_playlist(text, url))
        except FINAL:
            raise
        except BossBotError as error:
            if not reel.segments and not error.transient:
                raise
            logger.debug("a live playlist could not be read this time: {}", error)


async def _fetch(book: PartBook, news: asyncio.Queue[bool], fetch_parts: FetchParts) -> set[int]:
    """Hand parts over until there are no more; the positions of those that were lost."""
    lost: set[int] = set()
    handed = 0
    more = True
    while more:
        more = await news.get()
        with suppress(asyncio.QueueEmpty):
            while True:  # what came meanwhile goes along
                more = news.get_nowait()
        parts = book.parts
        if len(parts) > handed:
            handed = len(parts)
            lost |= set(await fetch_parts(parts))
    return lost


def _without(segments: Iterable[Segment], lost: Collection[int]) -> tuple[Segment, ...]:
    """The segments of which nothing was lost; behind a gap the next one begins anew."""
    kept: list[Segment] = []
    gap = False
    for segment in segments:
        if any(part in lost for part in parts_of(segment)):
            gap = True
        else:
            kept.append(replace(segment, discontinuity=True) if gap else segment)
            gap = False
    return tuple(kept)
