"""Which pages yt-dlp and gallery-dl know: their own patterns, without importing either of them.

The libraries are imported once, each by a short-lived child that prints its patterns; the answer is kept in a file
named after the library's version. A URL is then tried against the few patterns whose clues it contains.
"""

import asyncio
import hashlib
import json
import os
import re
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from loguru import logger
from pydantic import BaseModel, ValidationError

from core.children import built_environment, end_child, start_child
from core.models import UrlType
from core.package_lock import packages_at_rest
from core.sandbox import Files, Network

FORMAT = 1  # of the files; raised when what stands in them changes
MAX_URL = 2048  # characters; longer ones are not tried: some patterns take time that grows with the square
LONG = 1500  # characters; such patterns list hundreds of hosts, and are compiled at the start: it takes up to 0.1 s
TIMEOUT = 120.0  # seconds for a child; it takes two on a quiet machine
MEMORY = 1024 * 1024 * 1024  # bytes of address space for a child
# What gallery-dl calls pages of moving pictures or sound: there yt-dlp comes first when both know a page. Everywhere
# else gallery-dl does, because it takes the pictures and the videos of a post.
MOVING = frozenset(("video", "videos", "audio", "media", "movies", "spotlight", "newvideo", "user-videos", "vmpost"))
LIBRARIES = {
    UrlType.YTDLP: ("yt-dlp", "download_module.extractors.ytdlp_patterns_child"),
    UrlType.GALLERYDL: ("gallery-dl", "download_module.extractors.gallerydl_patterns_child"),
}


class Dump(BaseModel):
    """What a child prints; see `pattern_clues`."""

    patterns: list[tuple[str, str]]  # name and regular expression, in the library's order
    clues: dict[str, list[int]]
    always: list[int]


class LibraryMatcher:
    """The patterns of one library."""

    def __init__(self, dump: Dump) -> None:
        self._dump = dump
        self._clue_length = len(next(iter(dump.clues), "clue"))
        self._compiled: dict[int, re.Pattern[str]] = {}
        for position, (_, pattern) in enumerate(dump.patterns):
            if position in dump.always or len(pattern) > LONG:
                self._pattern(position)

    def owner(self, url: str) -> str | None:
        """The library's name for pages like this, None when it does not know them."""
        if len(url) > MAX_URL:
            return None
        text, length, clues = url.lower(), self._clue_length, self._dump.clues
        tried = set(self._dump.always)
        for start in range(len(text) - length + 1):
            tried.update(clues.get(text[start : start + length], ()))
        for position in sorted(tried):
            if self._pattern(position).match(url):
                return self._dump.patterns[position][0]
        return None

    def _pattern(self, position: int) -> re.Pattern[str]:
        if position not in self._compiled:
            self._compiled[position] = re.compile(self._dump.patterns[position][1])
        return self._compiled[position]


class LibraryPatterns:
    """The patterns of both libraries."""

    def __init__(self, matchers: Mapping[UrlType, LibraryMatcher]) -> None:
        self._matchers = matchers

    def owners(self, url: str) -> tuple[UrlType, ...]:
        """The libraries that know a page, the one to ask first in front."""
        names = {library: matcher.owner(url) for library, matcher in self._matchers.items()}
        owners = [library for library in (UrlType.GALLERYDL, UrlType.YTDLP) if names.get(library)]
        kind = (names.get(UrlType.GALLERYDL) or "").partition(":")[2]
        return tuple(reversed(owners) if kind in MOVING else owners)

    def missing(self) -> list[UrlType]:
        """The libraries that could not be asked."""
        return [library for library in LIBRARIES if library not in self._matchers]


async def load_patterns(
    cache_dir: Path,
    *,
    inherit: Sequence[int] = (),
    instances: Mapping[str, Any] | None = None,
    memory_bytes: int = MEMORY,
) -> LibraryPatterns | None:
    """Read both libraries' patterns, from files of an earlier start or from the libraries.

    Args:
        cache_dir: where the files are kept.
        inherit: descriptors that the children keep open.
        instances: more hosts for gallery-dl, by its own name for their software, as its configuration has them:
            `{"mastodon": {"my.example": {"root": "https://my.example"}}}`.
        memory_bytes: address space for each child.

    Returns:
        None when neither library could be asked; the log says why.
    """
    matchers = {}
    for library, (package, module) in LIBRARIES.items():
        request = json.dumps(instances or {} if library is UrlType.GALLERYDL else {}, sort_keys=True)
        digest = hashlib.sha256(request.encode()).hexdigest()[:8]
        path = cache_dir / f"{package}-{version(package)}-{digest}-{FORMAT}.json"
        try:
            dump = _read(path) or await _ask(module, request, path, inherit, memory_bytes)
        except (OSError, TimeoutError, ValidationError, ValueError) as error:
            logger.bind(library=package).warning("pages that only this library knows are not recognised: {}", error)
            continue
        matchers[library] = await asyncio.to_thread(LibraryMatcher, dump)
    return LibraryPatterns(matchers) if matchers else None


def _read(path: Path) -> Dump | None:
    try:
        return Dump.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None


async def _ask(module: str, request: str, path: Path, inherit: Sequence[int], memory_bytes: int) -> Dump:
    await packages_at_rest()
    child = await start_child(
        (sys.executable, "-m", module),
        env=built_environment(HOME="/nonexistent", PYTHONSAFEPATH="1"),
        inherit=inherit,
        network=Network.NONE,
        files=Files(),
        memory_bytes=memory_bytes,
        outlives_us=False,  # busy for seconds, in which its lock would say that we live
        stdin=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(TIMEOUT):
            out, said = await child.communicate(request.encode())
    finally:
        await asyncio.shield(end_child(child))
    if child.returncode:
        raise OSError(f"its child ended with {child.returncode}: {said.decode(errors='replace')[-1000:]}")
    dump = Dump.model_validate_json(out)
    _keep(path, out)
    return dump


def _keep(path: Path, content: bytes) -> None:
    """Write the file in one step; without it the next start only takes longer."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(f".{os.getpid()}")
        unfinished.write_bytes(content)
        unfinished.replace(path)
    except OSError as error:
        logger.warning("patterns of {} could not be kept: {}", path.name, error)
