"""Stage 1: which extractors to ask, in order. No network, about a microsecond a pattern."""

import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from core.errors import UnsupportedUrl
from core.models import UrlType

VIDEO = ("mp4", "m4v", "mkv", "webm", "mov", "avi", "flv", "wmv", "mpg", "mpeg", "ts", "3gp", "ogv")
AUDIO = ("mp3", "m4a", "aac", "flac", "ogg", "oga", "opus", "wav", "wma", "aiff")
IMAGES = ("jpg", "jpeg", "png", "gif", "webp", "avif", "bmp", "tif", "tiff", "svg", "heic")
DOCUMENTS = ("pdf", "zip", "7z", "rar", "gz", "bz2", "xz", "tar", "iso", "epub", "txt", "bin")
MEDIA_ENDINGS = frozenset((*VIDEO, *AUDIO, *IMAGES, *DOCUMENTS))
MANIFEST_ENDINGS = frozenset(("mpd", "m3u8"))


@dataclass(frozen=True, slots=True)
class Route:
    """Hosts whose pages are for certain extractors, with a URL that matches."""

    hosts: str  # a regular expression that matches the whole host
    candidates: tuple[UrlType, ...]
    example: str


ROUTES = (
    Route(r"(.+\.)?youtube\.com|youtu\.be", (UrlType.YTDLP,), "https://www.youtube.com/watch?v=jNQXAC9IVRw"),
    Route(r"(.+\.)?vimeo\.com", (UrlType.YTDLP,), "https://vimeo.com/76979871"),
    Route(r"(.+\.)?dailymotion\.com|dai\.ly", (UrlType.YTDLP,), "https://www.dailymotion.com/video/x2jvvep"),
    Route(r"(.+\.)?tiktok\.com", (UrlType.YTDLP,), "https://www.tiktok.com/@scout2015/video/6718335390845095173"),
    Route(r"(.+\.)?twitch\.tv", (UrlType.YTDLP,), "https://www.twitch.tv/videos/6528877"),
    Route(r"(.+\.)?soundcloud\.com", (UrlType.YTDLP,), "https://soundcloud.com/ethmusic/lostin-powers"),
    Route(r"(.+\.)?bandcamp\.com", (UrlType.YTDLP,), "https://benprunty.bandcamp.com/track/lanius-battle"),
    Route(r"(.+\.)?streamable\.com", (UrlType.YTDLP,), "https://streamable.com/dnd1"),
    Route(r"(.+\.)?(twitter|x)\.com", (UrlType.YTDLP,), "https://x.com/freethenipple/status/643211948184596480"),
    Route(r"(.+\.)?reddit\.com|redd\.it", (UrlType.YTDLP,), "https://www.reddit.com/r/videos/comments/6rrwyj/"),
    Route(r"(.+\.)?instagram\.com", (UrlType.YTDLP,), "https://www.instagram.com/reel/Chunk8-jurw/"),
)
_COMPILED = tuple((re.compile(route.hosts), route.candidates) for route in ROUTES)


def detect(url: str) -> tuple[UrlType, ...]:
    """The candidates for a URL, the likeliest first; each may hand over to the next.

    Raises:
        UnsupportedUrl: no extractor takes this scheme.
    """
    if url.lower().startswith("magnet:?"):
        return (UrlType.TORRENT,)
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port  # a port that is no number raises
    except ValueError as error:
        raise UnsupportedUrl from error
    if parts.scheme not in ("http", "https", "ftp") or not host:
        raise UnsupportedUrl
    ending = PurePosixPath(parts.path).suffix[1:].lower()
    if ending == "torrent":
        return (UrlType.TORRENT,)
    if parts.scheme == "ftp":
        return (UrlType.DIRECT,)
    if ending in MANIFEST_ENDINGS:
        return (UrlType.YTDLP,)
    if ending not in MEDIA_ENDINGS:
        for pattern, candidates in _COMPILED:
            if pattern.fullmatch(host):
                return candidates
    return (UrlType.DIRECT, UrlType.YTDLP)
