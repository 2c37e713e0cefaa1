"""Versions below which a known hole is open, in one table: `doctor` names them, and each process does at its start.

`pyproject.toml` asks for the same floors of Python's packages; a test holds the two against each other.
"""

import asyncio
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, version

from loguru import logger

from core.children import built_environment

VERSION_TIMEOUT = 20.0  # seconds; a program that starts cold on a busy machine takes a few

Version = tuple[int, ...]


class Source(StrEnum):
    """Where a version is read."""

    PACKAGE = "package"  # of Python
    PROGRAM = "program"  # of the system; asked with `-version`
    LIBRARY = "library"  # SQLite, as Python was built with it


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """The first version without known holes that concern us."""

    name: str
    source: Source
    safe: Version
    reason: str  # what is wrong with older ones
    advice: str  # what to do
    grave: bool = False  # whoever posts a link may use it: not only a warning

    @property
    def shown(self) -> str:
        """The version as its makers write it."""
        if self.name == "yt-dlp":
            year, month, day = self.safe
            return f"{year}.{month:02}.{day:02}"
        return ".".join(map(str, self.safe))


YT_DLP = Floor(
    name="yt-dlp",
    source=Source.PACKAGE,
    safe=(2026, 7, 4),
    reason="a page can attack older releases (CVE-2026-55404, CVE-2026-50574)",
    advice="Update it: `pip install -U yt-dlp`, or make the environment anew.",
    grave=True,
)
SQLITE = Floor(
    name="SQLite",
    source=Source.LIBRARY,
    safe=(3, 51, 3),
    # https://sqlite.org/wal.html#walresetbug: rare, with several connections to one file, which is what we do.
    reason="SQLite 3.7.0 to 3.51.2 can, very rarely, corrupt a database that several processes write (the WAL-reset "
    "bug, fixed in 3.51.3)",
    advice="Use a newer SQLite, or make backups with `bossbotctl db backup FILE`.",
)
FFMPEG = Floor(
    name="ffmpeg",
    source=Source.PROGRAM,
    safe=(8, 1, 3),
    reason="a file can attack older releases (CVE-2026-107697, CVE-2026-107695), unless your system mended its own",
    advice="Install a newer one, on Debian from backports: `apt install -t $(. /etc/os-release && echo "
    "$VERSION_CODENAME)-backports ffmpeg`. It runs in a sandbox here, which limits the harm.",
)
PILLOW = Floor(
    name="pillow",
    source=Source.PACKAGE,
    safe=(13, 0, 0),
    reason="a picture can attack older releases (CVE-2026-96639, and JPEG in GHSA-5x8w-8jj5-q52h)",
    advice="Update it: `pip install -U pillow`, or make the environment anew.",
    grave=True,
)
AIOHTTP = Floor(
    name="aiohttp",
    source=Source.PACKAGE,
    safe=(3, 14, 1),
    reason="older releases send cookies on to other hosts and can be kept busy by a server (CVE-2026-47265 and others)",
    advice="Update it: `pip install -U aiohttp`, or make the environment anew.",
)
CURL_CFFI = Floor(
    name="curl-cffi",
    source=Source.PACKAGE,
    safe=(0, 15, 0),
    reason="older releases follow a page to addresses of this network (CVE-2026-33752)",
    advice="Update it: `pip install -U curl-cffi`, or make the environment anew.",
)
H11 = Floor(
    name="h11",
    source=Source.PACKAGE,
    safe=(0, 16, 0),
    reason="older releases read chunked bodies that others read differently (CVE-2025-43859)",
    advice="Update it: `pip install -U h11`, or make the environment anew.",
)

FLOORS = (SQLITE, FFMPEG, YT_DLP, PILLOW, AIOHTTP, CURL_CFFI, H11)
# What each kind of process works with.
BOT = (SQLITE, AIOHTTP)
DOWNLOAD = (SQLITE, FFMPEG, YT_DLP, CURL_CFFI, H11)
UPLOAD = (SQLITE, FFMPEG, PILLOW, AIOHTTP)


def below(floor: Floor, found: str) -> bool:
    """Whether a version, as it calls itself, is older than it should be. One without numbers is not."""
    return floor.safe > numbers if (numbers := parsed(found)) else False


def parsed(text: str) -> Version:
    """The numbers of the first version in a text, filled up to three; none when there is none.

    A build from ffmpeg's repository (`N-120000-g0123abc`) has none.
    """
    found = re.search(r"(?<![\w.-])n?(\d+(?:\.\d+)+)", text)
    numbers = tuple(map(int, found[1].split("."))) if found else ()
    return numbers + (0,) * (3 - len(numbers)) if numbers else ()


def version_of(floor: Floor) -> str | None:
    """What is installed; None when it is not, or does not tell."""
    match floor.source:
        case Source.LIBRARY:
            return sqlite3.sqlite_version
        case Source.PACKAGE:
            try:
                return version(floor.name)
            except PackageNotFoundError:
                return None
        case Source.PROGRAM:
            return _program_version(floor.name)


def warn_of_old_versions(floors: Collection[Floor]) -> None:
    """One line in the log for all that is older than it should be; none when nothing is."""
    if told := [f"{floor.name} {found} (safe from {floor.shown}: {floor.reason})" for floor, found in old(floors)]:
        logger.warning("versions with known holes: {}; `bossbotctl doctor` says what to do", "; ".join(told))


async def warn_in_passing(floors: Collection[Floor]) -> None:
    """The same without holding up the start: programs take a moment to say their version."""
    await asyncio.to_thread(warn_of_old_versions, floors)


def old(floors: Collection[Floor]) -> Iterator[tuple[Floor, str]]:
    """What is installed and older than it should be, with its version."""
    for floor in floors:
        found = version_of(floor)
        if found is not None and below(floor, found):
            yield floor, found


def _program_version(name: str) -> str | None:
    path = shutil.which(name)
    if path is None:
        return None
    try:
        done = subprocess.run(
            [path, "-version"],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=VERSION_TIMEOUT,
            check=True,
            env=built_environment(),
        )
    except (OSError, subprocess.SubprocessError):
        return None
    line = done.stdout.partition("\n")[0].removeprefix(f"{name} version ")
    return line.partition(" ")[0] or None
