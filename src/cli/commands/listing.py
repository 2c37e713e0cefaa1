"""`bossbotctl list` and `show`: look at downloads once."""

import dataclasses
from typing import Annotated

import typer

from cli.details import details
from cli.examples import examples
from cli.families import beside_their_lists
from cli.hints import hint_at_missing_runners
from cli.output import AsJson, print_json, results
from cli.session import Session, open_session, run
from cli.tables import downloads_table
from cli.units import now
from core.errors import RequestRefused
from core.members import Members
from core.models import Download, Status


def register(app: typer.Typer) -> None:
    """Give the program these commands."""
    app.command(
        "list",
        epilog=examples(
            ("list", "what is running and what waits"),
            ("list --status failed --limit 5", "the last five that failed"),
            ("list --all --json", "everything for a script"),
        ),
    )(list_)
    app.command("show", epilog=examples(("show 7", "number 7 with its files and its history")))(show)


def list_(
    everything: Annotated[bool, typer.Option("--all", "-a", help="Also what is over, newest first.")] = False,
    status: Annotated[list[Status] | None, typer.Option(help="Only this status; may be repeated.")] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="At most so many.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List downloads: without options what is running and what waits, in the order of its turn."""

    async def command() -> int:
        async with open_session() as session:
            # Without the ones that are over, unless they are asked for.
            if everything or status:
                found = await session.queries.newest(statuses=status, limit=limit)
            else:
                found = await session.queries.queue(limit=limit)
            if as_json:
                print_json(found)
            else:
                await _print_table(session, found)
        return 0

    run(command())


async def _print_table(session: Session, found: list[Download]) -> None:
    counts = await session.queries.counts()
    if found:
        shown = await beside_their_lists(session.queries, found)
        results().print(downloads_table(shown, now(), await session.queries.batches(shown)))
    total = ", ".join(f"{counts[status]} {status}" for status in Status if counts.get(status))
    results().print(f"{'' if found else 'Nothing to show. '}In all: {total or 'no downloads yet'}.", style="dim")
    if any(not download.is_over for download in found):
        await hint_at_missing_runners(session)


def show(
    download_id: Annotated[int, typer.Argument(metavar="ID", help="A number as `bossbotctl list` shows it.")],
    as_json: AsJson = False,
) -> None:
    """Show one download: where it stands, its files, the entries of a playlist, its history, its error."""

    async def command() -> int:
        async with open_session() as session:
            found = await known(session, download_id)
            files = await session.queries.files(download_id)
            history = await session.queries.history(download_id)
            entries = await session.queries.children([download_id])
            batch = (await session.queries.batches([found])).get(download_id)
            member = (await Members(session.database).names([found.user_id])).get(found.user_id)
        if as_json:
            more = {"user_name": member, "files": files, "entries": entries, "history": history}
            print_json(dataclasses.asdict(found) | more)
        else:
            results().print(details(found, files, entries, batch, history, now(), member=member))
        return 0

    run(command())


async def known(session: Session, download_id: int) -> Download:
    """The download.

    Raises:
        RequestRefused: there is none of this number.
    """
    found = await session.queries.get(download_id)
    if found is None:
        raise RequestRefused(f"There is no download #{download_id}. `bossbotctl list --all` shows all of them.")
    return found
