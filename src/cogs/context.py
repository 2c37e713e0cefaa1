"""A command's context: one answer, sent at once and edited from then on."""

from typing import TYPE_CHECKING, Any

import discord
from discord.ext import commands

from cogs.authority import Authority, authority_of, owns
from cogs.elsewhere import is_elsewhere
from cogs.first_answer import first_answer
from cogs.language import Language

if TYPE_CHECKING:
    from cogs.client import BossBot  # noqa: F401  (ruff does not see it in the subscript below)

TOKEN_IS_DEAD = (401, 404)  # statuses; an interaction's token lives for 15 minutes


class Context(commands.Context["BossBot"]):
    """What a command, slash or prefix, works with."""

    _answer: discord.Message | None = None
    _place: discord.abc.Messageable | None = None
    _authority: Authority | None = None
    has_rows = False  # whether a part of what it asks for is written, and its answer may be a card by now

    async def answer(self, text: str | None, *, private: bool = False, **more: Any) -> discord.Message:
        """Say something: the first time as a message, later as an edit of that message, never a second one.

        Args:
            text: what is said; None where a view says all.
            private: only the member sees it, where that is possible; counts for the first answer.
            more: what `discord.Message.edit` takes, such as `view`.
        """
        if self._answer is None and self._place is not None:
            self._answer = await self._place.send(text, suppress_embeds=True, **more)
        elif self._answer is None:
            # Where the bot is no member, what it says concerns nobody but who installed it.
            private = private or self.is_elsewhere
            self._answer = await first_answer(self, text, ephemeral=private, suppress_embeds=True, **more)
        else:
            await self._edit(self._answer, text, more)
        return self._answer

    async def say_more(self, text: str) -> discord.Message:
        """Say something in a message of its own, after the answer."""
        if self.interaction is None or self.interaction.is_expired():
            return await self.send(text)
        # Not the library's own `send`: it does not know of an answer that only Discord knows of.
        return await self.interaction.followup.send(text, wait=True)

    def answer_in(self, place: discord.abc.Messageable) -> None:
        """Give the answer in another place than where the command was used."""
        self._place = place

    async def _edit(self, message: discord.Message, text: str | None, more: dict[str, Any]) -> None:
        try:
            await message.edit(content=text, **more)
        except discord.HTTPException as error:
            if not isinstance(message, discord.InteractionMessage) or error.status not in TOKEN_IS_DEAD:
                raise
            # The ordinary way works for as long as the message is there.
            place = self.bot.get_partial_messageable(self.channel.id, guild_id=self.guild_id)
            await place.get_partial_message(message.id).edit(content=text, **more)

    @property
    def t(self) -> Language:
        """Says things in the member's language."""
        interaction = self.interaction
        if interaction is not None:
            locale, guild_locale = interaction.locale.value, interaction.guild_locale
        else:
            locale, guild_locale = None, None if self.guild is None else self.guild.preferred_locale
        return self.bot.spoken.language(
            user_id=self.author.id,
            guild_id=self.guild_id,
            locale=locale,
            guild_locale=None if guild_locale is None else guild_locale.value,
        )

    async def authority(self) -> Authority:
        """What the member may do here; asks the database, so answer first."""
        if self._authority is None:
            self._authority = await authority_of(
                self.bot.queries,
                user=self.author,
                guild=None if self.is_elsewhere else self.guild,
                permissions=self.permissions,
                is_owner=self.owns_bot,
            )
        return self._authority

    @property
    def owns_bot(self) -> bool:
        """Whether this bot is the member's."""
        return owns(self.bot, self.author.id)

    @property
    def guild_id(self) -> int | None:
        """The guild where the command was used; None in direct messages, and where the bot is no member."""
        return None if self.guild is None or self.is_elsewhere else self.guild.id

    @property
    def is_elsewhere(self) -> bool:
        """Whether the bot is no member here: a command of somebody who installed it for himself."""
        return is_elsewhere(self.interaction)
