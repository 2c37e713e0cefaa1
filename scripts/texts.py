"""`make texts`: finds every sentence that members read, and brings the catalogues in src/cogs/locales up to date.

No translation is lost: what is gone from the code stays at the catalogue's end, marked as obsolete. With `--check`
nothing is written, and what is missing ends in exit status 1.
"""

import ast
import asyncio
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from string import Formatter
from tempfile import TemporaryDirectory
from typing import Any

import discord
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po
from discord import app_commands

import core.errors
from cogs.client import COGS, BossBot
from cogs.language import LOCALES
from core.database import Database
from core.settings import Settings

SRC = Path(__file__).parents[1] / "src"
KEYWORDS = {"t": None, "plural": (1, 2), "later": None}
OF_ADMINS = ("s3_", "folder_", "maintenance")  # modules whose sentences with values only admins see
LEAST_WORDS = 12  # letters that a sentence with values has besides; fewer would fit anything
FOR_ADMINS = ("ConfigurationError",)  # never shown to a member
Text = str | tuple[str, str]  # a sentence, or one thing and many of it


def found_texts() -> Catalog:
    """Every sentence that the bot says, untranslated."""
    template = Catalog(project="Boss-Bot", charset="utf-8")
    for text in (*_in_code(), *_of_errors(), *asyncio.run(texts_of_commands())):
        if text:
            template.add(text, flags={"python-brace-format"} if any(placeholders(one) for one in _all(text)) else ())
    return template


def read_catalogues() -> dict[Path, Catalog]:
    """The catalogues by their files."""
    found = {}
    for path in sorted(LOCALES.glob("*.po")):
        with path.open("rb") as file:
            found[path] = read_po(file, locale=path.stem)
    return found


def faults(catalogue: Catalog, template: Catalog) -> list[str]:
    """What a catalogue lacks or has wrong, one line each."""
    return [line for message in template if message.id for line in _faults_of(message, catalogue.get(message.id))]


def placeholders(text: str) -> set[str]:
    """The names in curly brackets."""
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def _faults_of(wanted: Message, message: Message | None) -> Iterator[str]:
    if message is None or message.fuzzy or not message.string or not all(_all(message.string)):
        yield f"not translated: {wanted.id!r}"
        return
    allowed = set[str]().union(*map(placeholders, _all(wanted.id)))
    needed = placeholders(_all(wanted.id)[-1])
    for said in _all(message.string):
        # The form for one may say "a file" where the others count.
        if placeholders(said) - allowed or (needed - placeholders(said) - {"count"}):
            yield f"other placeholders: {wanted.id!r}: {said!r}"


def _all(text: str | Iterable[str]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


def _in_code() -> Iterator[Text]:
    for _file, _line, text, _comments, _context in extract_from_dir(SRC / "cogs", keywords=KEYWORDS):
        yield text if isinstance(text, str) else (text[0], text[1])


def _of_errors() -> Iterator[str]:
    """The sentences of the error tree, and those that are given to an error where it is raised."""
    known = {
        name: kind.sentence
        for name, kind in vars(core.errors).items()
        if isinstance(kind, type) and issubclass(kind, core.errors.BossBotError) and name not in FOR_ADMINS
    }
    yield from sorted(set(known.values()))
    for path in sorted(SRC.rglob("*.py")):
        module = ast.parse(path.read_text(encoding="utf-8"))
        constants = {
            target.id: node.value
            for node in module.body
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for node in ast.walk(module):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in known and node.args:
                text = node.args[0]
                yield from _sentence(constants.get(text.id) if isinstance(text, ast.Name) else text, path)


def _sentence(text: ast.expr | None, path: Path) -> Iterator[str]:
    """A sentence that is given to an error; `{0}`, `{1}` ... where it has values (see `Language`)."""
    if isinstance(text, ast.Constant) and isinstance(text.value, str):
        yield text.value
    elif isinstance(text, ast.JoinedStr) and not _is_for_admins(path):
        number, said, letters = 0, "", 0
        for part in text.values:
            if isinstance(part, ast.Constant):
                said += str(part.value).replace("{", "{{").replace("}", "}}")
                letters += len(str(part.value))
            else:
                said, number = f"{said}{{{number}}}", number + 1
        if letters >= LEAST_WORDS:
            yield said


def _is_for_admins(path: Path) -> bool:
    return path.name.startswith(OF_ADMINS) or path.is_relative_to(SRC / "cli")


async def texts_of_commands() -> list[str]:
    """What Discord's list of commands shows, as it is registered."""
    with TemporaryDirectory() as directory:
        database = Database(f"sqlite+aiosqlite:///{directory}/none.db")
        async with BossBot(Settings.model_validate({}), database) as bot:
            for cog in COGS:
                await bot.add_cog(cog(bot))
            texts = [text for command in bot.tree.walk_commands() for text in _shown(command)]
            texts += [menu.name for menu in bot.tree.walk_commands(type=discord.AppCommandType.message)]
        await database.close()
    return texts


def _shown(command: app_commands.Command[Any, ..., Any] | app_commands.Group) -> Iterator[str]:
    yield command.description
    if isinstance(command, app_commands.Command):
        for option in command.parameters:
            yield str(option.description)
            yield from (choice.name for choice in option.choices if any(map(str.isalpha, choice.name)))


def main() -> int:
    template = found_texts()
    status = 0
    for path, catalogue in read_catalogues().items():
        missing = faults(catalogue, template)
        if "--check" not in sys.argv:
            template.creation_date = catalogue.creation_date  # else the file would change every day
            catalogue.update(template, no_fuzzy_matching=True)
            with path.open("wb") as file:
                write_po(file, catalogue, width=118, no_location=True, sort_output=True)
        print(f"{path.name}: {len(template)} sentences, {len(missing)} to do")
        print("\n".join(f"  {line}" for line in missing), end="\n" if missing else "")
        status |= bool(missing)
    return status


if __name__ == "__main__":
    sys.exit(main())
