"""`bossbotctl alerts`: what is wrong now, and what was lately."""

import typer
from rich import box
from rich.table import Table
from rich.text import Text

from cli.examples import examples
from cli.output import AsJson, print_json, results
from cli.session import open_session, run
from core.alert_book import AlertBook, alert_limits, read_facts
from core.alert_rules import judge

MOST_OVER = 10


def register(app: typer.Typer) -> None:
    """Give the program this command."""
    app.command("alerts", epilog=examples(("alerts", "look now; exit status 1 when something is wrong")))(alerts)


def alerts(as_json: AsJson = False) -> None:
    """Show warnings: what is wrong at this moment, and what the bot has warned of. Changes nothing.

    The bot posts them where ALERT_CHANNEL or ALERT_WEBHOOK_URL says. Exit status 1 when something is wrong now.
    """

    async def command() -> int:
        async with open_session() as session:
            known = await AlertBook(session.database).all()
            facts = await read_facts(session.database, session.settings.download_dir)
            lasting = {one.name for one in known if one.ended_at is None}
            now = judge(facts, alert_limits(session.settings), lasting)
        if as_json:
            print_json({"now": now, "known": known})
            return 1 if now else 0
        table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
        for column in ("", "Since (UTC)", "Until", "Warning"):
            table.add_column(column, overflow="fold")
        since = {one.name: one.began_at for one in known if one.ended_at is None}
        for name, sentence in now.items():
            table.add_row(Text("now", style="bold red"), since.get(name, ""), "", Text(sentence))
        over = [one for one in known if one.name not in now][:MOST_OVER]
        for one in over:
            table.add_row(Text("over", style="dim"), one.began_at, one.ended_at or "", Text(one.sentence))
        results().print(table if now or over else "Nothing is wrong.")
        return 1 if now else 0

    run(command())
