"""Downloads as a table: the one rendering of `list`, `watch` and `fetch`."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from rich import box
from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from cli.states import WORKING, name_of, note_of, numbers_of, state_of
from cli.units import rough_duration, seconds_until, size
from core.models import Batch, Download, Status

BAR_WIDTH = 10  # columns; with the numbers beside it, it fits into 80
NO_BATCHES: Mapping[int, Batch] = {}


def downloads_table(
    downloads: Sequence[Download],
    moment: datetime,
    batches: Mapping[int, Batch] = NO_BATCHES,
    *,
    expand: bool = False,
) -> Table:
    """One row a download; what is worked on has a bar below its name, what failed the reason.

    Args:
        downloads: in the order of the rows.
        moment: the present.
        batches: how far those that are playlists are, by id.
        expand: as wide as the terminal.
    """
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.expand = expand
    table.add_column("ID", justify="right", no_wrap=True)
    table.add_column("State", no_wrap=True, min_width=11)
    table.add_column("Download", ratio=1, overflow="fold")
    table.add_column("Size", justify="right", no_wrap=True)
    table.add_column("Age", justify="right", no_wrap=True)
    for download in downloads:
        batch = batches.get(download.id)
        state = state_of(download, batch)
        table.add_row(
            str(download.id),
            Text(state.word, style=state.style),
            _told(download, moment, batch),
            size(download.file_size) if download.file_size else "",
            rough_duration(-seconds_until(download.added_at, moment)),
        )
    return table


def progress_line(download: Download) -> RenderableType:
    """A bar with the numbers beside it."""
    line = Table.grid(padding=(0, 1, 0, 0))
    line.add_column(width=BAR_WIDTH)
    line.add_column(overflow="fold")
    unknown = download.status is Status.EXTRACTING and not download.progress
    bar = ProgressBar(total=100, completed=download.progress, width=BAR_WIDTH, pulse=unknown)
    line.add_row(bar, Text(numbers_of(download), style="cyan"))
    return line


def _told(download: Download, moment: datetime, batch: Batch | None) -> RenderableType:
    below = "\u21b3 " if download.parent_id is not None else ""
    name = Text(f"{below}{name_of(download)}", no_wrap=True, overflow="ellipsis")
    if download.status in WORKING:
        return Group(name, progress_line(download))
    note = note_of(download, moment, batch)
    if note is None:
        return name
    return Group(name, Text(note, style="red" if download.status is Status.FAILED else "dim"))
