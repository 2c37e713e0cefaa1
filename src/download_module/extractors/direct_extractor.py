"""A URL that is the file itself: asks the server for its first bytes, to learn address, type, size and validators."""

import asyncio
import contextlib
import email.utils
import re
import time
from collections.abc import AsyncIterator, Sequence
from urllib.parse import unquote, urljoin, urlsplit

import httpx

from core.errors import (
    BossBotError,
    ExtractionError,
    GeoRestricted,
    LoginRequired,
    MediaNotFound,
    RateLimited,
    SourceUnreachable,
    UnsupportedUrl,
)
from download_module.egress import Egress
from download_module.extractors.base_extractor import ANYTHING, Extractor, Wish
from download_module.extractors.sniffing import HEAD, Described, head_says, sniffed
from download_module.names import clean_name, kind_of, name_from_url, with_extension
from download_module.plan import DownloadPlan, Output, Part
from download_module.site_cookies import SiteCookie, cookie_header
from download_module.sites import Sites
from download_module.web_client import web_client

USER_AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
MAX_REDIRECTS = 10
HEAD_TIMEOUT = 5.0  # seconds for the first bytes of a body
TOTAL_TIMEOUT = 60.0  # seconds; a server may send a byte before each of the other timeouts ends
# Not files but descriptions of them, which other extractors read.
HTML = ("text/html", "application/xhtml+xml")
MANIFESTS = ("application/dash+xml", "application/vnd.apple.mpegurl", "application/x-mpegurl", "audio/mpegurl")
PAGES = (*HTML, *MANIFESTS, "audio/x-mpegurl", "application/rss+xml")
TORRENTS = ("application/x-bittorrent", "application/metalink4+xml", "application/metalink+xml")


PRIVATE = ("cookie", "authorization")  # headers that go to their own host alone
# Types that say nothing: what the first bytes are decides.
VAGUE = frozenset(("", "application/octet-stream", "binary/octet-stream", "application/force-download", "text/plain"))


class DirectExtractor:
    """Plans one file with one part."""

    def __init__(self, egress: Egress, torrents: Extractor | None = None, *, sites: Sites | None = None) -> None:
        """Make it.

        Args:
            egress: decides what may be reached.
            torrents: is asked for what turns out to be a torrent or a metalink.
            sites: cookies of single sites.
        """
        self._egress = egress
        self._torrents = torrents
        self._sites = sites or Sites()

    async def extract(self, url: str, wish: Wish = ANYTHING) -> DownloadPlan:
        """See `Extractor`."""
        if url.lower().startswith("ftp:"):
            await self._egress.check(url)
            return _plan(url, url, name=name_from_url(url), mime_type=None, size=None, identity=None)
        async with mapped_http_errors(), web_client(wish.way_out) as client:
            cookies = self._sites.of(url).cookies_for(url)
            answer, head = await probe(client, self._egress, url, cookies)
        mime_type = _mime_type(answer)
        described = head_says(head)
        if self._torrents and (mime_type in TORRENTS or described is Described.TORRENT):
            return await self._torrents.extract(url, wish)
        if mime_type in PAGES or described is Described.PAGE:
            raise UnsupportedUrl("This link leads to a page, not to a file.")
        if mime_type in VAGUE:
            mime_type = sniffed(head) or mime_type
        final = str(answer.url)
        name = with_extension(_disposition_name(answer) or name_from_url(final), mime_type)
        size = _size(answer)
        if size == 0:
            raise MediaNotFound("The file behind this link is empty.")
        return _plan(
            url,
            final,
            name=name,
            mime_type=mime_type,
            size=size,
            identity=_identity(answer, size),
            tag=_strong_tag(answer),
            cookie=cookie_header(cookies, final),
        )

    async def close(self) -> None:
        """See `Extractor`."""


async def probe(
    client: httpx.AsyncClient, egress: Egress, url: str, cookies: Sequence[SiteCookie] = ()
) -> tuple[httpx.Response, bytes]:
    """The answer at the end of all redirects, and the first bytes of its body.

    Raises:
        BossBotError: as `follow`.
    """
    answer = await follow(client, egress, url, {"Range": f"bytes=0-{HEAD - 1}"}, read=True, cookies=cookies)
    head = bytearray()
    try:
        # A body that dribbles or breaks off is the transfer's affair.
        with contextlib.suppress(TimeoutError, httpx.TransportError, httpx.StreamError):
            async with asyncio.timeout(HEAD_TIMEOUT):
                async for piece in answer.aiter_raw(HEAD):
                    head += piece
                    if len(head) >= HEAD:
                        break
    finally:
        await answer.aclose()
    return answer, bytes(head[:HEAD])


async def follow(
    client: httpx.AsyncClient,
    egress: Egress,
    url: str,
    headers: dict[str, str],
    *,
    read: bool = False,
    cookies: Sequence[SiteCookie] = (),
) -> httpx.Response:
    """The answer at the end of all redirects, each checked; its body is not read.

    Args:
        client: asks.
        egress: decides what may be reached.
        url: where it begins.
        headers: sent with each request.
        read: leave the last answer open, so that the caller can read its body.
        cookies: of the site; each goes to its own domain alone.

    Raises:
        BossBotError: an address that is not allowed, too many redirects, or an answer that is no success.
    """
    for _ in range(MAX_REDIRECTS + 1):
        await egress.check(url)
        sent = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity"} | headers
        if cookie := cookie_header(cookies, url):
            sent["Cookie"] = cookie
        request = client.build_request("GET", url, headers=sent)
        answer = await client.send(request, stream=True)
        if not read or not answer.is_success:
            await answer.aclose()
        if not answer.has_redirect_location:
            if not answer.is_success and not _is_empty_file(answer):
                raise error_of_status(answer.status_code, answer.headers.get("Retry-After"))
            return answer
        onward = _joined(url, answer.headers["Location"])
        if urlsplit(onward).netloc != urlsplit(url).netloc:  # another host must not get what was meant for this one
            headers = {name: value for name, value in headers.items() if name.lower() not in PRIVATE}
        url = onward
    raise SourceUnreachable("This link redirects in circles.")


