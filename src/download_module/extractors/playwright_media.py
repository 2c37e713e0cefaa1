"""What a response that a page received has to do with media: told from its type, its address and its first bytes."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import PurePosixPath
from urllib.parse import urlsplit

import m3u8

HLS_TYPES = frozenset(
    (
        "application/vnd.apple.mpegurl",
        "application/x-mpegurl",
        "application/mpegurl",
        "audio/mpegurl",
        "audio/x-mpegurl",
    )
)
DASH_TYPES = frozenset(("application/dash+xml", "video/vnd.mpeg.dash.mpd"))
# Types under which servers also send manifests and media.
VAGUE_TYPES = frozenset(
    ("", "text/plain", "text/xml", "application/xml", "application/octet-stream", "binary/octet-stream")
)
PAGE_TYPES = frozenset(("text/html", "application/json", "text/javascript", "application/javascript", "text/css"))
MEDIA_ENDINGS = frozenset(
    (".mp4", ".m4v", ".m4a", ".m4s", ".webm", ".mov", ".ts", ".mp3", ".aac", ".ogg", ".opus", ".flac", ".wav", ".cmfv")
)
FETCHED = frozenset(("xhr", "fetch"))  # Playwright's words for what scripts ask for
_MPD_SECONDS = re.compile(
    r'mediaPresentationDuration="P(?:\d+Y)?(?:\d+M)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?)?"'
)
_MEDIA_FILE = re.compile(r"<MediaFile\b[^>]*>\s*(?:<!\[CDATA\[)?\s*(https?://[^\s\]<]+)", re.IGNORECASE)


class Form(StrEnum):
    """How media came to the page."""

    HLS = "hls"  # a playlist, of renditions or of segments
    DASH = "dash"
    FILE = "file"  # a media element asked for it: it is the whole
    PIECE = "piece"  # a script asked for it: a segment, a byte range, or the whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What stands in a playlist, as far as the choice needs it."""

    master: bool  # renditions, not segments
    seconds: float | None = None
    refers: frozenset[str] = frozenset()  # the URLs of its playlists or segments


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Media that the page received."""

    url: str
    asked: str  # the URL before redirects
    form: Form
    frame: int  # which of the page's frames asked for it
    mime: str = ""
    size: int | None = None  # bytes of the whole
    ranged: bool = False  # only some bytes of it were asked for
    manifest: Manifest | None = None
    headers: Mapping[str, str] = field(default_factory=dict)  # of the request, names in lower case

    @property
    def is_media(self) -> bool:
        """Whether its type says so; else only that it can be played does."""
        return self.form in (Form.HLS, Form.DASH) or self.mime.startswith(("video/", "audio/"))


def form_of(url: str, mime: str, resource: str) -> Form | None:
    """What a response is by its type and its URL; None: not media.

    Args:
        url: where it came from.
        mime: its media type in lower case, without parameters.
        resource: Playwright's `resource_type` of the request.
    """
    ending = PurePosixPath(urlsplit(url).path).suffix.lower()
    if mime in HLS_TYPES or (ending == ".m3u8" and mime not in PAGE_TYPES):
        return Form.HLS
    if mime in DASH_TYPES or (ending == ".mpd" and mime not in PAGE_TYPES):
        return Form.DASH
    if mime.startswith(("video/", "audio/")) or (mime in VAGUE_TYPES and ending in MEDIA_ENDINGS):
        return Form.PIECE if resource in FETCHED else Form.FILE
    return Form.FILE if resource == "media" and mime in VAGUE_TYPES else None


def form_of_text(text: str) -> Form | None:
    """The kind of manifest that a text is."""
    begin = text[:1024].lstrip("\ufeff \t\r\n")
    if begin.startswith("#EXTM3U"):
        return Form.HLS
    return Form.DASH if "<MPD" in begin else None


def read_manifest(form: Form, text: str, url: str) -> Manifest | None:
    """What a manifest says; None when it can't be read."""
    if form is Form.DASH:
        found = _MPD_SECONDS.search(text)
        days, hours, minutes, seconds = (float(part or 0) for part in found.groups()) if found else (0, 0, 0, 0)
        return Manifest(master=True, seconds=days * 86400 + hours * 3600 + minutes * 60 + seconds or None)
    try:
        playlist = m3u8.loads(text, uri=url)
        entries = (*playlist.playlists, *playlist.media, *playlist.segments, *playlist.segment_map)
        refers = frozenset(entry.absolute_uri for entry in entries if entry.uri)
        seconds = sum(segment.duration or 0.0 for segment in playlist.segments)
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, m3u8.ParseError):
        return None
    return Manifest(master=bool(playlist.is_variant), seconds=seconds or None, refers=refers)


def ads_of(text: str) -> frozenset[str]:
    """The media that an ad server's answer (VAST) names."""
    return frozenset(_MEDIA_FILE.findall(text)) if "<VAST" in text[:1024] else frozenset()


def size_of(status: int, headers: Mapping[str, str]) -> int | None:
    """Bytes of the whole that a response, or the range in it, is of. Names of `headers` are in lower case."""
    text = headers.get("content-range", "").rpartition("/")[2] if status == 206 else headers.get("content-length", "")
    encoded = status == 200 and "content-encoding" in headers
    return int(text) if not encoded and re.fullmatch(r"[0-9]{1,18}", text) else None
