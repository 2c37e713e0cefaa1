"""Which of the formats that yt-dlp found is fetched. The limit of the destination is part of the choice.

A format is a mapping as yt-dlp's documentation of `InfoExtractor` describes it; a rendition is what plays: one format
with picture and sound, or one of each, or the only one that there is.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

Format = Mapping[str, Any]

PLAIN = frozenset(("http", "https", "ftp"))
HLS = frozenset(("m3u8", "m3u8_native"))
DASH = frozenset(("http_dash_segments",))
# What an estimate may be wrong by, and what a container adds when two streams are put into one.
ESTIMATE = 0.95
MERGED = 0.995
# Compression keeps its look down to about so many bits a pixel (x264, 30 pictures a second); below, a smaller picture
# looks better. It makes the sound small first.
BITS_PER_PIXEL = 0.05
PICTURES = 30
SOUND_BITS = 96_000
USUAL_HEIGHT = 720  # to compress from when nothing tells the length
MUCH_HIGHER = 2.0  # so many times the height that compression will keep is decoded in vain
NEARLY = 0.6  # and so much of it is still good to start from
FAINT = 48  # kbit/s: sound that nobody wants beside a picture
SOUND_ENDINGS = frozenset(("m4a", "mp3", "mp4", "aac"))
CHEAP = ("avc", "h264", "vp8", "mp4v", "vp9", "vp09", "hev", "hvc", "h265", "av01")  # to decode, cheapest first


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is looked for."""

    limit_bytes: int | None = None
    max_height: int | None = None
    smallest: bool = False
    audio: bool = False
    seconds: float | None = None  # how much of it is kept, where that is not all
    clip: bool = False
    live: bool = False  # only what can be recorded while it grows


@dataclass(frozen=True)
class Rendition:
    """One or two formats that play together; the first has the picture, if there is one."""

    streams: tuple[Format, ...]
    places: tuple[int, ...]  # of each in the list of formats, which begins with the worst
    seconds: float | None  # the length of what is kept
    whole: bool  # whether that is all of it

    @cached_property
    def height(self) -> int | None:
        """The shorter side in pixels: what 720p means, upright or not."""
        sides = [side for side in (self.streams[0].get("width"), self.streams[0].get("height")) if side]
        return int(min(sides)) if sides else None

    @cached_property
    def size(self) -> float | None:
        """Bytes, exact or estimated."""
        sizes = [_size(stream, self.seconds, self.whole) for stream in self.streams]
        return None if None in sizes else sum(size for size in sizes if size is not None)

    @property
    def exact(self) -> bool:
        """Whether the site tells the size."""
        return self.whole and all(stream.get("filesize") for stream in self.streams)

    @property
    def rate(self) -> float:
        """kbit/s; 0 when it is not known."""
        return sum(stream.get("tbr") or 0.0 for stream in self.streams)

    def fits(self, limit: int) -> bool:
        """Whether it may be sent as it is."""
        room = limit * (1.0 if self.exact else ESTIMATE) * (MERGED if len(self.streams) > 1 else 1.0)
        return self.size is not None and self.size <= room


def is_fetchable(format_: Format) -> bool:
    """Whether it is plain files or segments, and neither protected nor only pictures of a storyboard."""
    return (
        format_.get("protocol") in PLAIN | HLS | DASH
        and format_.get("has_drm") is not True
        and not format_.get("hls_aes")  # a key of its own, beside the playlist
        and not format_.get("request_data")
        and format_.get("ext") != "mhtml"
        and (_has_picture(format_) or _has_sound(format_))
    )


def choose(formats: Sequence[Format], wanted: Wanted, duration: float | None) -> tuple[Format, ...]:
    """One format, or one with the picture and one with the sound; empty when none can be fetched.

    Args:
        formats: worst first, as yt-dlp sorts them.
        wanted: what is looked for.
        duration: seconds of the whole video.
    """
    renditions = _renditions(formats, wanted, duration)
    if wanted.max_height is not None:
        renditions = _up_to(wanted.max_height, renditions)
    if not renditions:
        return ()
    if wanted.smallest:
        return min(renditions, key=_weight).streams
    if wanted.limit_bytes is not None:
        fitting = [rendition for rendition in renditions if rendition.fits(wanted.limit_bytes)]
        if not fitting:
            return _to_compress(renditions, wanted).streams
        renditions = fitting
    return max(renditions, key=lambda rendition: _merit(rendition, wanted)).streams


def _renditions(formats: Sequence[Format], wanted: Wanted, duration: float | None) -> list[Rendition]:
    places = {id(format_): place for place, format_ in enumerate(formats)}
    whole = wanted.seconds is None or (duration is not None and wanted.seconds >= duration)

    def rendition(*streams: Format) -> Rendition:
        there = tuple(places[id(stream)] for stream in streams)
        return Rendition(streams, there, duration if whole else wanted.seconds, whole)

    usable = [format_ for format_ in formats if is_fetchable(format_)]
    if wanted.live:
        usable = [format_ for format_ in usable if format_["protocol"] in HLS]
    both = _in_best_language([f for f in usable if _has_picture(f) and _has_sound(f)])
    pictures = [f for f in usable if _has_picture(f) and not _has_sound(f)]
    sounds = _in_best_language([f for f in usable if not _has_picture(f)])
    if wanted.audio:
        return [rendition(f) for f in sounds] or sorted([rendition(f) for f in both], key=_weight)[:1]
    sounds = [f for f in sounds if (f.get("abr") or FAINT) >= FAINT] or sounds
    found = [rendition(f) for f in both] + [rendition(f, sound) for f in pictures for sound in sounds]
    return found or [rendition(f) for f in pictures] or [rendition(f) for f in sounds]


