"""Chooses the main media of a page from what was received and what stands on the screen. Pure."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from pydantic import BaseModel, ConfigDict

from download_module.extractors.playwright_media import Form, Seen

MANIFESTS = (Form.HLS, Form.DASH)
MIN_AREA = 0.02  # of the screen; less is a thumbnail, a tracker or hidden
AUDIO_AREA = 0.05  # a player of sound is small whatever its worth
UNKNOWN_SECONDS = 30.0
ENDLESS = 1e8  # seconds; a live stream says so
DECORATION = 0.2  # the weight of a silent loop


class Element(BaseModel):
    """A media element, as `playwright_page.js` describes it."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    frame: int = 0
    src: str = ""  # empty: nothing was loaded
    audio: bool = False
    seconds: float | None = None
    area: float = 0.0  # pixels that can be seen
    loop: bool = False
    muted: bool = False
    played: float = 0.0  # seconds
    poster: str | None = None

    @property
    def is_decoration(self) -> bool:
        """A silent loop: a background, an ad, or a picture that moves."""
        return self.loop and self.muted


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The main media: one file or manifest, or one file of video and one of audio."""

    media: tuple[Seen, ...]
    element: Element | None = None  # the one that plays it
    sure: bool = False  # nothing better is to be expected

    @property
    def urls(self) -> tuple[str, ...]:
        """What tells one choice from another."""
        return tuple(seen.url for seen in self.media)

    @property
    def seconds(self) -> float | None:
        """How long it is; None for unknown and live."""
        known = [
            self.element.seconds if self.element else None,
            *(s.manifest.seconds for s in self.media if s.manifest),
        ]
        return next((seconds for seconds in known if seconds and seconds < ENDLESS), None)


def choose(seen: Iterable[Seen], elements: Sequence[Element], screen: float, ads: frozenset[str]) -> Choice | None:
    """The main media so far, None when there is none that could be fetched.

    Args:
        seen: all media that was received, in order.
        elements: all media elements of all frames.
        screen: pixels of the viewport.
        ads: URLs that an ad server named.
    """
    sources = _sources([one for one in seen if one.url not in ads and one.asked not in ads])
    for element in sorted(elements, key=lambda one: _weight(one, screen), reverse=True):
        media = _media_of(element, sources)
        if media:
            big = element.audio or element.area >= MIN_AREA * screen
            sure = big and bool(element.seconds) and not element.is_decoration
            return Choice(media=media, element=element, sure=sure)
    media = _unattached(sources)
    return Choice(media=media) if media else None


def only_segments(seen: Iterable[Seen]) -> bool:
    """Whether pieces came, but neither their list nor a whole."""
    forms = {one.form for one in seen}
    return forms == {Form.PIECE}


def _sources(seen: Sequence[Seen]) -> list[Seen]:
    """Without what another one is made of: a master's playlists, a playlist's segments."""
    parts = {url for one in seen if one.manifest for url in one.manifest.refers}
    lengths = {url: one.manifest.seconds for one in seen if one.manifest for url in (one.asked, one.url)}
    return [_with_length(one, lengths) for one in seen if one.url not in parts and one.asked not in parts]


def _with_length(one: Seen, lengths: Mapping[str, float | None]) -> Seen:
    """A master playlist is as long as its renditions."""
    if one.manifest is None or one.manifest.seconds:
        return one
    known = [seconds for url in one.manifest.refers if (seconds := lengths.get(url))]
    return replace(one, manifest=replace(one.manifest, seconds=max(known))) if known else one


def _weight(element: Element, screen: float) -> float:
    area = AUDIO_AREA if element.audio else min(element.area / screen, 1.0)
    seconds = UNKNOWN_SECONDS if element.seconds is None else min(element.seconds, 4 * 3600.0)
    return math.sqrt(area) * math.log1p(seconds) * (DECORATION if element.is_decoration else 1.0)


def _media_of(element: Element, sources: Sequence[Seen]) -> tuple[Seen, ...]:
    if not element.src.startswith("blob:"):
        same = [one for one in sources if element.src in (one.asked, one.url)]
        return tuple(one for one in same if one.is_media or element.seconds)[-1:]
    here = [one for one in sources if one.frame == element.frame] or sources
    manifests = [one for one in here if one.form in MANIFESTS]
    if manifests:
        return (min(manifests, key=lambda one: _misfit(one, element)),)
    return _whole([one for one in here if one.form is Form.PIECE])


def _misfit(one: Seen, element: Element) -> tuple[bool, float]:
    """How badly a manifest fits an element: known lengths that differ are worst."""
    length = one.manifest.seconds if one.manifest else None
    if length is None or not element.seconds or element.seconds >= ENDLESS:
        return (False, 1.0 if one.manifest and one.manifest.master else 2.0)
    off = abs(length - element.seconds)
    return (off > 2.0 + 0.02 * element.seconds, off / element.seconds)


def _whole(pieces: Sequence[Seen]) -> tuple[Seen, ...]:
    """The files behind pieces that scripts fetched, if they are files: one read in full, or read by its byte ranges.

    Of segments without a list nobody knows whether they are all: nothing.
    """
    complete = [one for one in pieces if not one.ranged]
    if complete:
        return tuple(complete) if len(pieces) == 1 else ()
    sized = [one for one in pieces if one.size]
    tracks: Mapping[bool, list[Seen]] = {
        is_audio: [one for one in sized if one.mime.startswith("audio/") is is_audio] for is_audio in (False, True)
    }
    return tuple(max(track, key=lambda one: one.size or 0) for track in tracks.values() if track)


def _unattached(sources: Sequence[Seen]) -> tuple[Seen, ...]:
    """The largest of what no element is known to play."""
    manifests = [one for one in sources if one.form in MANIFESTS]
    if manifests:
        return (max(manifests, key=lambda one: (one.manifest and one.manifest.seconds) or 0.0),)
    files = [one for one in sources if one.form is Form.FILE and one.is_media]
    return (max(files, key=lambda one: one.size or 0),) if files else ()
