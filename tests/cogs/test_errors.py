"""Each error of a command has a sentence, or is a fault of ours."""

from typing import Any

import pytest
from discord.ext import commands

from cogs.cooldowns import TooFast
from cogs.errors import sentence_for, unwrapped
from core.errors import RequestRefused
from core.limits import Limited, over_limit

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
        (TooFast(42.0, guild=False), "Too fast: try again in 42 s."),
        (TooFast(0.2, guild=False), "Too fast: try again in 1 s."),
        (TooFast(3.0, guild=True), "This server is asking for much at once: try again in 3 s."),
        (
            over_limit(Limited.WAITING, 1),
            "You have 1 download waiting, which is your limit here. Ask again when it has begun.",
        ),
        (
            over_limit(Limited.A_DAY, 5),
            "You have asked for 5 downloads within 24 hours, which is your limit here. Ask again tomorrow.",
        ),
        (
            commands.BotMissingPermissions(["attach_files", "manage_guild"]),
            "This bot lacks permissions in this channel: Attach Files, Manage Server. Ask a moderator.",
        ),
        (commands.RoleNotFound("@dj"), f"There is no \\@dj here. {USAGE}"),
        (commands.NotOwner(), "You may not do this here."),
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
