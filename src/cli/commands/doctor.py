"""`bossbotctl doctor`: is everything there that is needed?"""

from collections.abc import Sequence
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from cli.checks.finding import Finding, Verdict
from cli.examples import examples
from cli.output import AsJson, print_json, results
from cli.session import run

SIGNS = {Verdict.GOOD: ("✔", "green"), Verdict.WARNING: ("!", "yellow"), Verdict.BAD: ("✘", "bold red")}
ASCII_SIGNS = {"✔": "+", "!": "!", "✘": "x"}  # for terminals that know no more


def register(app: typer.Typer) -> None:
    """Give the program this command."""
    app.command("doctor", epilog=examples(("doctor", "look at this machine"), ("doctor --online", "also ask Discord")))(
        doctor
    )


def doctor(
    online: Annotated[bool, typer.Option("--online", help="Ask Discord whether it takes the token.")] = False,
    as_json: AsJson = False,
) -> None:
    """Check programs, database, runners, disk and token, and say what to do.

    Changes nothing. Exit status 1 when something is missing without which Boss-Bot can't work.
    """
    from cli.checks.examination import examine  # its checks take a tenth of the start of every command

    async def command() -> int:
        findings = await examine(online=online)
        if as_json:
            print_json(findings)
        else:
            _print_report(findings)
        return 1 if any(finding.verdict is Verdict.BAD for finding in findings) else 0

    run(command())


def _print_report(findings: Sequence[Finding]) -> None:
    console = results()
    unicode = console.encoding.lower().startswith("utf")
    table = Table.grid(padding=(0, 1, 0, 0))
    table.add_column(width=1)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for finding in findings:
        sign, style = SIGNS[finding.verdict]
        told = Text(finding.found)
        if finding.next_step:
            told.append(f"\n{finding.next_step}", style=style)
        table.add_row(Text(sign if unicode else ASCII_SIGNS[sign], style=style), finding.name, told)
    console.print(table)
    faults = sum(finding.verdict is Verdict.BAD for finding in findings)
    warnings = sum(finding.verdict is Verdict.WARNING for finding in findings)
    console.print(f"\n{_counted(faults, 'fault')}, {_counted(warnings, 'warning')}.", style="bold")


def _counted(count: int, thing: str) -> str:
    return f"{count or 'no'} {thing}{'' if count == 1 else 's'}"
