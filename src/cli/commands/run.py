"""`bossbotctl run`: start Boss-Bot in the foreground."""

import asyncio
from typing import Annotated

import typer

from cli.examples import examples
from core.logs import setup_logging
from core.redaction import secrets_of
from core.settings import read_settings
from pooler.lifecycle import run_until_stopped
from pooler.supervisor import Supervisor, programs_for


def register(app: typer.Typer) -> None:
    """Give the program this command."""
    app.command(
        "run",
        epilog=examples(("run", "bot and runners, until Ctrl-C"), ("run --runners-only", "without Discord")),
    )(run)


def run(
    runners_only: Annotated[bool, typer.Option("--runners-only", help="Start the runners without the bot.")] = False,
) -> None:
    """Start the bot, which starts both runners; Ctrl-C ends all of them.

    Without a token only the runners start.
    """
    if not runners_only:
        import bot  # discord.py takes half a second to import, which no other command should wait for

        raise typer.Exit(bot.run(read_settings()))
    settings = read_settings()
    setup_logging("cli", level=settings.log_level, style=settings.log_format, secrets=secrets_of(settings))

    async def supervise(stop: asyncio.Event) -> int:
        await Supervisor(programs_for(web=settings.web_enabled)).run(stop)
        return 0

    raise typer.Exit(run_until_stopped(supervise))
