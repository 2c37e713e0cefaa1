"""What a newcomer sees, from the first sentence to the table of files."""

import asyncio
import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

from cli.checks.programs import require_programs
from cli.following import following
from cli.live import Display, display_on
from cli.runners import OwnRunners, missing_kinds, own_runners
from cli.session import Session, open_session
from cli.submission import submit
from core.errors import BossBotError
from core.models import Download
from scripts.demo.outcome import Outcome, judge, print_outcomes
from scripts.demo.site import Sample, can_seed, make_clips, open_site

PATIENCE = 120.0  # seconds that all downloads together may take


class DemoStuck(BossBotError):
    """What should take seconds took minutes."""


async def give_tour(console: Console, directory: Path) -> bool:
    """Make media, serve them, fetch them, compare them, and show all of it; whether every file was right.

    Args:
        console: what the newcomer looks at.
        directory: of the demo alone; see `private_directory`.

    Raises:
        BossBotError: a program is missing, or a runner does not start.
        DemoStuck: a download did not end.
    """
    console.print(Text("Boss-Bot: a link goes in, the media behind it comes out.", style="bold"))
    console.print("Watch it work on a small site on this machine: no account, no internet.")
    console.print()
    require_programs()
    async with contextlib.AsyncExitStack() as stack:
        with _step(console, "media", "clips that ffmpeg makes"):
            clips = await make_clips(directory / "clips")
        with _step(console, "site", "a web server on loopback" + ", a tracker and a seeder" * can_seed()):
            samples = await stack.enter_async_context(open_site(directory, clips))
        if not can_seed():
            console.print("  (The torrent is left out: opentracker is not installed.)", style="dim")
        with _step(console, "runners", "one downloads, one delivers: processes of their own"):
            session = await stack.enter_async_context(open_session(create=True))
            runners = await stack.enter_async_context(own_runners(session.queries, session.settings))
            await _until_ready(session, runners)
        console.print()
        outcomes = await _fetch(console, session, runners, samples)
    print_outcomes(console, outcomes)
    return all(outcome.fault is None for outcome in outcomes)


@contextlib.contextmanager
def _step(console: Console, name: str, what: str) -> Iterator[None]:
    with console.status(f"{name:<9}{what} ...", spinner="dots", spinner_style="cyan"):
        yield
    console.print(Text.assemble(("✔ ", "green"), (f"{name:<9}", "bold"), what))


async def _until_ready(session: Session, runners: OwnRunners) -> None:
    async with following(session.database) as changed:
        while await missing_kinds(session.queries, session.settings):
            await runners.look()
            await changed()


async def _fetch(console: Console, session: Session, runners: OwnRunners, samples: Sequence[Sample]) -> list[Outcome]:
    ids = await submit(session.requests, [sample.url for sample in samples], {})
    with display_on(console) as display:
        ended = await _until_over(session, runners, ids, display)
    console.print()
    with console.status("comparing every file with its original ..."):
        return [
            await judge(sample, download, await session.queries.files(download.id), seconds)
            for sample, (download, seconds) in zip(samples, ended, strict=True)
        ]


async def _until_over(
    session: Session, runners: OwnRunners, ids: list[int], display: Display
) -> list[tuple[Download, float]]:
    """The downloads as they ended, and the seconds that each took."""
    clock = asyncio.get_running_loop().time
    began = clock()
    seconds: dict[int, float] = {}
    async with following(session.database) as changed:
        while True:
            found = await session.queries.find(ids)
            display.show(found, {})
            seconds |= {each.id: clock() - began for each in found if each.is_over and each.id not in seconds}
            if len(seconds) == len(ids):
                return [(each, seconds[each.id]) for each in found]
            if clock() - began > PATIENCE:
                raise DemoStuck(f"The downloads did not end within {PATIENCE:.0f} s.")
            await runners.look()
            await changed()
