"""bossbotctl: everything that can be asked of Boss-Bot, without Discord."""

import io
import shlex
import sys
from importlib.metadata import version
from typing import Annotated

import typer

from cli import output
from cli.commands import (
    add,
    alerts,
    ask,
    db,
    doctor,
    fetch,
    health,
    init,
    links,
    listing,
    run,
    runners,
    sites,
    stats,
    storage,
    update,
    watch,
    web,
)
from core.errors import BossBotError

app = typer.Typer(
    name="bossbotctl",
    help="Boss-Bot on the command line: hand in links, watch them, get the files.",
    epilog="Begin with [cyan]bossbotctl init[/] or, without Discord, [cyan]bossbotctl fetch URL[/].",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
for module in (fetch, add, listing, watch, ask, init, run, runners, doctor, health, web, stats, sites, alerts, update):
    module.register(app)
app.add_typer(db.app, name="db")
app.add_typer(links.app, name="links")
app.add_typer(storage.app, name="storage")


def _tell_version(asked: bool) -> None:
    if asked:
        typer.echo(f"Boss-Bot {version('boss-bot')}")
        raise typer.Exit


@app.callback()
def options(
    debug: Annotated[bool, typer.Option("--debug", help="Show logs, and a traceback of an unexpected error.")] = False,
    _version: Annotated[
        bool, typer.Option("--version", help="Show the version and exit.", is_eager=True, callback=_tell_version)
    ] = False,
) -> None:
    """Options of every command."""
    output.set_up_logs(debug=debug)


def main() -> None:
    """Run one command. Errors that were foreseen are one sentence on stderr and exit status 1."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a locale without the character is no reason to fail
    debug = "--debug" in sys.argv[1:]
    try:
        app()
    except BossBotError as error:
        if debug:
            raise
        output.print_error(str(error))
    except Exception as error:
        if debug:
            raise
        output.print_error(f"Something unexpected happened: {type(error).__name__}: {error}")
        again = shlex.join(["bossbotctl", "--debug", *sys.argv[1:]])
        output.print_hint(f"This is a fault of Boss-Bot. See the traceback with: {again}")
    sys.exit(1)
