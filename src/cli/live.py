"""Downloads that move: drawn anew on a terminal, one line for each change elsewhere."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from cli.output import is_live
from cli.states import WORKING, line_of, state_of
from cli.tables import downloads_table
from cli.units import now
from core.models import Batch, Download

LINES_A_DOWNLOAD = 2


class Display(Protocol):
    """Something that shows how downloads move on."""

    def show(self, downloads: Sequence[Download], batches: Mapping[int, Batch]) -> None:
        """Show them as they are now; `batches` are how far the playlists among them are, by id."""
        ...


class LiveTable:
    """A table at the foot of the terminal that is drawn anew."""

    def __init__(self, live: Live) -> None:
        self._live = live

    def show(self, downloads: Sequence[Download], batches: Mapping[int, Batch]) -> None:
        """See `Display`."""
        self._live.update(_fitting(downloads, batches, now(), self._live.console.height), refresh=True)


def _fitting(
    downloads: Sequence[Download], batches: Mapping[int, Batch], moment: datetime, height: int
) -> RenderableType:
    room = max(1, (height - 4) // LINES_A_DOWNLOAD)  # a head of two lines, a foot, the prompt
    table = downloads_table(downloads[:room], moment, batches, expand=True)  # else it would jump with every name
    hidden = len(downloads) - room
    return Group(table, Text(f"... and {hidden} more", style="dim")) if hidden > 0 else table


class Lines:
    """One line for each download whose state or activity changed."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._shown: dict[int, tuple[str | None, ...]] = {}

    def show(self, downloads: Sequence[Download], batches: Mapping[int, Batch]) -> None:
        """See `Display`."""
        for download in downloads:
            batch = batches.get(download.id)
            activity = download.activity if download.status in WORKING else download.error
            told = (state_of(download, batch).word, activity, download.title)
            if self._shown.get(download.id) != told:
                self._shown[download.id] = told
                self._console.print(line_of(download, now(), batch), soft_wrap=True)


@contextlib.contextmanager
def display_on(console: Console) -> Iterator[Display]:
    """The display that fits the console."""
    if not is_live(console):
        yield Lines(console)
        return
    with Live(console=console, auto_refresh=False, transient=False, vertical_overflow="crop") as live:
        yield LiveTable(live)
