"""Whether database, runners and directories are fit to be used. Only looks: nothing is made or migrated."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from cli.checks.finding import Finding, bad, good, warning
from cli.runners import KINDS, alive_runners
from cli.session import open_database
from cli.units import rough_duration, size, visible
from core.database import Database, sqlite_path
from core.errors import ConfigurationError
from core.maintenance import Health, check_health, shown_url
from core.models import RunnerState
from core.queries import Queries, Runner
from core.settings import Settings

MIB = 1024 * 1024
LOW_DISK = 1024 * MIB
FULL_DISK = 100 * MIB


async def check_database(settings: Settings) -> list[Finding]:
    """The database, and which runners it knows to be alive."""
    try:
        path = sqlite_path(settings.database_url)
        if path is not None and not path.exists():
            return [warning("database", f"{path} is not there yet", "The first start makes it: `bossbotctl run`.")]
        async with open_database(settings) as database:
            health = await check_health(database)
            findings = [judge_health(health, shown_url(settings.database_url))]
            if health.revision == health.newest_revision:
                findings += await _check_runners(database, settings)
            return findings
    except ConfigurationError as error:
        return [bad("database", "can't be used", str(error))]
    except OSError as error:
        where = shown_url(settings.database_url)
        return [bad("database", f"{where} does not answer: {error}", "Start the server, or correct the URL.")]


def judge_health(health: Health, where: str) -> Finding:
    """What the health of a database means."""
    faults = [*health.integrity, *health.foreign_keys]
    if faults:
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        told = f"{where} is damaged: {faults[0]}{more}"
        return bad("database", told, "Stop all processes and use `bossbotctl db restore`.")
    if health.revision is None:
        return warning("database", f"{where} is empty", "The first start fills it, or `bossbotctl db upgrade`.")
    if health.revision != health.newest_revision:
        schemas = f"schema {health.revision}, this version needs {health.newest_revision}"
        return warning("database", f"{where} has {schemas}", "Any start migrates it, or `bossbotctl db upgrade`.")
    return good("database", f"{where}, schema {health.revision}, no damage found")


async def _check_runners(database: Database, settings: Settings) -> list[Finding]:
    alive = await alive_runners(Queries(database), settings)
    findings = []
    for kind in KINDS:
        mine = [runner for runner in alive if runner.kind == kind]
        name = f"{kind} runner"
        if mine:
            told = ", ".join(
                f"process {runner.pid}, {_state(runner)}, last sign of life {rough_duration(runner.seconds_silent)} ago"
                for runner in mine
            )
            waits = any(runner.state is RunnerState.WAITING for runner in mine)
            goes_on = "It goes on by itself once that is mended."
            findings.append(warning(name, told, goes_on) if waits else good(name, told))
        else:
            findings.append(warning(name, "none is alive", "Start both with `bossbotctl run`; `fetch` starts its own."))
    return findings


def _state(runner: Runner) -> str:
    return f"{runner.state} ({visible(runner.note)})" if runner.note else runner.state


def check_directories(settings: Settings) -> Iterator[Finding]:
    """The directories that are written to, and the room on their disks."""
    for name, directory in (
        ("DOWNLOAD_DIR", settings.download_dir),
        ("DELIVERY_DIR", settings.delivery_path),
        ("BOSS_BOT_DATA_DIR", settings.data_dir),
    ):
        yield check_directory(name, directory)


def check_directory(name: str, directory: Path) -> Finding:
    """One directory, or the place where it will be made."""
    there = next(path for path in (directory.absolute(), *directory.absolute().parents) if path.exists())
    if not there.is_dir():
        return bad(name, f"{there} is a file", f"Move it away, or set {name}.")
    if not os.access(there, os.W_OK | os.X_OK):
        return bad(name, f"{there} is not writable", f"Give this user the right to write there, or set {name}.")
    return judge_room(name, directory, shutil.disk_usage(there).free)


def judge_room(name: str, directory: Path, free: int) -> Finding:
    """What so many free bytes mean."""
    found = f"{directory}, {size(free)} free"
    if free < FULL_DISK:
        return bad(name, found, "Make room: downloads fail without it.")
    return warning(name, found, "Make room soon.") if free < LOW_DISK else good(name, found)