def _joined(url: str, location: str) -> str:
    try:
        onward = urljoin(url, location)
    except ValueError as error:
        raise MediaNotFound("This link redirects to an address that is none.") from error
    if not onward.startswith(("http://", "https://")):
        raise MediaNotFound("This link redirects to something that is not on the web, so it is not fetched.")
    return onward


def error_of_status(status: int, retry_after: str | None = None) -> BossBotError:
    """What an HTTP status means for the person who asked."""
    match status:
        case 401 | 403 | 407:
            return LoginRequired(f"The server refuses access to this file (HTTP {status}). It may need a login.")
        case 404 | 410:
            return MediaNotFound(f"There is nothing behind this link any more (HTTP {status}).")
        case 429:
            return RateLimited(retry_after=_seconds(retry_after))
        case 451:
            return GeoRestricted()
        case _ if status in (408, 425) or status >= 500:
            sentence = f"The server has a problem (HTTP {status}). The download is tried again."
            return SourceUnreachable(sentence, retry_after=_seconds(retry_after))
        case _:
            return MediaNotFound(f"The server does not give this file out (HTTP {status}).")


@contextlib.asynccontextmanager
async def mapped_http_errors() -> AsyncIterator[None]:
    """Turns httpx's errors into ours, and ends what takes longer than `TOTAL_TIMEOUT`."""
    try:
        async with asyncio.timeout(TOTAL_TIMEOUT):
            yield
    except (httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
        raise UnsupportedUrl from error
    except (httpx.TimeoutException, TimeoutError) as error:
        raise SourceUnreachable("The server of this link does not answer in time.") from error
    except httpx.TransportError as error:
        raise SourceUnreachable("The server of this link can't be reached.") from error
    except httpx.HTTPError as error:
        raise ExtractionError from error


def _plan(
    asked: str,
    final: str,
    *,
    name: str,
    mime_type: str | None,
    size: int | None,
    identity: str | None,
    tag: str | None = None,
    cookie: str | None = None,
) -> DownloadPlan:
    # With If-Range a server whose file changed answers with all of it, and aria2 lets that connection go: without it,
    # ranges of two different files would become one that nobody ever made.
    more = tuple((name, value) for name, value in (("If-Range", tag), ("Cookie", cookie)) if value)
    part = Part(uris=(final,), headers=(("User-Agent", USER_AGENT), *more), size=size, identity=identity)
    output = Output(filename=name, kind=kind_of(mime_type, name), parts=(part,))
    return DownloadPlan(source_url=asked, extractor="direct", title=name, outputs=(output,))


def _is_empty_file(answer: httpx.Response) -> bool:
    return answer.status_code == 416 and answer.headers.get("Content-Range", "").endswith("/0")


def _size(answer: httpx.Response) -> int | None:
    if answer.status_code in (206, 416):
        total = answer.headers.get("Content-Range", "").rpartition("/")[2]
        return _number(total)
    return None if "Content-Encoding" in answer.headers else _number(answer.headers.get("Content-Length", ""))


def _number(text: str) -> int | None:
    found = re.fullmatch(r"[0-9]{1,18}", text.strip())
    return int(found[0]) if found else None


def _identity(answer: httpx.Response, size: int | None) -> str | None:
    """What tells that a later answer has the same bytes: a strong validator, else date and size (RFC 9110, 8.8)."""
    tag = _strong_tag(answer)
    if tag:
        return f"{tag} {size}"
    changed = answer.headers.get("Last-Modified", "")
    return f"{changed} {size}" if changed and size is not None else None


def _strong_tag(answer: httpx.Response) -> str | None:
    tag = str(answer.headers.get("ETag", ""))
    return tag if re.fullmatch(r'"[\x21\x23-\x7e]+"', tag) else None


def _mime_type(answer: httpx.Response) -> str:
    return str(answer.headers.get("Content-Type", "")).partition(";")[0].strip().lower()


def _disposition_name(answer: httpx.Response) -> str | None:
    header = answer.headers.get("Content-Disposition", "")[:4096]
    extended = re.search(r"filename\*\s*=\s*(utf-8|iso-8859-1)'[^']*'([^;\s]+)", header, re.IGNORECASE)
    if extended:
        return clean_name(unquote(extended[2], encoding=extended[1]))
    plain = re.search(r'filename\s*=\s*(?:"((?:\\.|[^"\\])*)"|([^;]+))', header, re.IGNORECASE)
    text = (plain[1] or plain[2] or "").strip(' "') if plain else ""
    return clean_name(text) if text else None


def _seconds(retry_after: str | None) -> float | None:
    """Retry-After is a number of seconds or a date (RFC 9110, 10.2.3)."""
    if not retry_after:
        return None
    if retry_after.strip().isdecimal():
        return float(retry_after.strip())
    try:
        return max(0.0, email.utils.parsedate_to_datetime(retry_after).timestamp() - time.time())
    except (ValueError, OverflowError):
        return None
