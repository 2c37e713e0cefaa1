"""Magnet links and .torrent files: reads what can be known before a peer is asked, and drops what is not allowed."""

import asyncio
import contextlib
import io
import re
from collections.abc import Iterator
from typing import Any, cast
from urllib.parse import parse_qsl, urlsplit

import httpx
import torf

from core.errors import BossBotError, MediaNotFound, TooLarge
from download_module.egress import Egress
from download_module.extractors.base_extractor import ANYTHING, Wish
from download_module.extractors.direct_extractor import TIMEOUT, follow, mapped_http_errors
from download_module.names import clean_name
from download_module.plan import DownloadPlan, Kind, Output, Part

MAX_METAINFO = 10 * 1024 * 1024  # bytes
MAX_FILES = 1000
MAX_FIELDS = 200  # of a magnet link


class TorrentExtractor:
    """Plans one part that aria2c fetches from peers."""

    def __init__(self, egress: Egress) -> None:
        self._egress = egress

    async def extract(self, url: str, wish: Wish = ANYTHING) -> DownloadPlan:
        """See `Extractor`."""
        if url.lower().startswith("magnet:"):
            with _damaged("This magnet link is damaged. Copy it again."):
                return await self._magnet(url)
        metainfo = await self._fetch(url)
        with _damaged("This .torrent file is damaged."):
            return await self._torrent_file(url, await asyncio.to_thread(_read, metainfo))

    async def _magnet(self, url: str) -> DownloadPlan:
        asked = parse_qsl(urlsplit(url).query, max_num_fields=MAX_FIELDS)
        topics = [value for name, value in asked if name == "xt" and value.lower().startswith("urn:btih:")]
        names = [value for name, value in asked if name == "dn"]
        trackers = await self._allowed([value for name, value in asked if re.fullmatch(r"tr(\.\d+)?", name)])
        # Built anew: web seeds, peers and sources that a stranger wrote into the link are left out.
        clean = torf.Magnet(topics[0] if topics else "", tr=trackers)
        clean.dn = title = clean_name(names[0] if names else clean.infohash)
        return _plan(url, title, Part(uris=(str(clean),), identity=clean.infohash.lower()))

    async def _torrent_file(self, url: str, torrent: torf.Torrent) -> DownloadPlan:
        torrent.trackers = await self._allowed([tracker for tier in torrent.trackers for tracker in tier])
        title = clean_name(torrent.name or torrent.infohash)
        metainfo = torrent.dump(validate=False)
        return _plan(url, title, Part(uris=(), torrent=metainfo, size=torrent.size, identity=torrent.infohash.lower()))

    async def _fetch(self, url: str) -> bytes:
        async with mapped_http_errors(), httpx.AsyncClient(timeout=TIMEOUT, trust_env=False) as client:
            final = str((await follow(client, self._egress, url, {"Range": "bytes=0-0"})).url)
            body = bytearray()
            async with client.stream("GET", final) as answer:
                async for piece in answer.aiter_bytes():
                    body += piece
                    if len(body) > MAX_METAINFO:
                        raise TooLarge("This .torrent file is too large to be one.")
        return bytes(body)

    async def _allowed(self, trackers: list[Any]) -> list[str]:
        allowed = []
        for tracker in map(str, trackers[:50]):
            try:
                await self._egress.check(tracker)
            except BossBotError:
                continue
            allowed.append(tracker)
        return allowed

    async def close(self) -> None:
        """See `Extractor`."""


def _read(metainfo: bytes) -> torf.Torrent:
    """The torrent; its number of files is looked at first, because the library takes seconds for very many."""
    torrent = torf.Torrent.read_stream(io.BytesIO(metainfo), validate=False)
    files = torrent.metainfo["info"].get("files", [])
    if len(files) > MAX_FILES:
        raise TooLarge(f"This torrent has {len(files)} files; {MAX_FILES} are possible.")
    torrent.validate()
    names = [torrent.name, *(name for file in files for name in file["path"])]
    if any(str(name) in ("", ".", "..") or "/" in str(name) for name in names):
        raise MediaNotFound("This torrent has file names that are not allowed.")
    top = cast("dict[str, Any]", torrent.metainfo)
    for key in set(top) - {"info", "announce", "announce-list"}:  # web seeds, nodes: addresses of strangers
        del top[key]
    return torrent


@contextlib.contextmanager
def _damaged(sentence: str) -> Iterator[None]:
    """What a stranger wrote may have any shape: whatever torf stumbles over is damaged."""
    try:
        yield
    except (torf.TorfError, LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise MediaNotFound(sentence) from error


def _plan(url: str, title: str, part: Part) -> DownloadPlan:
    output = Output(filename=title, kind=Kind.DOCUMENT, parts=(part,))
    return DownloadPlan(source_url=url, extractor="torrent", title=title, outputs=(output,))
