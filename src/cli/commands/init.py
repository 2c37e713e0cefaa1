"""`bossbotctl init`: from a token to a bot that can be invited."""

import asyncio
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.env_file import value_in, write_value
from cli.examples import examples
from cli.output import notices, print_error, print_hint, results
from cli.tokens import cleaned, read_token, what_is_wrong
from cli.units import visible
from core.errors import ConfigurationError
from core.redaction import KNOWN
from core.settings import Settings, read_settings, variable_of

if TYPE_CHECKING:
    from cogs.application import Application

ENV_FILE = Path(".env")
VARIABLE = variable_of("discord_token")
TRIES = 3
WHERE = (
    "You need an application of your own at Discord: https://discord.com/developers/applications, New Application. "
    "Its token is on the page Bot, Reset Token."
)


def register(app: typer.Typer) -> None:
    """Give the program this command."""
    app.command(
        "init",
        epilog=examples(
            ("init", "ask for the token, try it, write it into .env"),
            ("init --token-file token.txt --yes", "the same without questions"),
        ),
    )(init)


def init(
    token_file: Annotated[
        str | None, typer.Option("--token-file", metavar="FILE", help="Read the token from FILE; - is standard input.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Replace a token that is there without asking.")] = False,
) -> None:
    """Set the bot up: ask for its token, try it with Discord, write .env and register the commands.

    Prints the link that invites the bot into a server. Other lines of .env stay as they are. A token that is there is
    replaced only after a question.
    """
    settings = read_settings()
    before, around = value_in(ENV_FILE, VARIABLE), os.environ.get(VARIABLE, "")
    given = _given(token_file, before, around, yes=yes)
    token, application = _introduced(settings, given) if given else _asked(settings)
    is_new = token not in (before, around)
    if is_new:
        write_value(ENV_FILE, VARIABLE, token)
    _tell(application, was_written=is_new)
    raise typer.Exit


def _given(token_file: str | None, before: str, around: str, *, yes: bool) -> str:
    """The token that nobody has to be asked for; empty when one has to be.

    Args:
        token_file: where a new one is.
        before: what `.env` has.
        around: what the environment has, such as in a container.
        yes: whether a new one goes in place of that in `.env`.
    """
    if token_file is not None:
        token = read_token(token_file)
        if before in ("", token) or yes or _agrees(f"{ENV_FILE} has another token. Replace it?"):
            return token
        return before
    if before and not (sys.stdin.isatty() and _agrees(f"{ENV_FILE} has a token. Replace it?")):
        return before
    if around and not before:
        return around
    if not sys.stdin.isatty():
        raise ConfigurationError("There is nobody to ask for the token. Give it with --token-file FILE.")
    return ""


def _agrees(question: str) -> bool:
    if not sys.stdin.isatty():
        raise ConfigurationError(f"{question} Nobody is there to answer: give --yes to replace it.")
    return typer.confirm(question, default=False, err=True)


def _asked(settings: Settings) -> tuple[str, "Application"]:
    print_hint(WHERE)
    for left in reversed(range(TRIES)):
        token = cleaned(typer.prompt("Token (what you type is not shown)", hide_input=True, err=True))
        try:
            return _introduced(settings, token)
        except ConfigurationError as error:
            if not left:
                raise
            print_error(str(error))
    raise AssertionError("the last try returns or raises")


def _introduced(settings: Settings, token: str) -> tuple[str, "Application"]:
    from cogs.application import TokenRefused, meet  # discord.py takes half a second to import

    KNOWN.learn(token)
    with notices().status("Asking Discord ..."):
        try:
            return token, asyncio.run(meet(settings, token))
        except TokenRefused as error:
            raise ConfigurationError(f"{error} {what_is_wrong(token)} Nothing was written.") from error


def _tell(application: "Application", *, was_written: bool) -> None:
    name = visible(application.name)
    written = f"The token is in {ENV_FILE.absolute()}, which only this user can read." if was_written else ""
    console = results()
    console.print(f"This is {name}, application {application.id}. {written}".rstrip(), soft_wrap=True)
    registered = application.commands
    console.print(f"{registered} commands registered." if registered else "Its commands are registered.")
    console.print(f"\nInvite it into your server:\n{application.invitation}", soft_wrap=True)
    if not application.reads_messages:
        print_hint(
            "\nOnly slash commands will work: the Message Content Intent is off. To have commands such as $download, "
            f"switch it on at {application.settings_page}."
        )
    if was_written and os.environ.get(VARIABLE):
        print_hint(f"\n{VARIABLE} is also set in the environment, where it wins over {ENV_FILE}.")
    print_hint("\nGo on with: bossbotctl doctor, then bossbotctl run")
