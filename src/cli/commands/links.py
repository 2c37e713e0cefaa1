"""`bossbotctl links`: the links that hand files on to people without a login."""

from collections.abc import Sequence
from typing import Annotated

import typer
from rich import box
from rich.table import Table

from cli.examples import examples
from cli.output import AsJson, print_error, print_hint, print_json, results
from cli.session import open_session, run
from cli.units import duration, now, seconds_until, size, visible
from core.file_links import FileLink, FileLinks

app = typer.Typer(help="See and end links to files that the web page serves.", no_args_is_help=True)

Ids = Annotated[list[int], typer.Argument(metavar="ID", help="Numbers as `bossbotctl links list` shows them.")]
Gone = Annotated[bool, typer.Option("--all", help="Also those that work no more.")]


@app.command("list", epilog=examples(("links list", "the links that work")))
def list_links(everything: Gone = False, as_json: AsJson = False) -> None:
    """Show the links that work, the newest first; of their addresses the database keeps only hashes."""

    async def command() -> int:
        async with open_session() as session:
            found = await FileLinks(session.database).list(live=not everything)
        if as_json:
            print_json(found)
        elif found:
            results().print(_table(found))
        else:
            print_hint("There are no links. They are made at the web page, or by DELIVERY_LINKS=web.")
        return 0

    run(command())


@app.command(epilog=examples(("links revoke 3 4", "end two links at once")))
def revoke(ids: Ids, as_json: AsJson = False) -> None:
    """End links at once; their files stay as long as the rules for files say.

    Exit status 1 when one of them worked no more or does not exist.
    """

    async def command() -> int:
        async with open_session() as session:
            ended = set(await FileLinks(session.database).revoke(ids))
        if as_json:
            print_json({"revoked": sorted(ended)})
        for id_ in dict.fromkeys(ids) if not as_json else ():
            if id_ in ended:
                results().print(f"{id_} revoked")
            else:
                print_error(f"{id_} is no link that works: `bossbotctl links list` shows those")
        return 0 if ended.issuperset(ids) else 1

    run(command())


def _table(found: Sequence[FileLink]) -> Table:
    table = Table(box=box.SIMPLE, show_edge=False, pad_edge=False)
    for name in ("id", "download", "file", "expires", "fetched", "made by"):
        table.add_column(name, justify="right" if name in ("id", "download", "fetched") else "left")
    moment = now()
    for link in found:
        left = seconds_until(link.expires_at, moment)
        until = f"in {duration(left)}" if link.is_live else "works no more"
        name = f"{visible(link.file.path.rpartition('/')[2])} ({size(link.file.bytes)})"
        table.add_row(str(link.id), f"#{link.download_id}", name, until, str(link.fetches), visible(link.actor))
    return table
