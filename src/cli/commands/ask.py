"""`bossbotctl cancel`, `pause`, `resume`, `retry` and `prioritize`: requests about downloads that exist."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

import typer

from cli.examples import examples
from cli.output import AsJson, print_json, results
from cli.session import open_session, run
from cli.states import PRIORITIES, Priority, name_of, state_of
from core.models import Batch, Download
from core.requests import Ask, Requests

STILL_SO = {"resume": "it is not paused", "prioritize": "it has that priority already"}

Ids = Annotated[list[int], typer.Argument(metavar="ID", help="Numbers as `bossbotctl list` shows them.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What became of a request about one download."""

    id: int
    asked: bool
    status: str | None  # None: there is no such download
    message: str


def register(app: typer.Typer) -> None:
    """Give the program these commands."""
    app.command("cancel", epilog=examples(("cancel 7 8", "end two downloads, remove what was fetched")))(cancel)
    app.command("pause", epilog=examples(("pause 7", "let number 7 rest; what was fetched stays")))(pause)
    app.command("resume", epilog=examples(("resume 7", "go on with number 7 where it stopped")))(resume)
    app.command("retry", epilog=examples(("retry 7", "try again what failed or was cancelled")))(retry)
    app.command("prioritize", epilog=examples(("prioritize high 7", "let number 7 go first")))(prioritize)


def cancel(ids: Ids, as_json: AsJson = False) -> None:
    """End downloads and remove what they have fetched; of a playlist all entries that are not over.

    Exit status 1 when one of them is over already or does not exist.
    """
    _ask(Ask.CANCEL, ids, as_json=as_json)


def pause(ids: Ids, as_json: AsJson = False) -> None:
    """Let downloads rest until they are resumed.

    Exit status 1 when one of them is paused or over already, or does not exist.
    """
    _ask(Ask.PAUSE, ids, as_json=as_json)


def resume(ids: Ids, as_json: AsJson = False) -> None:
    """Go on with paused downloads; only the missing bytes are fetched.

    Exit status 1 when one of them is not paused or does not exist.
    """
    _ask(Ask.RESUME, ids, as_json=as_json)


def retry(ids: Ids, as_json: AsJson = False) -> None:
    """Try failed or cancelled downloads again.

    Exit status 1 when one of them is neither, or does not exist.
    """
    _ask(Ask.RETRY, ids, as_json=as_json)


def prioritize(
    priority: Annotated[Priority, typer.Argument(help="Which goes first.")], ids: Ids, as_json: AsJson = False
) -> None:
    """Let downloads go before others or after them; those of a playlist follow it.

    Exit status 1 when one of them has that priority already, is over, or does not exist.
    """

    async def change(requests: Requests, wanted: list[int]) -> list[int]:
        return await requests.prioritize(wanted, PRIORITIES[priority])

    _carry_out("prioritize", change, ids, as_json=as_json)


def _ask(ask: Ask, ids: list[int], *, as_json: bool) -> None:
    async def carry_out(requests: Requests, wanted: list[int]) -> list[int]:
        return await requests.ask(ask, wanted)

    _carry_out(ask, carry_out, ids, as_json=as_json)


def _carry_out(
    ask: str, carry_out: Callable[[Requests, list[int]], Awaitable[list[int]]], ids: list[int], *, as_json: bool
) -> None:
    async def command() -> int:
        async with open_session() as session:
            wanted = list(dict.fromkeys(ids))
            before = {download.id: download for download in await session.queries.find(wanted)}
            asked = set(await carry_out(session.requests, wanted))
            found = {download.id: download for download in await session.queries.find(wanted)}
            batches = await session.queries.batches(list(found.values()))
        answers = [
            _answer(ask, id_, id_ in asked, found.get(id_) or before.get(id_), batches.get(id_)) for id_ in wanted
        ]
        if as_json:
            print_json(answers)
        else:
            for answer in answers:
                results().print(f"#{answer.id} {answer.message}", soft_wrap=True)
        return 0 if all(answer.asked for answer in answers) else 1

    run(command())


def _answer(ask: str, id_: int, asked: bool, download: Download | None, batch: Batch | None) -> Answer:
    if download is None:
        return Answer(id=id_, asked=False, status=None, message="no such download: `bossbotctl list --all` shows all")
    if asked:
        message = f"{ask} asked: {name_of(download)}"
    elif ask in STILL_SO and (batch.left if batch else not download.is_over):
        message = f"nothing to {ask}: {STILL_SO[ask]}"
    elif batch is not None:
        message = f"nothing to {ask}: {state_of(download, batch).word}"
    else:
        message = f"nothing to {ask}: it is {state_of(download).word}"
    return Answer(id=id_, asked=asked, status=download.status, message=message)
