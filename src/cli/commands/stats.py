"""`bossbotctl stats`: what became of downloads over time."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Annotated

import typer
from rich import box
from rich.table import Table
from rich.text import Text

from cli.examples import examples
from cli.output import AsJson, print_json, results
from cli.session import Session, open_session, run
from cli.units import size
from core.history import DAY, HOUR
from core.history_measures import Measure
from core.history_reading import HistoryReader, Point
from core.statistics import DAYS, Figures, Period, SiteFigures, Statistics

BAR = "█"
WIDTH = 24  # columns of the longest bar
MOST_BARS = 31


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All that is shown."""

    period: Period
    figures: Figures
    sites: list[SiteFigures]
    done: list[Point]  # downloads that were delivered or kept, by hour or day; bytes as their sum
    errors: list[Point]
    waiting: list[Point]  # samples of the queue


def register(app: typer.Typer) -> None:
    """Give the program this command."""
    app.command("stats", epilog=examples(("stats", "the last 24 hours"), ("stats 30d --json", "a month for a script")))(
        stats
    )


def stats(
    period: Annotated[Period, typer.Argument(help="How far back.")] = Period.DAY,
    as_json: AsJson = False,
) -> None:
    """Show how many downloads there were, how they ended, and how that was spread over time."""

    async def command() -> int:
        async with open_session() as session:
            report = await read_report(session, period)
        if as_json:
            print_json(asdict(report))
        else:
            _print(report)
        return 0

    run(command())


async def read_report(session: Session, period: Period) -> Report:
    """The figures of a period; those over time go back a year at most."""
    history, statistics = HistoryReader(session.database), Statistics(session.database)
    days = DAYS.get(period, DAYS[Period.YEAR])
    count, step = (24, HOUR) if period is Period.DAY else (days, DAY)
    figures = await statistics.figures(period)
    if period in (Period.WEEK, Period.MONTH, Period.YEAR):  # rows of so long ago may be gone
        past = await history.figures(days)
        if past.total > figures.done + figures.failed + figures.cancelled:
            figures = past
    return Report(
        period=period,
        figures=figures,
        sites=await statistics.by_site(period),
        done=await history.series(Measure.ENDED, count=count, step=step, details=("uploaded", "kept")),
        errors=await history.series(Measure.ERRORS, count=count, step=step),
        waiting=await history.series(Measure.WAITING, count=count, step=step),
    )


def _print(report: Report) -> None:
    figures, console = report.figures, results()
    success = "" if figures.success is None else f", {100 * figures.success:.0f} % success"
    console.print(
        f"{figures.done} done, {figures.failed} failed, {figures.cancelled} cancelled, {figures.running} running, "
        f"{figures.waiting} waiting; {size(figures.bytes)}{success}.",
        soft_wrap=True,
    )
    if report.sites:
        console.print(_sites(report.sites))
    if any(point.number for point in (*report.done, *report.errors)):
        console.print(_chart(report))


def _sites(sites: Sequence[SiteFigures]) -> Table:
    table = _table("Site", "Done", "Failed", "Bytes", "Newest error")
    for one in sites:
        figures = one.figures
        row = (one.site, str(figures.done), str(figures.failed), size(figures.bytes), one.last_error or "")
        table.add_row(*map(Text, row))
    return table


def _chart(report: Report) -> Table:
    table = _table("From (UTC)", "Done", "Errors", "Waiting", "")
    rows = list(zip(report.done, report.errors, report.waiting, strict=True))
    most = max(done.number for done, _, _ in rows) or 1
    for done, errors, waiting in rows[-MOST_BARS:]:
        at = done.at[5:16] if report.period is Period.DAY else done.at[:10]
        bar = BAR * -(-WIDTH * done.number // most)
        table.add_row(at, str(done.number), str(errors.number), f"{waiting.mean:.0f}", Text(bar, style="green"))
    return table


def _table(*columns: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for column in columns:
        table.add_column(
            column, justify="right" if column in ("Done", "Failed", "Bytes", "Errors", "Waiting") else "left"
        )
    return table
