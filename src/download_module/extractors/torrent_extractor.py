"""Magnets, .torrent files and metalinks: reads what can be known before a byte comes, and drops what is not allowed."""

import asyncio
import codecs
import contextlib
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, cast
from urllib.parse import parse_qsl, urlsplit

import httpx
import torf

from core.errors import BossBotError, ForbiddenTarget, MediaNotFound, TooLarge
from download_module.egress import Egress
from download_module.extractors import metalink
from download_module.extractors.base_extractor import ANYTHING, Wish
from download_module.extractors.direct_extractor import TIMEOUT, follow, mapped_http_errors
from download_module.names import clean_name
from download_module.plan import DownloadPlan, Kind, Output, Part
from download_module.torrent_files import chosen_files

MAX_METAINFO = 10 * 1024 * 1024  # bytes
MAX_FILES = 1000
MAX_ADDRESSES = 50  # trackers, mirrors
MAX_FIELDS = 200  # of a magnet link


class TorrentExtractor:
    """Plans one part that aria2c fetches from peers."""

    def __init__(self, egress: Egress) -> None:
        self._egress = egress

    async def extract(self, url: str, wish: Wish = ANYTHING) -> DownloadPlan:
        """See `Extractor`."""
        if url.lower().startswith("magnet:"):
            with _damaged("This magnet link is damaged. Copy it again."):
                return await self._magnet(url, wish)
        document = await self._fetch(url)
        if document.lstrip()[:1] == b"<" or document.startswith(codecs.BOM_UTF8):
            return await self._metalink(url, document, wish)
        with _damaged("This .torrent file is damaged."):
            return await self._torrent_file(url, await asyncio.to_thread(_read, document), wish)

    async def _magnet(self, url: str, wish: Wish) -> DownloadPlan:
        asked = parse_qsl(urlsplit(url).query, max_num_fields=MAX_FIELDS)
        topics = [value for name, value in asked if name == "xt" and value.lower().startswith("urn:btih:")]
        names = [value for name, value in asked if name == "dn"]
        trackers = await self._allowed([value for name, value in asked if re.fullmatch(r"tr(\.\d+)?", name)])
        # Built anew: web seeds, peers and sources that a stranger wrote into the link are left out.
        clean = torf.Magnet(topics[0] if topics else "", tr=trackers)
        clean.dn = title = clean_name(names[0] if names else clean.infohash)
        asked_for = wish.options.ranges
        identity = _identity(clean.infohash, asked_for)
        return _plan(url, title, Part(uris=(str(clean),), identity=identity, wanted=asked_for))

    async def _torrent_file(self, url: str, torrent: torf.Torrent, wish: Wish) -> DownloadPlan:
        torrent.trackers = await self._allowed([tracker for tier in torrent.trackers for tracker in tier])
        title = clean_name(torrent.name or torrent.infohash)
        files = [(str(file), file.size) for file in torrent.files]
        numbers = chosen_files(files, wish.options.ranges)
        some = numbers if len(numbers) < len(files) else ()
        part = Part(
            torrent=torrent.dump(validate=False),
            size=sum(files[number - 1][1] for number in numbers),
            identity=_identity(torrent.infohash, some),
            files=some,
        )
        return _plan(url, title, part)

    async def _metalink(self, url: str, document: bytes, wish: Wish) -> DownloadPlan:
        found = await asyncio.to_thread(metalink.outputs_of, document)
        outputs = tuple(output for number, output in enumerate(found, 1) if wish.options.takes(number))
        if not outputs:
            raise MediaNotFound(f"This metalink has only {len(found)} files. Ask for items up to {len(found)}.")
        outputs = tuple([replace(output, parts=(await self._reachable(*output.parts),)) for output in outputs])
        return DownloadPlan(source_url=url, extractor="metalink", title=outputs[0].filename, outputs=outputs)

    async def _fetch(self, url: str) -> bytes:
        async with mapped_http_errors(), httpx.AsyncClient(timeout=TIMEOUT, trust_env=False) as client:
            final = str((await follow(client, self._egress, url, {"Range": "bytes=0-0"})).url)
            body = bytearray()
            async with client.stream("GET", final) as answer:
                async for piece in answer.aiter_bytes():
                    body += piece
                    if len(body) > MAX_METAINFO:
                        raise TooLarge("This file is too large to be a torrent or a metalink.")
        return bytes(body)

    async def _reachable(self, part: Part) -> Part:
        allowed = await self._allowed(part.uris)
        if not allowed:
            raise ForbiddenTarget
        return replace(part, uris=tuple(allowed))

    async def _allowed(self, addresses: Sequence[Any]) -> list[str]:
        """Those of trackers or mirrors that may be reached."""
        allowed = []
        for address in map(str, addresses[:MAX_ADDRESSES]):
            try:
                await self._egress.check(address)
            except BossBotError:
                continue
            allowed.append(address)
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


def _identity(infohash: str, choice: Sequence[object]) -> str:
    """Equal for the same files of the same torrent: others would not be fetched into what is there."""
    return " ".join([infohash.lower(), *map(str, choice)])


def _plan(url: str, title: str, part: Part) -> DownloadPlan:
    output = Output(filename=title, kind=Kind.DOCUMENT, parts=(part,))
    return DownloadPlan(source_url=url, extractor="torrent", title=title, outputs=(output,))
