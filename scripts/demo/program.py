"""The command line of the demo, its end, and what it shows when something failed."""

import argparse
import asyncio
import io
import signal
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from loguru import logger
from rich.console import Console

from cli.units import visible
from core.errors import BossBotError
from scripts.demo.picture import record_demo
from scripts.demo.privacy import private_directory
from scripts.demo.tour import give_tour

LOG_LINES = 30  # of each log, shown when something failed
ENDING_SIGNALS = (signal.SIGTERM, signal.SIGHUP)
NEXT = """\
Compared by SHA-256; what was merged, packet by packet. Next, a link of yours:
  .venv/bin/bossbotctl fetch URL   the file comes into this directory
  make run                         the whole bot; README.md says how"""


def main() -> int:
    """Give the tour or record it; the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m scripts.demo", description="Fetch sample media from a site on this machine, and compare them."
    )
    parser.add_argument("--keep", action="store_true", help="keep the directory with files, database and logs")
    parser.add_argument("--svg", type=Path, metavar="FILE", help="record the demo as an animated picture")
    arguments = parser.parse_args()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a locale without the character is no reason to fail
    console = Console(file=sys.stdout, highlight=False, markup=False, emoji=False)
    try:
        if arguments.svg:
            return record_demo(arguments.svg)
        return _demonstrate(console, keep=arguments.keep)
    except KeyboardInterrupt:
        console.print("Stopped." if arguments.keep else "Stopped; nothing was left behind.")
        return 128 + signal.SIGINT
    except asyncio.CancelledError:
        return 128 + signal.SIGTERM


def _demonstrate(console: Console, *, keep: bool) -> int:
    logger.remove()  # all that is logged goes into the directory
    with private_directory(keep=keep) as directory:
        try:
            right = asyncio.run(_endable(give_tour(console, directory)))
        except Exception as error:  # noqa: BLE001 - whatever it is, the newcomer gets the reason and the logs
            right = False
            reason = str(error) if isinstance(error, BossBotError) else f"{type(error).__name__}: {error}"
            console.print(f"The demo failed: {reason}", style="bold red")
        if not right:
            _show_logs(console, directory)
        if keep:
            console.print(f"Everything is in {directory}", soft_wrap=True)
    if right:
        console.print(NEXT)
    return 0 if right else 1


async def _endable(tour: Coroutine[Any, Any, bool]) -> bool:
    """Make an order to end, and a terminal that is closed, what Ctrl-C is: cancellation."""
    task = asyncio.current_task()
    assert task is not None, "asyncio.run made one"
    for number in ENDING_SIGNALS:
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    return await tour


def _show_logs(console: Console, directory: Path) -> None:
    for log in sorted(directory.rglob("*.log")):
        if lines := log.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_LINES:]:
            console.print(f"--- the end of {log.relative_to(directory)}", style="dim")
            console.print("\n".join(map(visible, lines)), soft_wrap=True)
