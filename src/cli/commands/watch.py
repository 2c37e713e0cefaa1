"""`bossbotctl watch`: look at downloads until they are over."""

from typing import Annotated, NoReturn

import typer

from cli.commands.listing import known
from cli.examples import examples
from cli.families import beside_their_lists, with_entries
from cli.following import following
from cli.hints import hint_at_missing_runners
from cli.live import display_on
from cli.output import results
from cli.session import open_session, run
from core.models import Download, Status

ENDED_SHOWN = 5  # of those that end while one watches


def register(app: typer.Typer) -> None:
    """Give the program this command."""
    app.command(
        "watch",
        epilog=examples(("watch", "the queue, until Ctrl-C"), ("watch 7 8", "two downloads, until both are over")),
    )(watch)


def watch(
    ids: Annotated[list[int] | None, typer.Argument(metavar="ID", help="Only these; end when all are over.")] = None,
) -> None:
    """Watch downloads move, with progress, speed and time left; Ctrl-C ends it.

    With numbers it ends by itself when all of them are over, and all entries of those that are playlists; with exit
    status 1 when one failed or was cancelled.
    """
    try:
        run(_watch_these(ids) if ids else _watch_queue())
    except KeyboardInterrupt:
        if ids:
            raise
        raise typer.Exit(0) from None  # the way to end it


async def _watch_these(ids: list[int]) -> int:
    async with open_session() as session:
        for download_id in ids:
            await known(session, download_id)
        await hint_at_missing_runners(session)
        found: list[Download] = []
        async with following(session.database) as changed:
            with display_on(results()) as display:
                while True:
                    found = await with_entries(session.queries, ids)
                    display.show(found, await session.queries.batches(found))
                    if all(download.is_over for download in found):
                        break
                    await changed()
    return 1 if any(download.status in (Status.FAILED, Status.CANCELLED) for download in found) else 0


async def _watch_queue() -> NoReturn:
    async with open_session() as session:
        await hint_at_missing_runners(session)
        seen: set[int] = set()
        async with following(session.database) as changed:
            with display_on(results()) as display:
                while True:
                    queue = await session.queries.queue()
                    seen |= {download.id for download in queue}
                    ended = await session.queries.find(sorted(seen - {download.id for download in queue}))
                    shown = await beside_their_lists(session.queries, [*queue, *ended[-ENDED_SHOWN:]])
                    display.show(shown, await session.queries.batches(shown))
                    await changed()
