"""`bossbotctl storage`: what is kept on disk, by whom; clean it, check it, say how long it stays."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import typer
from rich import box
from rich.table import Table

from cli.examples import examples
from cli.output import AsJson, print_error, print_hint, print_json, results
from cli.session import Session, open_session, run
from cli.units import size, visible
from core.errors import ConfigurationError
from core.models import Status
from core.preferences import Retention
from core.room import free_at
from core.storage_book import StorageBook, Stored, Usage
from pooler.storage import inspector_for, janitor_for
from storage_module.report import Report

LARGEST = 10
SHOWN = 200  # lines of a report
OUTCOMES = {
    Status.UPLOADED: "delivered",
    Status.FAILED: "not delivered",
    Status.CANCELLED: "cancelled",
    Status.DOWNLOADED: "kept, or to be delivered",
    Status.UPLOADING: "being delivered",
}

app = typer.Typer(help="See what is kept on disk, clean it, check it.", no_args_is_help=False)

DryRun = Annotated[bool, typer.Option("--dry-run", "-n", help="Say what would be removed, and remove nothing.")]
Hours = Annotated[float | None, typer.Option(min=0, help="Hours; 0 is for ever. Not given: as the host has it.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """What is kept."""

    directory: str
    free_bytes: int
    usage: Sequence[Usage]
    largest: Sequence[Stored]


@app.callback(
    invoke_without_command=True,
    epilog=examples(
        ("storage", "who keeps how much, and what is largest"),
        ("storage clean --dry-run", "what would be removed now"),
        ("storage check", "are all files still what was fetched?"),
    ),
)
def storage(context: typer.Context, as_json: AsJson = False) -> None:
    """Show how much finished files take: by server, by how their download ended, and the largest."""
    if context.invoked_subcommand is not None:
        return

    async def command() -> int:
        async with open_session() as session:
            overview = await _overview(session)
        if as_json:
            print_json(overview)
        else:
            _print(overview)
        return 0

    run(command())


@app.command("clean", epilog=examples(("storage clean -n --deep", "all that could go, also what no download knows")))
def clean(
    dry_run: DryRun = False,
    deep: Annotated[
        bool, typer.Option("--deep", help="Also directories that no download knows, when they are a day old.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="With --deep: remove them without asking.")] = False,
    as_json: AsJson = False,
) -> None:
    """Remove files whose time is over; the runners do the same by the clock.

    What a download needs that is not over, or that can still be retried in its time, stays. With --deep also goes what
    no download knows: it may be all that is left of a lost database, so look at it with --dry-run before. You
    are asked first; a script says --yes.
    """
    if deep and not (dry_run or yes or _agrees("Remove also what no download knows?")):
        raise typer.Exit(1)

    async def command() -> int:
        async with open_session() as session:
            janitor = janitor_for(session.settings, session.database, dry_run=dry_run, actor="cli")
            report = await janitor.retain()
            if deep:
                inspector = inspector_for(session.settings, session.database, dry_run=dry_run)
                report.removed += (await inspector.inspect(sums=False, remove_unknown=True)).removed
            report.removed += (await janitor.sweep()).removed
        _print_report(report, as_json=as_json, dry_run=dry_run)
        return 0

    run(command())


@app.command("check", epilog=examples(("storage check", "exit status 1 when a file is gone, changed or unknown")))
def check(
    quick: Annotated[bool, typer.Option("--quick", help="Compare sizes alone, no checksums.")] = False,
    as_json: AsJson = False,
) -> None:
    """Compare kept files with what was fetched, by size and checksum. Changes nothing."""

    async def command() -> int:
        async with open_session() as session:
            inspector = inspector_for(session.settings, session.database, dry_run=True)
            report = await inspector.inspect(sums=not quick)
        report.removed.clear()  # what would go is `clean`'s to tell
        _print_report(report, as_json=as_json, dry_run=True)
        return 1 if report.faults else 0

    run(command())


@app.command("keep", epilog=examples(("storage keep 81384788765712384 --delivered 72", "three days for this server")))
def keep(
    guild: Annotated[int, typer.Argument(help="The server's number.")],
    delivered: Hours = None,
    undelivered: Hours = None,
    failed: Hours = None,
    kept: Hours = None,
) -> None:
    """Say how long the files of one server stay, by how their download ended; without options: as the host has it."""

    async def command() -> int:
        hours = Retention(delivered=delivered, undelivered=undelivered, failed=failed, kept=kept)
        async with open_session() as session:
            await StorageBook(session.database, actor="cli").keep_for(guild, hours)
        told = [f"{name} {value:g} h" for name, value in hours.model_dump(exclude_none=True).items()]
        results().print(f"Server {guild}: {', '.join(told) or 'as the host has it'}.", soft_wrap=True)
        return 0

    run(command())


def _agrees(question: str) -> bool:
    if not sys.stdin.isatty():
        raise ConfigurationError(f"{question} Nobody is there to answer: give --yes, or --dry-run to see it.")
    return typer.confirm(question, default=False, err=True)


async def _overview(session: Session) -> Overview:
    book = StorageBook(session.database)
    rows = sorted(await book.with_files(), key=lambda row: -(row.file_size or 0))
    return Overview(
        directory=str(session.settings.download_dir.absolute()),
        free_bytes=free_at(session.settings.download_dir),
        usage=await book.usage(),
        largest=rows[:LARGEST],
    )


def _print(overview: Overview) -> None:
    console = results()
    total = sum(one.bytes for one in overview.usage)
    console.print(
        f"{overview.directory}: {size(total)} of finished files, {size(overview.free_bytes)} free.", soft_wrap=True
    )
    if not overview.usage:
        return
    usage = _table("Server", "Ended", "Downloads", "Size")
    for one in overview.usage:
        guild = str(one.guild_id) if one.guild_id is not None else "(none)"
        usage.add_row(guild, OUTCOMES.get(one.status, one.status), str(one.downloads), size(one.bytes))
    console.print(usage)
    largest = _table("ID", "Largest", "Size")
    for row in overview.largest:
        largest.add_row(str(row.id), visible(row.title or row.url), size(row.file_size or 0))
    console.print(largest)


def _table(*headings: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for heading in headings:
        right = heading in ("Size", "Downloads", "ID")
        table.add_column(heading, justify="right" if right else "left", no_wrap=right, overflow="fold")
    return table


def _print_report(report: Report, *, as_json: bool, dry_run: bool) -> None:
    if as_json:
        removed = [_plain(one.path, one.why, one.bytes, one.download_id) for one in report.removed]
        faults = [_plain(one.path, one.what, 0, one.download_id) for one in report.faults]
        print_json({"removed": removed, "faults": faults, "checked": report.checked, "dry_run": dry_run})
        return
    for removal in report.removed[:SHOWN]:
        results().print(f"{size(removal.bytes):>10}  {removal.why}: {visible(str(removal.path))}", soft_wrap=True)
    for fault in report.faults[:SHOWN]:
        number = f" (#{fault.download_id})" if fault.download_id is not None else ""
        print_error(f"{fault.what}: {visible(str(fault.path))}{number}")
    words = report.words()
    results().print(words.replace("removed", "would remove", 1) if dry_run else words, soft_wrap=True)
    if report.faults:
        print_hint(
            "What was changed or is gone: `bossbotctl retry`. What no download knows: `storage clean --deep -n`."
        )


def _plain(path: object, what: str, count: int, download_id: int | None) -> dict[str, object]:
    return {"path": str(path), "what": what, "bytes": count, "download_id": download_id}
