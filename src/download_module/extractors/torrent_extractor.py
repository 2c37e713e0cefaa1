"""Magnet links and .torrent files: reads what can be known before a peer is asked, and drops what is not allowed."""

import io
from typing import Any

import httpx
import torf

from core.errors import BossBotError, MediaNotFound, TooLarge
from download_module.egress import Egress
from download_module.extractors.direct_extractor import TIMEOUT, follow, mapped_http_errors
from download_module.names import clean_name
from download_module.plan import DownloadPlan, Kind, Output, Part

MAX_METAINFO = 10 * 1024 * 1024  # bytes
MAX_FILES = 1000


class TorrentExtractor:
    """Plans one part that aria2c fetches from peers."""

    def __init__(self, egress: Egress) -> None:
        self._egress = egress

    async def extract(self, url: str) -> DownloadPlan:
        """See `Extractor`."""
        if url.lower().startswith("magnet:"):
            return await self._magnet(url)
        return await self._torrent_file(url)

    async def _magnet(self, url: str) -> DownloadPlan:
        try:
            magnet = torf.Magnet.from_string(url)
        except torf.TorfError as error:
            raise MediaNotFound("This magnet link is damaged. Copy it again.") from error
        trackers = await self._allowed(list(magnet.tr or []))
        title = clean_name(magnet.dn or magnet.infohash)
        # Built anew: web seeds, peers and sources that a stranger wrote into the link are left out.
        clean = torf.Magnet(f"urn:btih:{magnet.infohash}", dn=title, tr=trackers)
        part = Part(uris=(str(clean),), size=None, identity=magnet.infohash.lower())
        return _plan(url, title, part)

    async def _torrent_file(self, url: str) -> DownloadPlan:
        torrent = _read(await self._fetch(url))
        if len(torrent.files) > MAX_FILES:
            raise TooLarge(f"This torrent has {len(torrent.files)} files; {MAX_FILES} are possible.")
        if any(".." in file.parts or file.is_absolute() for file in torrent.files):
            raise MediaNotFound("This torrent has file names that are not allowed.")
        torrent.trackers = await self._allowed([tracker for tier in torrent.trackers for tracker in tier])
        torrent.webseeds = None
        torrent.httpseeds = None
        title = clean_name(torrent.name or torrent.infohash)
        metainfo = torrent.dump(validate=False)
        return _plan(url, title, Part(uris=(), torrent=metainfo, size=torrent.size, identity=torrent.infohash.lower()))

    async def _fetch(self, url: str) -> bytes:
        with mapped_http_errors():
            async with httpx.AsyncClient(timeout=TIMEOUT, trust_env=False) as client:
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


def _read(metainfo: bytes) -> torf.Torrent:
    try:
        return torf.Torrent.read_stream(io.BytesIO(metainfo))
    except torf.TorfError as error:
        raise MediaNotFound("This .torrent file is damaged.") from error


def _plan(url: str, title: str, part: Part) -> DownloadPlan:
    output = Output(filename=title, kind=Kind.DOCUMENT, parts=(part,))
    return DownloadPlan(source_url=url, extractor="torrent", title=title, outputs=(output,))
