"""The texts of `help`, in the format of the product's plan: usage, examples, notes."""

import inspect
from collections.abc import Sequence
from typing import Any

from discord.ext import commands

from cogs.hybrid import about, shown_name
from cogs.language import Language
from cogs.texts import at_most

Command = commands.Command[Any, ..., Any]
MOST = 3900  # characters


def overview(known: Sequence[Command], *, prefix: str, t: Language) -> str:
    """All commands with what they do; for a text of components, which may be longer than a message's."""
    lines = [
        f"**{t('What this bot can do')}**",
        t("Type / and choose, or write the same with {prefix} before it. More: `help` and a command.", prefix=prefix),
    ]
    for one in sorted(known, key=lambda one: one.qualified_name):
        sign = "/" if is_slash(one) else prefix
        name = f"{one.qualified_name} {one.fallback}" if isinstance(one, commands.HybridGroup) else one.qualified_name
        lines.append(f"`{sign}{name}` {t(one.description)}")
    return at_most(lines, MOST)


def command_page(command: Command, *, called: str, prefix: str, t: Language) -> str:
    """How one command is used.

    Args:
        command: which.
        called: the name that was asked about, perhaps an alias.
        prefix: of commands in messages.
        t: the language.
    """
    told = about(command)
    name = called if called in command.aliases else command.qualified_name
    lines = [
        f"**{prefix}{name}: {t(command.description)}**",
        f"{t('Usage')}: `{prefix}{name}{''.join(f' {word}' for word in parameters(command))}`",
    ]
    if told.examples:
        lines += ["", f"{t('Examples')}:", *[f"`{prefix}{name} {example}`" for example in told.examples]]
    notes = [*[t(note) for note in told.notes], *_notes(command, name, prefix, t)]
    if notes:
        lines += ["", f"{t('Notes')}:", *[f"- {note}" for note in notes]]
    if isinstance(command, commands.Group):
        inner = sorted(command.commands, key=lambda one: one.name)
        lines += ["", *[f"`{prefix}{one.qualified_name}` {t(one.description)}" for one in inner]]
    return at_most(lines)


def parameters(command: Command) -> list[str]:
    """What follows the name: `<needed>`, `[may be left out]`, `[name=...]`."""
    words: list[str] = []
    for parameter in command.clean_params.values():
        converter = parameter.converter
        if inspect.isclass(converter) and issubclass(converter, commands.FlagConverter):
            words += [f"[{flag}=...]" for flag in converter.get_flags()]
            continue
        shown = shown_name(command, parameter.name)
        words.append(f"<{shown}>" if parameter.default is inspect.Parameter.empty else f"[{shown}]")
    return words


def is_slash(command: Command) -> bool:
    """Whether Discord lists it, too."""
    return isinstance(command, commands.HybridCommand | commands.HybridGroup)


def _notes(command: Command, name: str, prefix: str, t: Language) -> list[str]:
    notes = []
    others = [one for one in (command.qualified_name, *command.aliases) if one != name]
    if others:
        notes.append(t("The same: {names}", names=", ".join(f"`{prefix}{one}`" for one in others)))
    rate = about(command).rate
    if rate is not None:
        notes.append(
            t("Up to {count} times a minute, {seconds} s apart.", count=rate.a_minute, seconds=round(rate.gap))
        )
    if not is_slash(command):
        notes.append(t("There is no slash command of this name: {name} does the same.", name="`/download`"))
    return notes
