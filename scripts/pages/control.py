"""The reference of `bossbotctl`, as Typer tells it."""

import re
from typing import Any

import typer
from rich.text import Text
from typer.cli import get_docs_for_click

from cli.app import app


def control_reference() -> str:
    """A section for each command with its options and examples."""
    command: Any = typer.main.get_command(app)  # of a click that Typer brings itself, without public types
    context = command.make_context("bossbotctl", [], resilient_parsing=True)
    told = get_docs_for_click(obj=command, ctx=context, name="bossbotctl")
    told = re.sub(r"^Examples:\n((?:\[.*\n?)+)", _as_code, told, flags=re.MULTILINE)
    told = re.sub(r"^Begin with.*$", lambda line: Text.from_markup(line[0]).plain, told, flags=re.MULTILINE)
    sections = [_whole_sentences(section, command) for section in re.split(r"^(?=##? `)", told, flags=re.MULTILINE)]
    told = "".join(sections).replace("# `bossbotctl`\n", "", 1)
    return told.replace("```console\n$ ", "```text\n").replace("**Usage**:\n\n", "")


def _as_code(examples: re.Match[str]) -> str:
    lines = [Text.from_markup(line).plain for line in examples[1].splitlines()]
    return "\n".join(["**Examples**:", "", "```sh", *lines, "```"]) + "\n"


def _whole_sentences(section: str, root: Any) -> str:
    """Typer cuts the commands of a list off in the middle of a sentence."""
    title, _, rest = section.partition("\n")
    command = root
    for name in title.strip("#` ").split()[1:]:
        command = _inner(command).get(name)
    inner = _inner(command)
    return title + "\n" + re.sub(r"^\* `([\w-]+)`: .*$", lambda one: _line(one, inner), rest, flags=re.MULTILINE)


def _inner(command: Any) -> dict[str, Any]:
    """The commands of a group."""
    return getattr(command, "commands", {})


def _line(listed: re.Match[str], inner: dict[str, Any]) -> str:
    if listed[1] not in inner:
        return listed[0]
    sentence = " ".join(inner[listed[1]].help.partition("\n\n")[0].split())
    return f"* [`{listed[1]}`](#bossbotctl-{listed[1]}): {sentence}"
