"""How one link ended, and the table of all."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.states import state_of
from cli.units import size, visible
from core.models import Download, MediaFile, Status
from scripts.demo.comparing import is_identical
from scripts.demo.site import Sample


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A link, how long it took, and what came of it."""

    what: str
    name: str  # of the delivered file
    bytes: int
    seconds: float
    fault: str | None  # a sentence; None when the file was delivered and equals its original


async def judge(sample: Sample, download: Download, files: Sequence[MediaFile], seconds: float) -> Outcome:
    """Compare what was delivered with what lies on the site."""
    fault, name = None, ""
    if download.status is not Status.UPLOADED:
        fault = f"It ended as {state_of(download).word}: {download.error or 'nobody said why.'}"
    elif len(files) != 1:
        fault = f"{len(files)} files were delivered instead of one."
    else:
        delivered = Path(files[0].path)
        name = delivered.name
        if not await asyncio.to_thread(is_identical, delivered, sample.originals):
            fault = f"{name} differs from its original."
    return Outcome(what=sample.what, name=name, bytes=sum(file.bytes for file in files), seconds=seconds, fault=fault)


def print_outcomes(console: Console, outcomes: Sequence[Outcome]) -> None:
    """The table, what the comparison means, and the reason of each fault."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("Link to")
    table.add_column("Delivered file", overflow="fold")
    for heading in ("Size", "Time"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("Compared", no_wrap=True)
    for outcome in outcomes:
        verdict = Text("✔ identical", style="green") if outcome.fault is None else Text("✘ wrong", style="bold red")
        table.add_row(outcome.what, visible(outcome.name), size(outcome.bytes), f"{outcome.seconds:.1f} s", verdict)
    console.print(table)
    console.print()
    for outcome in outcomes:
        if outcome.fault is not None:
            console.print(Text(f"{outcome.what}: {visible(outcome.fault)}", style="red"))
