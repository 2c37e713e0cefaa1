"""`bossbotctl fetch`: from links to files, in one command."""

import dataclasses
from pathlib import Path
from typing import Annotated

import typer

from cli.checks.programs import require_programs
from cli.commands.add import Urls
from cli.examples import examples
from cli.following import following
from cli.live import Display, display_on
from cli.output import AsJson, notices, print_error, print_hint, print_json, results
from cli.runners import OwnRunners, missing_kinds, own_runners
from cli.session import Session, open_session, run
from cli.signals import Asked, asked_to_stop
from cli.states import name_of, place_of, state_of
from cli.submission import submit
from cli.units import size, visible
from core.models import Download, Status
from core.requests import Ask

CANCEL_PATIENCE = 10.0  # seconds that runners have to clean up after Ctrl-C


def register(app: typer.Typer) -> None:
    """Give the program this command."""
    app.command(
        "fetch",
        epilog=examples(
            ("fetch https://example.com/clip.mp4", "the file comes into this directory"),
            ("fetch --to ~/Videos URL1 URL2", "two at once, elsewhere"),
            ("fetch --json URL | jq -r '.[].files[].path'", "for a script"),
        ),
    )(fetch)


def fetch(
    urls: Urls,
    to: Annotated[Path, typer.Option("--to", metavar="DIR", help="Where the files go; made when missing.")] = Path(),
    as_json: AsJson = False,
) -> None:
    """Fetch links and wait until the files are there.

    Starts the runners for as long as it takes when none are alive; they log into runners.log in BOSS_BOT_DATA_DIR.
    Ctrl-C cancels. Exit status 1 when a download fails; the reason is on stderr.
    """
    run(_fetch(urls, to, as_json=as_json))


async def _fetch(urls: list[str], to: Path, *, as_json: bool) -> int:
    async with open_session(create=True) as session, own_runners(session.queries, session.settings) as runners:
        with asked_to_stop() as asked:
            if await missing_kinds(session.queries, session.settings):
                require_programs()
            ids = await submit(session.requests, urls, to=to)
            try:
                with display_on(notices()) as display:
                    found = await _until_over(session, ids, runners, asked, display)
            except BaseException:
                await session.requests.ask(Ask.CANCEL, ids)  # nobody would wait for them
                raise
            await _tell(session, found, as_json=as_json, interrupted=asked.status is not None)
    if asked.status is not None:
        return asked.status
    return 0 if all(download.status is Status.UPLOADED for download in found) else 1


async def _until_over(
    session: Session, ids: list[int], runners: OwnRunners, asked: Asked, display: Display
) -> list[Download]:
    async with following(session.database) as changed:
        while True:
            found = await session.queries.find(ids)
            display.show(found)
            if all(download.is_over for download in found) or asked.longer_ago_than(CANCEL_PATIENCE):
                return found
            if asked.is_new():
                await session.requests.ask(Ask.CANCEL, ids)
            await runners.look()
            await changed()


async def _tell(session: Session, found: list[Download], *, as_json: bool, interrupted: bool) -> None:
    files = {download.id: await session.queries.files(download.id) for download in found}
    if as_json:
        print_json([dataclasses.asdict(download) | {"files": files[download.id]} for download in found])
    for download in found:
        if interrupted and download.status is not Status.UPLOADED:
            print_hint(f"#{download.id} {name_of(download)}: {state_of(download).word}.")
        elif download.status is not Status.UPLOADED:
            reason = visible(download.error) if download.error else f"{state_of(download).word}."
            print_error(f"#{download.id} {name_of(download)}: {reason}")
        elif not as_json:
            for file in files[download.id]:
                results().print(f"{place_of(file)}  {size(file.bytes)}", soft_wrap=True)
