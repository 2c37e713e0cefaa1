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

from cli.checks.finding import Finding, Verdict, bad, good, warning
from core.children import built_environment
from core.errors import ConfigurationError
from core.version_floors import FLOORS, SQLITE, VERSION_TIMEOUT, YT_DLP, Floor, Source, below

OLDEST_PYTHON = (3, 11)
OLDEST_SQLITE = (3, 37, 0)  # STRICT tables


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
    for package in ("yt-dlp", "gallery-dl", "playwright", "discord.py"):
        yield check_package(package)
    yield from check_quiet_packages()


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
    return judge_version(SQLITE, shown, good("SQLite", shown))


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
            env=built_environment(),
        )
    except (OSError, subprocess.SubprocessError) as error:
        return bad(program.name, f"{path} does not run: {error}", f"{_installation(program)} Or repair it.")
    found = re.search(r"\d+(\.\d+)+", done.stdout)
    finding = good(program.name, f"{found[0] if found else 'unknown version'} ({path})")
    floor = _floor_of(program.name)
    return finding if floor is None else judge_version(floor, done.stdout.partition("\n")[0], finding)


def judge_version(floor: Floor, found: str, finding: Finding) -> Finding:
    """The finding, or what is wrong with a version of which holes are known."""
    if not below(floor, found):
        return finding
    report = bad if floor.grave else warning
    return report(finding.name, finding.found, f"Below {floor.shown}: {floor.reason}. {floor.advice}")


def _floor_of(name: str) -> Floor | None:
    return next((floor for floor in FLOORS if floor.name.lower() == name.lower()), None)


def _installation(program: Program) -> str:
    return f"Install it: `apt install {program.debian}` or `brew install {program.brew}`."


def check_package(name: str) -> Finding:
    """A package of Python."""
    try:
        found = version(name)
    except PackageNotFoundError:
        return bad(name, "not installed", f"Install it: `pip install {name}`, or make the environment anew.")
    floor = _floor_of(name)
    return good(name, found) if floor is None else judge_version(floor, found, good(name, found))


def check_quiet_packages() -> Iterator[Finding]:
    """Packages that nobody asks about, where they are older than they should be."""
    for floor in FLOORS:
        if floor.source is Source.PACKAGE and floor is not YT_DLP:
            finding = check_package(floor.name)
            if finding.verdict is not Verdict.GOOD:
                yield finding
