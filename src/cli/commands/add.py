"""`bossbotctl add`: hand in links and leave."""

from typing import Annotated

import typer

from cli.examples import examples
from cli.hints import hint_at_missing_runners
from cli.output import AsJson, print_json, results
from cli.session import Session, open_session, run
from cli.states import PRIORITIES, Priority
from cli.submission import submit
from cli.wishes import Audio, Cut, Force, Items, Live, More, Quality, Subtitles, Thumbnail, wishes

Urls = Annotated[list[str], typer.Argument(metavar="URL", help="http://, https://, ftp:// or magnet: links.")]

EXAMPLES = examples(
    ("add https://example.com/clip.mp4", "queue one link"),
    ("add --to ~/Videos --priority high URL1 URL2", "deliver into a directory, before all others"),
    ("add --audio --items 1-5 URL", "the sound of the first five of a playlist"),
    ("add --no-upload --json URL", "keep the files where they were fetched, print the row"),
)


def register(app: typer.Typer) -> None:
    """Give the program this command."""
    app.command("add", epilog=EXAMPLES)(add)


def add(
    urls: Urls,
    to: Annotated[str | None, typer.Option("--to", metavar="DIR", help="Deliver into DIR, or to s3://bucket.")] = None,
    no_upload: Annotated[bool, typer.Option("--no-upload", help="Fetch only; do not deliver.")] = False,
    priority: Annotated[Priority, typer.Option(help="Which goes first.")] = Priority.NORMAL,
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
    """Queue links for download.

    The command ends at once; runners do the work. Watch them with bossbotctl watch. Without --to the files are
    delivered into DELIVERY_DIR.
    """
    if to is not None and no_upload:
        raise typer.BadParameter("--to says where to deliver, --no-upload not to deliver: give one of them.")
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

    async def command() -> int:
        async with open_session(create=True) as session:
            ids = await submit(session.requests, urls, options, upload=not no_upload, priority=PRIORITIES[priority])
            if as_json:
                print_json(await session.queries.find(ids))
            else:
                await _tell(session, ids)
        return 0

    run(command())


async def _tell(session: Session, ids: list[int]) -> None:
    for download in await session.queries.find(ids):
        results().print(f"#{download.id} queued: {download.url}", soft_wrap=True)
    await hint_at_missing_runners(session)
