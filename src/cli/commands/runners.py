"""`bossbotctl runners`: the processes that work on this database."""

from collections.abc import Sequence

import typer
from rich import box
from rich.table import Table
from rich.text import Text

from cli.examples import examples
from cli.output import AsJson, print_json, results
from cli.runners import is_alive
from cli.session import open_session, run
from cli.units import rough_duration, visible
from core.models import RunnerState
from core.queries import Runner
from core.settings import Settings

STYLES = {
    RunnerState.STARTING: "cyan",
    RunnerState.READY: "green",
    RunnerState.WAITING: "yellow",
    RunnerState.STOPPING: "dim",
}


def register(app: typer.Typer) -> None:
    """Give the program this command."""
    app.command("runners", epilog=examples(("runners", "who works, and what they wait for")))(runners)


def runners(as_json: AsJson = False) -> None:
    """Show the processes of Boss-Bot: how each is, what it waits for, and how many downloads it holds."""

    async def command() -> int:
        async with open_session() as session:
            found = await session.queries.runners()
            if as_json:
                print_json(found)
            elif found:
                results().print(_table(found, session.settings))
            else:
                results().print("No process has signed on. Start them with `bossbotctl run`.")
        return 0

    run(command())


def _table(found: Sequence[Runner], settings: Settings) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for heading in ("Kind", "PID"):
        table.add_column(heading, no_wrap=True)
    table.add_column("Host", overflow="fold")
    table.add_column("State", overflow="fold", ratio=1)
    table.add_column("Seen", justify="right", no_wrap=True)
    table.add_column("Rows", justify="right", no_wrap=True)
    for one in found:
        seen = f"{rough_duration(one.seconds_silent)} ago"
        table.add_row(one.kind, str(one.pid), visible(one.host), _state(one, settings), seen, str(one.rows or ""))
    return table


def _state(one: Runner, settings: Settings) -> Text:
    if not is_alive(one, settings):
        return Text("silent", style="red")
    state = Text(one.state, style=STYLES[one.state])
    return state.append(f": {visible(one.note)}", style="default") if one.note else state
