"""Each error of a command has a sentence, or is a fault of ours."""

from typing import Any

import pytest
from discord import app_commands
from discord.ext import commands

from cogs.errors import sentence_for, unwrapped
from core.errors import RequestRefused

USAGE = "Example: `$cancel 12`"


async def _command(ctx: commands.Context[Any], url: str) -> None: ...


COMMAND: commands.Command[Any, ..., None] = commands.Command(_command, name="download")


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (RequestRefused("The queue is full."), "The queue is full."),
        (commands.MissingRequiredArgument(COMMAND.params["url"]), f"`url` is missing. {USAGE}"),
        (commands.RangeError(0, minimum=1, maximum=9), f"0 is not possible there. {USAGE}"),
        (commands.BadArgument("no int"), f"That is not understood. {USAGE}"),
        (commands.UnexpectedQuoteError('"'), f"That is not understood. {USAGE}"),
        (
            commands.CommandOnCooldown(commands.Cooldown(1, 60), 42.0, commands.BucketType.user),
            "Too fast: try again in 42 s.",
        ),
        (app_commands.CommandOnCooldown(app_commands.Cooldown(1, 60), 0.2), "Too fast: try again in 1 s."),
        (commands.NoPrivateMessage(), "This works only in a server."),
        (commands.MissingPermissions(["manage_messages"]), "You may not do this here."),
        (ValueError("secret details"), None),
    ],
)
def test_an_error_becomes_a_sentence(error: Exception, sentence: str | None) -> None:
    assert sentence_for(error, usage=USAGE) == sentence


def test_the_cause_is_found_below_the_librarys_wrappers() -> None:
    cause = RequestRefused("No.")
    assert unwrapped(commands.CommandInvokeError(cause)) is cause
