"""`bossbotctl sites`: what works now, and what is left alone because it fails for everybody."""

from collections.abc import Sequence
from typing import Annotated

import typer
from rich import box
from rich.table import Table
from rich.text import Text

from cli.examples import examples
from cli.output import AsJson, print_json, results
from cli.session import open_session, run
from core.errors import RequestRefused
from core.site_board import SiteBoard, SiteState

HOUR = 3600.0


def register(app: typer.Typer) -> None:
    """Give the program this command."""
    app.command(
        "sites", epilog=examples(("sites", "the last 24 hours"), ("sites --release youtube", "let it be tried at once"))
    )(sites)


def sites(
    hours: Annotated[float, typer.Option("--hours", min=0.1, max=720, help="How far back.")] = 24,
    release: Annotated[str | None, typer.Option(help="Let downloads of this site go on at once.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show how each site does: what was tried, how much failed by fault of the site, and when it last worked."""

    async def command() -> int:
        async with open_session() as session:
            board = SiteBoard(session.database)
            if release is not None:
                if not await board.release(release):
                    raise RequestRefused(f"{release} is not left alone. `bossbotctl sites` shows what is.")
                results().print(f"Downloads of {release} go on.")
                return 0
            found = await board.read(window=hours * HOUR)
        if as_json:
            print_json(found)
        elif found:
            results().print(_table(found))
        else:
            results().print("No site was tried.", style="dim")
        return 0

    run(command())


def _table(found: Sequence[SiteState]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for column in ("Site", "State", "Failed", "Read by", "Last success", "Newest error"):
        table.add_column(column, overflow="fold")
    for one in found:
        table.add_row(
            Text(one.site),
            _state(one),
            f"{one.failed} of {one.tries}",
            Text(one.extractor or ""),
            one.last_success_at or "",
            Text(one.last_error or ""),
        )
    return table


def _state(one: SiteState) -> Text:
    if one.is_left_alone:
        word = "is tried" if one.state == "half-open" else f"left alone until {(one.probe_at or '')[11:16]} UTC"
        return Text(word, style="red")
    rate = one.failure_rate or 0.0
    return Text("works", style="green") if not rate else Text(f"{100 * rate:.0f} % fail", style="yellow")
