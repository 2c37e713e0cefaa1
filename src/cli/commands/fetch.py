"""`bossbotctl fetch`: from links to files, in one command."""

import dataclasses
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.checks.programs import require_programs
from cli.commands.add import Urls
from cli.examples import examples
from cli.families import with_entries
from cli.following import following
from cli.live import Display, display_on
from cli.output import AsJson, notices, print_error, print_hint, print_json, results
from cli.runners import OwnRunners, missing_kinds, own_runners
from cli.session import Session, open_session, run
from cli.signals import Asked, asked_to_stop
from cli.states import name_of, place_of, state_of
from cli.submission import submit
from cli.units import size, visible
from cli.wishes import Audio, Cut, Force, Items, Live, More, Quality, Subtitles, Thumbnail, wishes
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
            ("fetch --quality 720p --clip 0:30-1:10 URL", "forty seconds of it, not larger than needed"),
            ("fetch --audio --items 1-5 URL", "the sound of the first five of a playlist"),
            ("fetch --json URL | jq -r '.[].files[].path'", "for a script"),
        ),
    )(fetch)


def fetch(
    urls: Urls,
    to: Annotated[Path, typer.Option("--to", metavar="DIR", help="Where the files go; made when missing.")] = Path(),
    quality: Quality = None,
    audio: Audio = False,
    clip: Cut = None,
    items: Items = None,
    live: Live = None,
    subtitles: Subtitles = None,
    thumbnail: Thumbnail = False,
    force: Force = False,
    option: More = None,
    as_json: AsJson = False,
) -> None:
    """Fetch links and wait until the files are there, all of them where a link is a playlist.

    Starts the runners for as long as it takes when none are alive; they log into runners.log in BOSS_BOT_DATA_DIR.
    Ctrl-C cancels. Exit status 1 when a download fails; the reason is on stderr.
    """
    options = wishes(
        option,
        to=to,
        quality=quality,
        audio=audio,
        clip=clip,
        items=items,
        live=live,
        subtitles=subtitles,
        thumbnail=thumbnail,
        force=force,
    )
    run(_fetch(urls, options, as_json=as_json))


async def _fetch(urls: list[str], options: dict[str, Any], *, as_json: bool) -> int:
    async with open_session(create=True) as session, own_runners(session.queries, session.settings) as runners:
        with asked_to_stop() as asked:
            if await missing_kinds(session.queries, session.settings):
                require_programs()
            ids = await submit(session.requests, urls, options)
            try:
                with display_on(notices()) as display:
                    found = await _until_over(session, ids, runners, asked, display)
            except BaseException:
                await session.requests.ask(Ask.CANCEL, ids)  # nobody would wait for them
                raise
            await _tell(session, found, as_json=as_json, interrupted=asked.status is not None)
    if asked.status is not None:
        return asked.status
    return 0 if all(download.status is Status.UPLOADED for download in _of_one(found)) else 1


async def _until_over(
    session: Session, ids: list[int], runners: OwnRunners, asked: Asked, display: Display
) -> list[Download]:
    async with following(session.database) as changed:
        while True:
            found = await with_entries(session.queries, ids)
            display.show(found, await session.queries.batches(found))
            if all(download.is_over for download in found) or asked.longer_ago_than(CANCEL_PATIENCE):
                return found
            if asked.is_new():
                await session.requests.ask(Ask.CANCEL, ids)
            await runners.look()
            await changed()


def _of_one(found: list[Download]) -> list[Download]:
    """All but the playlists, which have entries instead of files."""
    lists = {download.parent_id for download in found}
    return [download for download in found if download.id not in lists]


async def _tell(session: Session, found: list[Download], *, as_json: bool, interrupted: bool) -> None:
    files = {download.id: await session.queries.files(download.id) for download in found}
    if as_json:
        print_json([dataclasses.asdict(download) | {"files": files[download.id]} for download in found])
    for download in _of_one(found):
        if interrupted and download.status is not Status.UPLOADED:
            print_hint(f"#{download.id} {name_of(download)}: {state_of(download).word}.")
        elif download.status is not Status.UPLOADED:
            reason = visible(download.error) if download.error else f"{state_of(download).word}."
            print_error(f"#{download.id} {name_of(download)}: {reason}")
        elif not as_json:
            for file in files[download.id]:
                results().print(f"{place_of(file)}  {size(file.bytes)}", soft_wrap=True)
