"""The formats that are chosen of one video, with all that is needed to fetch them. Runs in the child."""

import re
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, Protocol
from urllib.parse import urlsplit

from download_module.extractors.ytdlp_asked import Asked
from download_module.extractors.ytdlp_choice import DASH, HLS, PLAIN, Format, choose, is_fetchable
from download_module.extractors.ytdlp_sound import mark_silent_variants

TRIES = 4  # of formats that turn out to be refused
MAX_FRAGMENTS = 20_000
MAX_WAIT = 20.0  # seconds for a format that the site gives out only in a moment
MAX_SIZES = 8  # HEAD requests
MAX_HOSTS = 50  # of one playlist
KEYS = (
    *("format_id", "url", "protocol", "ext", "vcodec", "acodec", "width", "height", "fps", "filesize"),
    *("http_headers", "impersonate", "fragment_base_url", "extra_param_to_segment_url"),
)
_ADDRESS = re.compile(r"""https?://[^\s"'<>]+""")


class Unfetchable(Exception):
    """There are formats, but none of a kind that can be fetched."""


class NotServed(Exception):
    """A playlist or a file is refused; `status` is that of the answer."""

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class Network(Protocol):
    """What `ytdlp_session_child.Session` does over the network; see there."""

    def text(self, url: str, headers: Mapping[str, str]) -> tuple[str, str]: ...
    def size(self, url: str, headers: Mapping[str, str]) -> int | None: ...
    def cookie_header(self, url: str) -> str | None: ...


def streams_of(network: Network, asked: Asked, info: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What is fetched of a video: one stream, or one with the picture and one with the sound.

    A format that is refused after all gives way to the next best.

    Raises:
        Unfetchable: none of the formats is of a kind that can be fetched.
        NotServed: those that are, are refused.
    """
    formats = list(info.get("formats") or [info])
    live = info.get("live_status") == "is_live"
    wanted = replace(asked.wanted, live=True, clip=False, seconds=asked.live_seconds) if live else asked.wanted
    with suppress(NotServed, ValueError):
        mark_silent_variants(formats, lambda url: network.text(url, _headers_for(url, formats))[1])
    if wanted.limit_bytes is not None and not live:
        _ask_sizes(network, formats)
    refused: NotServed | None = None
    for _ in range(TRIES):
        chosen = choose(formats, wanted, info.get("duration"))
        if not chosen:
            break
        streams = []
        for format_ in chosen:
            try:
                streams.append(_stream(network, asked, format_, live=live))
            except NotServed as error:
                refused = error
                formats = [each for each in formats if each is not format_]
                break
        else:
            return streams
    if refused is not None:
        raise refused
    raise Unfetchable(_why_none(formats, live=live))


def _stream(network: Network, asked: Asked, format_: Format, *, live: bool) -> dict[str, Any]:
    _wait_for(format_)
    stream = {key: format_.get(key) for key in KEYS}
    stream["chunk"] = (format_.get("downloader_options") or {}).get("http_chunk_size")
    url, headers = format_["url"], dict(format_.get("http_headers") or {})
    meant = [url]
    if live:
        pass
    elif format_["protocol"] in HLS:
        text = format_.get("hls_media_playlist_data")
        final, text = (url, text) if text else network.text(url, headers)
        if not text.lstrip("\ufeff \r\n").startswith("#EXTM3U"):
            raise NotServed("the playlist is none")
        stream |= {"playlist_url": final, "playlist": text}
        meant += [final, *_ADDRESS.findall(text)]
    elif format_["protocol"] in DASH:
        fragments = list(format_.get("fragments") or ())[: MAX_FRAGMENTS + 1]
        stream["fragments"] = fragments
        meant += [format_.get("fragment_base_url") or url, *(each["url"] for each in fragments if each.get("url"))]
    elif format_.get("__needs_testing"):
        network.size(url, headers)
    if asked.impersonates and not stream["impersonate"] and urlsplit(url).hostname == urlsplit(asked.url).hostname:
        stream["impersonate"] = "chrome"  # the page was given to nobody else
    return stream | {"cookies": _cookies(network, meant)}


def _wait_for(format_: Format) -> None:
    """YouTube answers 403 until an advertisement would have ended."""
    wait = (format_.get("available_at") or 0) - time.time()
    if 0 < wait <= MAX_WAIT:
        time.sleep(wait)


def _cookies(network: Network, urls: Sequence[str]) -> dict[str, str]:
    """The Cookie header for each host: what is meant for one must not go to another."""
    first: dict[str, str] = {}
    for url in urls:
        if len(first) < MAX_HOSTS:
            with suppress(ValueError):
                first.setdefault(urlsplit(url).netloc, url)
    found = {host: network.cookie_header(url) for host, url in first.items() if host}
    return {host: header for host, header in found.items() if header}


def _ask_sizes(network: Network, formats: Sequence[dict[str, Any]]) -> None:
    """Fill in the sizes of plain files that nothing is known of, when there is a choice between them."""
    usable = [each for each in formats if is_fetchable(each)]
    known = ("filesize", "filesize_approx", "tbr")
    unknown = [each for each in usable if each["protocol"] in PLAIN and not any(each.get(key) for key in known)]
    if len(usable) > 1:
        for format_ in unknown[-MAX_SIZES:]:
            with suppress(NotServed):
                format_["filesize_approx"] = network.size(format_["url"], format_.get("http_headers") or {})


def _headers_for(url: str, formats: Sequence[Format]) -> Mapping[str, str]:
    return next((each.get("http_headers") or {} for each in formats if each.get("manifest_url") == url), {})


def _why_none(formats: Sequence[Format], *, live: bool) -> str:
    kinds = ", ".join(sorted({str(each.get("protocol")) for each in formats}))
    return f"live as {kinds} alone" if live else f"only formats that can't be fetched: {kinds}"
