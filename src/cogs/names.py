"""What members call a download: by its title, else by what its URL tells."""

import re
from urllib.parse import unquote, urlsplit

from cogs.texts import plain
from core.models import Download

MAX_LINK = 500  # characters


def name(download: Download, limit: int = 100) -> str:
    """What members call it: the title, else the file's name in the URL, else the site."""
    return plain(bare_name(download), limit) or f"download {download.id}"


def bare_name(download: Download) -> str:
    """The same as it came from outside, for places where Discord reads no markdown."""
    if download.title and plain(download.title):
        return download.title
    _, path = _host_and_path(download.url)
    last = unquote(path).rstrip("/").rsplit("/", 1)[-1]
    return last if "." in last else _bare_site(download)


def site(download: Download) -> str:
    """The host of the URL, or what stands in for one."""
    return plain(_bare_site(download), 60)


def link(download: Download) -> str | None:
    """The URL in angle brackets, which Discord shows as it is and without a preview; None if it might deceive."""
    try:
        parts = urlsplit(download.url)
    except ValueError:
        return None
    hostile = not download.url.isprintable() or re.search(r"[\s<>|`\\]", download.url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or hostile:
        return None
    return f"<{download.url}>" if len(download.url) <= MAX_LINK else None


def _bare_site(download: Download) -> str:
    if download.url.lower().startswith("magnet:"):
        return "torrent"
    host, _ = _host_and_path(download.url)
    return host.removeprefix("www.") or download.extractor or download.url_type.value


def _host_and_path(url: str) -> tuple[str, str]:
    try:
        parts = urlsplit(url)
    except ValueError:  # brackets that hold no address
        return "", ""
    return parts.hostname or "", parts.path
