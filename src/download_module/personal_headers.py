"""What a site knows an account by goes to no other host: neither to a mirror elsewhere, nor along a redirect.

aria2 sends the headers of a transfer wherever its redirects lead, and can't be told otherwise. So such redirects are
followed here before, without these headers once they leave the host, and aria2 begins where they end.
"""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from urllib.parse import SplitResult, urljoin, urlsplit

import httpx
from loguru import logger

from core.errors import BossBotError
from download_module.extractors.direct_extractor import MAX_REDIRECTS, mapped_http_errors
from download_module.plan import Part
from download_module.way_out import WayOut
from download_module.web_client import web_client

Headers = tuple[tuple[str, str], ...]
PERSONAL = frozenset(("authorization", "cookie"))
AT_ONCE = 8  # requests
SAMPLE = 32  # segments of a stream that speak for all of their host
FIRST_BYTE = {"Range": "bytes=0-0", "Accept-Encoding": "identity"}


def headers_to(part: Part, uris: Sequence[str]) -> Headers:
    """The headers that may be sent to all of these addresses of a part."""
    if all(_at_home(uri, part.uris[0]) for uri in uris):
        return part.headers
    return without_personal(part.headers)


def without_personal(headers: Headers) -> Headers:
    """Those that any host may see."""
    return tuple(header for header in headers if header[0].lower() not in PERSONAL)


async def kept_at_home(parts: Mapping[int, Part], way_out: WayOut) -> dict[int, Part]:
    """The parts with personal headers whose redirects leave their host, as they are to be fetched; by position.

    Where the server does not answer, aria2 meets that itself.
    """
    groups: defaultdict[str, dict[int, Part]] = defaultdict(dict)
    for position, part in parts.items():
        if _is_personal(part):
            groups[urlsplit(part.uris[0]).netloc][position] = part
    if not groups:
        return {}
    found: dict[int, Part] = {}
    gate = asyncio.Semaphore(AT_ONCE)
    async with web_client(way_out) as client:
        for group in groups.values():
            positions = list(group)
            step = max(1, len(positions) // SAMPLE)
            first = {position: group[position] for position in positions[::step]}
            moved = await _moved(client, first, gate)
            if moved and step > 1:
                moved |= await _moved(client, {key: part for key, part in group.items() if key not in first}, gate)
            found |= moved
    return found


async def _moved(client: httpx.AsyncClient, parts: Mapping[int, Part], gate: asyncio.Semaphore) -> dict[int, Part]:
    async def moved(part: Part) -> Part | None:
        try:
            async with gate, mapped_http_errors():
                return await _settled(client, part)
        except BossBotError as error:
            logger.debug("nobody said where a part leads to: {}", error)
            return None

    results = await asyncio.gather(*map(moved, parts.values()))
    return {position: part for position, part in zip(parts, results, strict=True) if part is not None}


async def _settled(client: httpx.AsyncClient, part: Part) -> Part | None:
    """The part at the end of its redirects; None when they stay on its host, as far as they are followed."""
    url, left = part.uris[0], False
    for _ in range(MAX_REDIRECTS):
        headers = part.headers if _at_home(url, part.uris[0]) else without_personal(part.headers)
        answer = await client.send(client.build_request("GET", url, headers=dict(headers) | FIRST_BYTE), stream=True)
        await answer.aclose()
        if not answer.has_redirect_location:
            break
        try:
            url = urljoin(url, answer.headers["Location"])
        except ValueError:
            return None
        left = left or not _at_home(url, part.uris[0])
    if not left:
        return None
    headers = part.headers if _at_home(url, part.uris[0]) else without_personal(part.headers)
    # Its identity stays that of the address which the site named, so that bytes on disk are continued.
    return replace(part, uris=(url,), headers=headers)


def _is_personal(part: Part) -> bool:
    web = bool(part.uris) and part.uris[0].lower().startswith(("http://", "https://"))
    return web and not part.is_torrent and without_personal(part.headers) != part.headers


def _at_home(url: str, home: str) -> bool:
    """Whether both are the same host, and a secret is not sent in the clear that was meant for an encrypted way."""
    try:
        here, there = urlsplit(url), urlsplit(home)
        same = (here.hostname, _port(here)) == (there.hostname, _port(there))
        upgraded = here.hostname == there.hostname and (here.scheme, there.scheme) == ("https", "http")
    except ValueError:
        return False
    return (same and here.scheme == there.scheme) or upgraded


def _port(parts: SplitResult) -> int | None:
    return parts.port or {"http": 80, "https": 443}.get(parts.scheme)
