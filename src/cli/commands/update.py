"""`bossbotctl update`: newer yt-dlp and gallery-dl, checked, and put back when they don't work."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from cli.examples import examples
from cli.output import AsJson, notices, print_error, print_hint, print_json, results
from cli.updating.course import Change, Updated, update, what_is_new
from cli.updating.installer import Installer
from core.settings import Settings, read_settings

CHECK_TIMEOUT = 600.0  # seconds, for all checks together


def register(app: typer.Typer) -> None:
    """Give the program this command."""
    app.command(
        "update",
        epilog=examples(("update --check", "only say what is new"), ("update", "install it if it works")),
    )(update_)


def update_(
    check: Annotated[bool, typer.Option("--check", help="Only say what is new; change nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Bring yt-dlp and gallery-dl up to date, because sites change; everything else stays as it is.

    What is installed is checked: it must start, read a page of our own, and the links in UPDATE_CANARIES. If it does
    not, the former versions are put back. Runners need no restart: their next extraction uses what is installed.
    """
    settings = read_settings()
    installer = Installer()
    if check:
        news = what_is_new(installer)
        if as_json:
            print_json({"news": news})
        else:
            _print(news, "is new", "Everything is up to date.")
        raise typer.Exit(0)
    notices().print("Looking for newer versions, installing and checking them ...", style="dim")
    updated = update(installer, aside_directory(settings), lambda: canaries(settings, installer.python))
    if as_json:
        print_json(updated)
    else:
        _tell(updated)
    raise typer.Exit(1 if updated.faults else 0)


def aside_directory(settings: Settings) -> Path:
    """Where the former versions wait while the newer ones are checked."""
    return settings.data_dir / f"update-{os.getpid()}-{int(time.time())}"


def canaries(settings: Settings, python: str = sys.executable) -> list[str]:
    """The faults of the libraries as they are installed now; see pooler/canaries.py."""
    command = [python, "-m", "pooler.canaries", *settings.update_canaries]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=CHECK_TIMEOUT, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return [f"the checks did not end: {type(error).__name__}"]
    if done.returncode == 0:
        return []
    faults = [line for line in done.stdout.splitlines() if line.strip()]
    return faults or [f"the checks broke off: {(done.stderr.strip().splitlines() or ['no word of why'])[-1][:300]}"]


def _tell(updated: Updated) -> None:
    if not updated.faults:
        _print(updated.changes, "is installed", "Everything is up to date.")
        return
    for fault in updated.faults:
        print_error(fault)
    news = ", ".join(f"{change.name} {change.after}" for change in updated.changes)
    print_hint(f"{news} did not pass the checks, so the former versions were put back.")


def _print(changes: Sequence[Change], what: str, nothing: str) -> None:
    for change in changes:
        results().print(f"{change.name} {change.after} {what} (before: {change.before or 'none'}).", soft_wrap=True)
    if not changes:
        results().print(nothing)
