"""`bossbotctl health`: one line and an exit status, for what watches services and containers."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated

import typer

from cli.examples import examples
from cli.output import AsJson, print_json, results
from cli.runners import KINDS, is_alive
from cli.session import open_database, run
from cli.units import rough_duration
from core.models import RunnerState
from core.queries import Queries, Runner
from core.settings import Settings, read_settings

BOT = "bot"


class Kind(StrEnum):
    """Processes that can be asked about."""

    BOT = BOT
    DOWNLOAD = "download"
    UPLOAD = "upload"
    WEB = "web"


def register(app: typer.Typer) -> None:
    """Give the program this command."""
    app.command(
        "health",
        epilog=examples(
            ("health", "exit status 0 when all that should run does"),
            ("health --kind download", "the download runner alone"),
        ),
    )(health)


def health(
    kind: Annotated[list[Kind] | None, typer.Option(help="Only this kind of process; may be repeated.")] = None,
    as_json: AsJson = False,
) -> None:
    """Say whether the processes live, by their last signs of life in the database. Changes nothing.

    Without --kind these are the download runner, the upload runner and, where there is a token, the bot. One that waits
    (for Discord, for room on the disk) lives. Exit status 1 when one is missing, silent or still starting.
    """

    async def command() -> int:
        settings = read_settings()
        async with open_database(settings) as database:
            found = await Queries(database).runners()
        wanted = [str(one) for one in kind] if kind else expected(settings)
        faults = [fault for one in wanted if (fault := fault_of(one, found, settings))]
        if as_json:
            print_json({"healthy": not faults, "expected": wanted, "faults": faults})
        else:
            results().print("; ".join(faults) or f"{', '.join(wanted)}: alive", soft_wrap=True)
        return 1 if faults else 0

    run(command())


def expected(settings: Settings) -> list[str]:
    """The kinds of processes that these settings want."""
    has_token = settings.discord_token is not None and settings.discord_token.get_secret_value() != ""
    return [*KINDS, *([BOT] if has_token else [])]


def fault_of(kind: str, found: Sequence[Runner], settings: Settings) -> str | None:
    """What is wrong with the processes of a kind, among all that signed on; None when one of them is well."""
    mine = [one for one in found if one.kind == kind]
    if not mine:
        return f"{kind}: not running"
    alive = [one for one in mine if is_alive(one, settings)]
    if not alive:
        return f"{kind}: silent for {rough_duration(min(one.seconds_silent for one in mine))}"
    return f"{kind}: still starting" if all(one.state is RunnerState.STARTING for one in alive) else None
