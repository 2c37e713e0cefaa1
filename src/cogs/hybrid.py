"""The decorators of our commands: slash and prefix at once, each with a description, examples, notes and a rate."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from discord import app_commands
from discord.ext import commands

from cogs.cooldowns import Rate

Callback = Callable[..., Coroutine[Any, Any, None]]
EXTRA = "about"


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What `help` tells of a command, and how often it may be used."""

    examples: tuple[str, ...] = ()  # arguments that make sense
    notes: tuple[str, ...] = ()  # sentences
    rate: Rate | None = None
    counts_as: str = ""  # commands that count as one for their rate have the same word here
    for_owner: bool = False


def about(command: Any) -> About:
    """What was said of a command by its decorator."""
    found = getattr(command, "extras", {}).get(EXTRA)
    return found if isinstance(found, About) else About()


def shown_name(command: Any, name: str) -> str:
    """What members know a parameter by: the name of the slash command's option."""
    slash = getattr(command, "app_command", None)
    found = slash.get_parameter(name) if isinstance(slash, app_commands.Command) else None
    return name if found is None else found.display_name


def hybrid(
    *,
    description: str,
    name: str | None = None,
    aliases: tuple[str, ...] = (),
    example: str | tuple[str, ...] = (),
    notes: tuple[str, ...] = (),
    rate: Rate | None = None,
    counts_as: str = "",
    for_owner: bool = False,
    within: "commands.HybridGroup[Any, ..., Any] | None" = None,
) -> Callable[[Callback], commands.HybridCommand[Any, ..., None]]:
    """A hybrid command.

    Args:
        description: what members read in Discord's list of commands, 100 characters at most.
        name: where it differs from the function's.
        aliases: further names, for the prefix only.
        example: arguments that make sense; the first is shown when some are missing or wrong.
        notes: sentences for `help`.
        rate: how often a member may use it.
        counts_as: a word that it shares with commands that count as one for their rate.
        for_owner: it does nothing for others than the bot's owner.
        within: the group whose subcommand it is.
    """
    told = _told(example, notes, rate, counts_as, for_owner=for_owner)

    # mypy can't infer through the union of two signatures in the library's decorator, hence the plain Callback.
    def make(callback: Callback) -> commands.HybridCommand[Any, ..., None]:
        values: dict[str, Any] = {} if within is None else {"parent": within}
        command: commands.HybridCommand[Any, ..., None] = commands.HybridCommand(
            callback,
            name=name or callback.__name__,
            description=description,
            help=description,
            aliases=list(aliases),
            extras={EXTRA: told},
            **values,
        )
        if within is not None:
            within.add_command(command)
        return command

    return make


def hybrid_group(
    *,
    description: str,
    name: str,
    fallback: str,
    aliases: tuple[str, ...] = (),
    notes: tuple[str, ...] = (),
    rate: Rate | None = None,
    counts_as: str = "",
) -> Callable[[Callback], "commands.HybridGroup[Any, ..., Any]"]:
    """A group of hybrid commands; its own callback is the subcommand `fallback`, and the prefix command alone."""
    told = _told((), notes, rate, counts_as, for_owner=False)

    def make(callback: Callback) -> "commands.HybridGroup[Any, ..., Any]":
        return commands.HybridGroup(
            callback,
            name=name,
            description=description,
            help=description,
            aliases=list(aliases),
            fallback=fallback,
            extras={EXTRA: told},
        )

    return make


def prefixed(
    *,
    description: str,
    name: str,
    example: str | tuple[str, ...],
    notes: tuple[str, ...] = (),
    rate: Rate,
    counts_as: str,
) -> Callable[[Callback], commands.Command[Any, ..., None]]:
    """A command for the prefix alone: a short name of something that has its slash command."""
    told = _told(example, notes, rate, counts_as, for_owner=False)

    def make(callback: Callback) -> commands.Command[Any, ..., None]:
        return commands.Command(callback, name=name, description=description, help=description, extras={EXTRA: told})

    return make


def _told(
    example: str | tuple[str, ...], notes: tuple[str, ...], rate: Rate | None, counts_as: str, *, for_owner: bool
) -> About:
    examples = (example,) if isinstance(example, str) else example
    return About(examples=examples, notes=notes, rate=rate, counts_as=counts_as, for_owner=for_owner)
