"""Whether the programs and packages that Boss-Bot needs are installed, and fit to be used."""

import platform
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from cli.checks.finding import Finding, bad, good, warning
from core.errors import ConfigurationError

VERSION_TIMEOUT = 20.0  # seconds; a browser that starts cold on a busy machine takes a few
OLDEST_PYTHON = (3, 11)
OLDEST_SQLITE = (3, 37, 0)  # STRICT tables
# https://sqlite.org/wal.html#walresetbug: rare, with several connections to one file, which is what we do.
WAL_RESET_BUG = ((3, 7, 0), (3, 51, 2))
SAFE_YT_DLP = (2026, 7, 4)  # CVE-2026-55404


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A program of the system: how it tells its version, its packages, and what fails without it."""

    name: str
    version_option: str
    debian: str
    brew: str
    without: str
    needed: bool = True
    also: tuple[str, ...] = ()  # other names of it


ARIA2C = Program(
    name="aria2c", version_option="--version", debian="aria2", brew="aria2", without="nothing can be fetched"
)
PROGRAMS = (
    ARIA2C,
    Program(
        name="ffmpeg", version_option="-version", debian="ffmpeg", brew="ffmpeg", without="video can't be put together"
    ),
    Program(
        name="ffprobe", version_option="-version", debian="ffmpeg", brew="ffmpeg", without="media can't be checked"
    ),
    Program(
        name="chromium",
        version_option="--version",
        debian="chromium",
        brew="--cask chromium",
        without="pages that need a browser can't be read",
        needed=False,
        also=("chromium-browser", "google-chrome", "google-chrome-stable"),
    ),
)


def check_programs() -> Iterator[Finding]:
    """Python, SQLite, the system's programs, Python's packages."""
    yield check_python(sys.version_info[:3])
    yield check_sqlite(sqlite3.sqlite_version_info)
    for program in PROGRAMS:
        yield check_program(program)
    yield check_yt_dlp()
    for package in ("gallery-dl", "playwright", "discord.py"):
        yield check_package(package)


def require_programs() -> None:
    """Raise a ConfigurationError when nothing could be fetched at all."""
    if shutil.which(ARIA2C.name) is None:
        raise ConfigurationError(f"{ARIA2C.name} is not installed: {ARIA2C.without}. {_installation(ARIA2C)}")


def check_python(found: tuple[int, ...]) -> Finding:
    """The interpreter."""
    shown = ".".join(map(str, found))
    if found < OLDEST_PYTHON:
        return bad("Python", shown, "Python 3.11 or newer is needed.")
    return good("Python", f"{shown} ({platform.system()} {platform.machine()})")


def check_sqlite(found: tuple[int, ...]) -> Finding:
    """The SQLite library that Python was built with."""
    shown = ".".join(map(str, found))
    if found < OLDEST_SQLITE:
        return bad("SQLite", shown, "SQLite 3.37 or newer is needed: use a newer Python or system.")
    if WAL_RESET_BUG[0] <= found <= WAL_RESET_BUG[1]:
        return warning(
            "SQLite",
            shown,
            "SQLite 3.7.0 to 3.51.2 can, very rarely, corrupt a database that several processes write (the WAL-reset "
            "bug, fixed in 3.51.3). Use a newer SQLite, or make backups with `bossbotctl db backup FILE`.",
        )
    return good("SQLite", shown)


def check_program(program: Program) -> Finding:
    """A program of the system."""
    names = (program.name, *program.also)
    path = next((path for name in names if (path := shutil.which(name))), None)
    if path is None:
        report = bad if program.needed else warning
        return report(program.name, f"not installed: {program.without}", _installation(program))
    try:
        done = subprocess.run(
            [path, program.version_option],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=VERSION_TIMEOUT,
            check=True,
        )
    except (OSError, subprocess.SubprocessError) as error:
        return bad(program.name, f"{path} does not run: {error}", f"{_installation(program)} Or repair it.")
    found = re.search(r"\d+(\.\d+)+", done.stdout)
    return good(program.name, f"{found[0] if found else 'unknown version'} ({path})")


def _installation(program: Program) -> str:
    return f"Install it: `apt install {program.debian}` or `brew install {program.brew}`."


def check_yt_dlp() -> Finding:
    """Old releases have holes."""
    finding = check_package("yt-dlp")
    numbers = tuple(int(part) for part in re.findall(r"\d+", finding.found)[:3])
    if numbers and numbers < SAFE_YT_DLP:
        return bad("yt-dlp", finding.found, "Releases before 2026.07.04 can be attacked by a page: update it.")
    return finding


def check_package(name: str) -> Finding:
    """A package of Python."""
    try:
        return good(name, version(name))
    except PackageNotFoundError:
        return bad(name, "not installed", f"Install it: `pip install {name}`, or make the environment anew.")
