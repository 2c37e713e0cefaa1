"""Where things are printed: results on stdout, all else on stderr; JSON for scripts."""

import contextlib
import dataclasses
import json
import os
import sys
from typing import Annotated, Any

import typer
from loguru import logger
from rich.console import Console

from core.errors import ConfigurationError
from core.logs import setup_logging
from core.redaction import KNOWN, secrets_of
from core.settings import read_settings

PLAIN_WIDTH = 160  # columns where there is no terminal to ask

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts: bytes, seconds, UTC.")]


def results() -> Console:
    """The console of what was asked for."""
    return _console(stderr=False)


def notices() -> Console:
    """The console of everything that is not the result: progress, hints, errors."""
    return _console(stderr=True)


def _console(*, stderr: bool) -> Console:
    console = Console(stderr=stderr, highlight=False, markup=False, emoji=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = PLAIN_WIDTH
    return console


def is_live(console: Console) -> bool:
    """Whether lines that were printed can be drawn anew."""
    return console.is_terminal and not console.is_dumb_terminal


def print_json(data: Any) -> None:
    """Print dataclasses, lists and plain values as JSON."""
    typer.echo(json.dumps(data, indent=2, ensure_ascii=False, default=_as_plain))


def _as_plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    raise TypeError(f"{type(value).__name__} is no JSON")


def print_error(sentence: str) -> None:
    """Say on stderr what went wrong."""
    console = notices()
    console.print("error:", style="bold red", end=" ", soft_wrap=True)
    console.print(sentence, soft_wrap=True)


def print_hint(sentence: str) -> None:
    """Say on stderr what may help."""
    notices().print(sentence, style="dim", soft_wrap=True)


def set_up_logs(*, debug: bool) -> None:
    """Show warnings as one line each; with `debug` everything."""
    if debug:
        setup_logging("cli", level="DEBUG", style="human")
    with contextlib.suppress(ConfigurationError):  # told by the command that needs them
        KNOWN.learn(*secrets_of(read_settings()))
    if debug:
        return
    logger.remove()
    # Not sys.stderr itself: a live display puts itself in its place while it is drawn.
    logger.add(_to_stderr, level="WARNING", format="warning: {message}", diagnose=False)


def _to_stderr(line: str) -> None:
    sys.stderr.write(KNOWN.hide(line))
