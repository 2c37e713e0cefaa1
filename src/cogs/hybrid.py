"""The decorator of our commands: slash and prefix at once, each with a description and an example."""

from collections.abc import Callable, Coroutine
from typing import Any

from discord.ext import commands

Callback = Callable[..., Coroutine[Any, Any, None]]


def hybrid(
    *, description: str, name: str | None = None, aliases: tuple[str, ...] = (), example: str = ""
) -> Callable[[Callback], commands.HybridCommand[Any, ..., None]]:
    """A hybrid command.

    Args:
        description: what members read in Discord's list of commands, 100 characters at most.
        name: where it differs from the function's.
        aliases: further names, for the prefix only.
        example: arguments that make sense; shown when some are missing or wrong.
    """

    # mypy can't infer through the union of two signatures in the library's decorator, hence the plain Callback.
    def make(callback: Callback) -> commands.HybridCommand[Any, ..., None]:
        return commands.HybridCommand(
            callback,
            name=name or callback.__name__,
            description=description,
            help=description,
            aliases=list(aliases),
            extras={"example": example},
        )

    return make
