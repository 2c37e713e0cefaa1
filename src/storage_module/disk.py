"""What lies below DOWNLOAD_DIR, as it is found there; blocking, for threads."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from loguru import logger

from core.layout import STAGING, Layout, is_day, may_be_guild

_STAGED = re.compile(r"(\d+)-\d+")
_ASIDE = re.compile(r"\d+\.kept-\d+")
_STRAY = re.compile(r"\.boss-bot-(\d+)-\d+-\d+\.part")


@dataclass(frozen=True, slots=True)
class Found:
    """A directory, or a file, of a download."""

    path: Path
    download_id: int


def homes(layout: Layout) -> Iterator[Found]:
    """The directories of finished files, in new and old places."""
    for first in _guilds(layout):
        if layout.is_home(first):
            yield Found(first, int(first.name))
            continue
        for day in _days(first):
            yield from (Found(path, int(path.name)) for path in _directories(day) if layout.is_home(path))


def staged(layout: Layout) -> Iterator[Found]:
    """The directories of work in progress."""
    for path in _directories(layout.root / STAGING):
        if named := _STAGED.fullmatch(path.name):
            yield Found(path, int(named[1]))


def epoch_of(staged: Path) -> int:
    """The epoch of the claim that a directory of work in progress belongs to."""
    return int(staged.name.rpartition("-")[2])


def put_aside(layout: Layout) -> Iterator[Path]:
    """What stood in the way of a download and was not its own: `<id>.kept-1`."""
    yield from (path for path in _directories(layout.root) if _ASIDE.fullmatch(path.name))
    for guild in _guilds(layout):
        for day in _days(guild):
            yield from (path for path in _directories(day) if _ASIDE.fullmatch(path.name))


def strays(directory: Path) -> Iterator[Found]:
    """Half copies that a dead runner left where files are delivered to."""
    for entry in _entries(directory):
        if (named := _STRAY.fullmatch(entry.name)) and entry.is_file(follow_symlinks=False):
            yield Found(Path(entry.path), int(named[1]))


def empty_shelves(layout: Layout) -> Iterator[Path]:
    """Days and guilds without a download, the days first."""
    for first in _guilds(layout):
        yield from (day for day in _days(first) if not any(_entries(day)))
        if not any(_entries(first)):
            yield first


def size_of(path: Path) -> int:
    """Bytes of a file, or of all files in a directory."""
    if path.is_file():
        return path.lstat().st_size
    total = 0
    for directory, _, names in os.walk(path):
        for name in names:
            try:
                total += (Path(directory) / name).lstat().st_size
            except (FileNotFoundError, PermissionError):  # somebody works there, or keeps it to himself
                continue
    return total


def _guilds(layout: Layout) -> list[Path]:
    """What can be ours below the root; also old places, which have names like guilds."""
    return [path for path in _directories(layout.root) if may_be_guild(path.name)]


def _days(guild: Path) -> list[Path]:
    return [path for path in _directories(guild) if is_day(path.name)]


def _directories(path: Path) -> list[Path]:
    return sorted(Path(entry.path) for entry in _entries(path) if entry.is_dir(follow_symlinks=False))


def _entries(path: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(path) as found:
            return list(found)
    except (FileNotFoundError, NotADirectoryError):  # gone meanwhile
        return []
    except OSError as error:  # somebody else's, or a fault of the disk: all the other places are looked at
        logger.debug("could not look into {}: {}", path, error.strerror)
        return []
