"""A command's context: one answer, sent at once and edited from then on."""

from typing import TYPE_CHECKING

import discord
from discord.ext import commands

if TYPE_CHECKING:
    from cogs.client import BossBot  # noqa: F401  (ruff does not see it in the subscript below)


class Context(commands.Context["BossBot"]):
    """What a command, slash or prefix, works with."""

    _answer: discord.Message | None = None

    async def answer(self, text: str) -> discord.Message:
        """Say something: the first time as a message, later as an edit of that message, never a second one."""
        if self._answer is None:
            self._answer = await self.send(text, suppress_embeds=True)
        else:
            await self._answer.edit(content=text)
        return self._answer

    @property
    def guild_id(self) -> int | None:
        """The guild where the command was used; None in direct messages."""
        return None if self.guild is None else self.guild.id

    @property
    def manages_messages(self) -> bool:
        """Whether the member may delete others' messages here, and so may end others' downloads."""
        return self.guild is not None and self.permissions.manage_messages
