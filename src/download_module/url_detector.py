"""Stage 1: which extractors to ask, in order, and what the URL is for certain. No network."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from core.models import UrlType
from download_module.canonical import Address, canonical, domains
from download_module.library_matchers import LibraryPatterns
from download_module.routes import ANY_HOST, ROUTES, Route

VIDEO = ("mp4", "m4v", "mkv", "webm", "mov", "avi", "flv", "wmv", "mpg", "mpeg", "ts", "3gp", "ogv")
AUDIO = ("mp3", "m4a", "aac", "flac", "ogg", "oga", "opus", "wav", "wma", "aiff")
IMAGES = ("jpg", "jpeg", "png", "gif", "webp", "avif", "bmp", "tif", "tiff", "svg", "heic")
DOCUMENTS = ("pdf", "zip", "7z", "rar", "gz", "bz2", "xz", "tar", "iso", "epub", "txt", "bin")
MEDIA_ENDINGS = frozenset((*VIDEO, *AUDIO, *IMAGES, *DOCUMENTS))
MANIFEST_ENDINGS = frozenset(("mpd", "m3u8"))
TORRENT_ENDINGS = frozenset(("torrent", "metalink", "meta4"))

Candidates = tuple[UrlType, ...]

TORRENT: Candidates = (UrlType.TORRENT,)
PAGE: Candidates = (UrlType.DIRECT, UrlType.YTDLP, UrlType.PLAYWRIGHT)  # a file without an ending, or a page
# While nobody could tell which pages gallery-dl knows, it is asked itself.
PAGE_UNTOLD: Candidates = (UrlType.DIRECT, UrlType.GALLERYDL, UrlType.YTDLP, UrlType.PLAYWRIGHT)
INFOHASH = re.compile(r"[?&]xt(?:\.\d+)?=urn:bt[im]h:([0-9a-z]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Identity:
    """What a URL is of. Two URLs with the same identity are of the same thing."""

    site: str  # a name from the table of routes; else the host
    id: str  # else path and query


@dataclass(frozen=True, slots=True)
class Detection:
    """What stage 1 found out."""

    candidates: Candidates  # the likeliest first; each may hand over to the next
    url: str  # what extractors get: the original's, without trackers
    identity: Identity


class UrlDetector:
    """Asks the table of routes, then the libraries' own patterns, then looks at the URL's ending.

    `patterns` may be set later: without them every page is detected, but pages that only the libraries know are asked
    of the direct extractor first.
    """

    def __init__(self, patterns: LibraryPatterns | None = None) -> None:
        self.patterns = patterns

    def detect(self, url: str) -> Detection:
        """Find out what a URL is for.

        Raises:
            UnsupportedUrl: no extractor takes this scheme, or there is no host.
        """
        if url.lower().startswith("magnet:?"):
            found = INFOHASH.search(url)
            return Detection(TORRENT, url, Identity("magnet", found[1].lower() if found else url))
        address = canonical(url)
        page = self._page(address)
        candidates = _with_ending(page.candidates, address)
        return Detection(candidates, address.url, page.identity or _identity_of(address))

    def _page(self, address: Address) -> "_Page":
        """What a page with this address is, whatever its ending."""
        page = _first_match(address, _SITES)
        if page is None and self.patterns is not None:
            owners = self.patterns.owners(address.url)
            page = _Page(_after(owners), None) if owners else None
        if page is None:
            page = _first_match(address, _LAST_RESORTS)
        return page or _Page(PAGE_UNTOLD if self.patterns is None else PAGE, None)


@dataclass(frozen=True, slots=True)
class _Page:
    candidates: Candidates
    identity: Identity | None


_Rows = dict[str, list[tuple[re.Pattern[str], Route]]]  # by domain


def _by_domain(routes: Iterable[Route]) -> _Rows:
    rows: _Rows = {}
    for route in routes:
        for domain in route.hosts.split() or (ANY_HOST,):
            rows.setdefault(domain, []).append((re.compile(route.path), route))
    return rows


_SITES = _by_domain(route for route in ROUTES if not route.is_last_resort)
_LAST_RESORTS = _by_domain(route for route in ROUTES if route.is_last_resort)


def _first_match(address: Address, rows: _Rows) -> _Page | None:
    for domain in (*domains(address.host), ANY_HOST):
        for pattern, route in rows.get(domain, ()):
            found = pattern.match(address.path_and_query)
            if found:
                site = route.site.replace("*", address.host)
                return _Page(route.candidates, Identity(site, found["id"]) if route.example_id else None)
    return None


def _with_ending(page: Candidates, address: Address) -> Candidates:
    """What the scheme and the ending of the path say, else what the page is."""
    ending = PurePosixPath(address.path).suffix[1:].lower()
    if ending in TORRENT_ENDINGS:
        return TORRENT
    if address.scheme == "ftp":
        return (UrlType.DIRECT,)
    if ending in MANIFEST_ENDINGS:
        return (UrlType.YTDLP,)
    if ending in MEDIA_ENDINGS:
        return (UrlType.DIRECT, *(candidate for candidate in page if candidate is not UrlType.DIRECT))
    return page


def _after(owners: Candidates) -> Candidates:
    """The libraries that know a page, then yt-dlp, which also reads pages that it does not know, then the browser."""
    rest = (UrlType.YTDLP, UrlType.PLAYWRIGHT)
    return (*owners, *(candidate for candidate in rest if candidate not in owners))


def _identity_of(address: Address) -> Identity:
    fragment = f"#{address.fragment}" if address.fragment else ""
    return Identity(address.host.removeprefix("www.") + address.port, address.path_and_query + fragment)
