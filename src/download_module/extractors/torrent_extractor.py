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

import torf

from core.errors import BossBotError, ForbiddenTarget, MediaNotFound, TooLarge
from download_module.bounded_body import read_body
from download_module.egress import Egress
from download_module.extractors import metalink
from download_module.extractors.base_extractor import ANYTHING, Wish
from download_module.extractors.bencoding import look_through
from download_module.extractors.direct_extractor import USER_AGENT, follow, mapped_http_errors
from download_module.names import clean_name
from download_module.plan import DownloadPlan, Kind, Output, Part
from download_module.torrent_files import chosen_files
from download_module.way_out import WayOut
from download_module.web_client import web_client

MAX_METAINFO = 10 * 1024 * 1024  # bytes
MAX_FILES = 1000
MAX_ADDRESSES = 50  # trackers, mirrors
MAX_FIELDS = 200  # of a magnet link
MAX_NAME = 255  # bytes of a file's name, as most file systems have it
MAX_DEPTH = 32  # folders in folders
MAX_SIZE = 2**50  # bytes of one file


class TorrentExtractor:
    """Plans one part that aria2c fetches from peers."""

    def __init__(self, egress: Egress) -> None:
        self._egress = egress

    async def extract(self, url: str, wish: Wish = ANYTHING) -> DownloadPlan:
        """See `Extractor`."""
        if url.lower().startswith("magnet:"):
            with _damaged("This magnet link is damaged. Copy it again."):
                return await self._magnet(url, wish)
        document = await self._fetch(url, wish.way_out)
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

    async def _fetch(self, url: str, way_out: WayOut) -> bytes:
        async with mapped_http_errors(), web_client(way_out) as client:
            final = str((await follow(client, self._egress, url, {"Range": "bytes=0-0"})).url)
            headers = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity"}
            async with client.stream("GET", final, headers=headers) as answer:
                return await read_body(answer, MAX_METAINFO, _too_large)

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
    look_through(metainfo)
    torrent = torf.Torrent.read_stream(io.BytesIO(metainfo), validate=False)
    info = cast("dict[str, Any]", torrent.metainfo["info"])
    files = info.get("files", [])
    if len(files) > MAX_FILES:
        raise TooLarge(f"This torrent has {len(files)} files; {MAX_FILES} are possible.")
    torrent.validate()
    sizes = [file["length"] for file in files] if files else [info["length"]]
    if any(not isinstance(size, int) or not 0 <= size <= MAX_SIZE for size in sizes):
        raise MediaNotFound("This torrent has files of impossible sizes.")
    paths = [[info[key]] for key in ("name", "name.utf-8") if key in info]
    paths += [file[key] for file in files for key in ("path", "path.utf-8") if key in file]  # aria2 prefers the latter
    if any(not 0 < len(path) <= MAX_DEPTH or not all(map(_is_name, path)) for path in paths):
        raise MediaNotFound("This torrent has file names that are not allowed.")
    top = cast("dict[str, Any]", torrent.metainfo)
    for key in set(top) - {"info", "announce", "announce-list"}:  # web seeds, nodes: addresses of strangers
        del top[key]
    return torrent


def _is_name(said: object) -> bool:
    """Whether a file or folder may be called that on a disk: aria2 writes torrents under their own names."""
    name = said if isinstance(said, bytes) else str(said).encode(errors="surrogateescape")
    return 0 < len(name) <= MAX_NAME and name not in (b".", b"..") and not re.search(rb"[\x00-\x1f\x7f/\\]", name)


def _too_large() -> TooLarge:
    return TooLarge("This file is too large to be a torrent or a metalink.")


@contextlib.contextmanager
def _damaged(sentence: str) -> Iterator[None]:
    """What a stranger wrote may have any shape: whatever torf stumbles over is damaged."""
    try:
        yield
    except (
        torf.TorfError,
        LookupError,
        TypeError,
        ValueError,
        AttributeError,
        ArithmeticError,
        RecursionError,
    ) as error:
        raise MediaNotFound(sentence) from error


def _identity(infohash: str, choice: Sequence[object]) -> str:
    """Equal for the same files of the same torrent: others would not be fetched into what is there."""
    return " ".join([infohash.lower(), *map(str, choice)])


def _plan(url: str, title: str, part: Part) -> DownloadPlan:
    output = Output(filename=title, kind=Kind.DOCUMENT, parts=(part,))
    return DownloadPlan(source_url=url, extractor="torrent", title=title, outputs=(output,))