def _in_best_language(formats: list[Format]) -> list[Format]:
    """Without dubbed sound and the descriptions for the blind, where the original is there."""
    best = max((_number(f, "language_preference", -1) for f in formats), default=0)
    kept = [f for f in formats if _number(f, "language_preference", -1) == best]
    return [f for f in kept if _number(f, "source_preference", 0) > -2] or kept


def _up_to(height: int, renditions: list[Rendition]) -> list[Rendition]:
    known = [rendition for rendition in renditions if rendition.height is not None]
    unknown = [rendition for rendition in renditions if rendition.height is None]
    low_enough = [rendition for rendition in known if (rendition.height or 0) <= height]
    lowest = min((rendition.height or 0 for rendition in known), default=0)
    return low_enough or unknown or [rendition for rendition in known if rendition.height == lowest]


def _merit(rendition: Rendition, wanted: Wanted) -> tuple[float, ...]:
    """What is best, most important first; the last word is yt-dlp's own order."""
    first = rendition.streams[0]
    rough = wanted.audio and not _has_picture(first)
    return (
        _number(first, "preference", 0),
        _number(first, "quality", -1),
        rendition.height or 0,
        _number(first, "fps", 0) > 40,
        (first.get("ext") in SOUND_ENDINGS and _number(first, "abr", 128) >= 96) if rough else _plays_inline(rendition),
        _count_plain(rendition),
        wanted.clip and all(_is_easily_cut(stream) for stream in rendition.streams),
        *rendition.places,
    )


def _weight(rendition: Rendition) -> tuple[float, ...]:
    """What is least."""
    unknown = math.inf
    size = rendition.size if rendition.size is not None else rendition.rate or unknown
    return (rendition.height or unknown, size, *rendition.places)


def _to_compress(renditions: list[Rendition], wanted: Wanted) -> Rendition:
    """The rendition of which least is lost when it is encoded again to fit: not the largest.

    The limit over the length gives a rate, the rate a height that it can carry. A higher picture is decoded and thrown
    away; a lower one has lost what the limit has room for.
    """
    seconds = renditions[0].seconds
    rate = (wanted.limit_bytes or 0) * 8 / seconds if seconds else None  # bits a second
    if all(rendition.height is None for rendition in renditions):
        needed = (rate or 0.0) / 1000
        enough = [rendition for rendition in renditions if rate and rendition.rate >= needed]
        return min(enough, key=lambda r: (r.rate, *r.places)) if enough else max(renditions, key=lambda r: r.places)
    target = carried_height(rate - SOUND_BITS) if rate is not None else USUAL_HEIGHT
    heights = sorted({rendition.height for rendition in renditions if rendition.height is not None})
    above = [height for height in heights if height >= target]
    below = [height for height in heights if NEARLY * target <= height < target]
    height = above[0] if above and not (below and above[0] > MUCH_HIGHER * target) else (below or heights)[-1]
    level = [rendition for rendition in renditions if rendition.height == height]
    return max(level, key=lambda r: (-_cost(r.streams[0]), _count_plain(r), *r.places))


def carried_height(bits_per_second: float) -> float:
    """The height of a 16:9 picture that so many bits a second can carry."""
    return math.sqrt(max(bits_per_second, 0.0) / (PICTURES * BITS_PER_PIXEL) * 9 / 16)


def _size(format_: Format, seconds: float | None, whole: bool) -> float | None:
    said = format_.get("filesize") or format_.get("filesize_approx")
    if said and whole:
        return float(said)
    rate = format_.get("tbr")
    return rate * 1000 / 8 * seconds if rate and seconds else None


def _has_picture(format_: Format) -> bool:
    return format_.get("vcodec") != "none"


def _has_sound(format_: Format) -> bool:
    return format_.get("acodec") != "none"


def _plays_inline(rendition: Rendition) -> bool:
    """H.264 and AAC in MP4: what every Discord client plays."""
    codecs: Iterable[str] = (
        str(stream.get(kind) or "") for stream in rendition.streams for kind in ("vcodec", "acodec")
    )
    known = ("avc", "h264", "mp4a", "aac", "mp3", "none")
    return all(not codec or codec.lower().startswith(known) for codec in codecs) and all(
        stream.get("ext") in ("mp4", "m4a", "mp3", "mov") for stream in rendition.streams
    )


def _is_easily_cut(format_: Format) -> bool:
    return format_.get("protocol") not in PLAIN or format_.get("ext") in ("mp4", "m4a")


def _count_plain(rendition: Rendition) -> int:
    return sum(stream.get("protocol") in PLAIN for stream in rendition.streams) - len(rendition.streams)


def _cost(format_: Format) -> int:
    codec = str(format_.get("vcodec") or "").lower()
    return next((place for place, name in enumerate(CHEAP) if codec.startswith(name)), 0)


def _number(format_: Format, key: str, default: float) -> float:
    value = format_.get(key)
    return float(value) if isinstance(value, int | float) else default
