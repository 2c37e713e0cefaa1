"""`bossbotctl web`: start the web page in the foreground."""

import typer

from cli.examples import examples


def register(app: typer.Typer) -> None:
    """Give the program this command."""
    app.command("web", epilog=examples(("web", "the web page at WEB_HOST and WEB_PORT, until Ctrl-C")))(web)


def web() -> None:
    """Start the web page, where links are pasted and files fetched without Discord; Ctrl-C ends it.

    The bot starts it too, with WEB_ENABLED=true.
    """
    from pooler.workplace import run_process  # both take a moment, which no other command should wait for
    from web.server import run

    raise typer.Exit(run_process(run))
