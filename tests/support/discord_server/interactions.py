"""One use of a command, button, select or modal: what was answered to it, and until when it may be."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from .errors import ApiError, Refusal
from .messages import Flag, Message
from .permissions import Permission

if TYPE_CHECKING:
    from .channels import Channel
    from .members import Member
    from .world import World


IN_GUILD, BOT_DM, PRIVATE_CHANNEL = range(3)  # Discord's interaction contexts
FOLLOWUPS_OF_USER_APPS = 5


class InteractionKind(IntEnum):
    COMMAND = 2
    COMPONENT = 3
    AUTOCOMPLETE = 4
    MODAL_SUBMIT = 5


class AnswerKind(IntEnum):
    """Discord's interaction callback types."""

    PONG = 1
    MESSAGE = 4
    DEFERRED = 5  # "thinking ...", a message follows
    DEFERRED_UPDATE = 6  # nothing to see, the pressed message may be edited later
    UPDATE = 7  # the pressed message was edited
    CHOICES = 8
    MODAL = 9


@dataclass(frozen=True, slots=True)
class Answer:
    """The first answer: its kind and what came with it."""

    kind: AnswerKind
    message: Message | None = None
    choices: tuple[dict[str, Any], ...] = ()
    modal: dict[str, Any] = field(default_factory=dict)

    @property
    def is_deferred(self) -> bool:
        return self.kind in (AnswerKind.DEFERRED, AnswerKind.DEFERRED_UPDATE)

    @property
    def content(self) -> str:
        return "" if self.message is None else self.message.content


@dataclass(slots=True, eq=False, kw_only=True)
class Interaction:
    id: int
    world: World = field(repr=False)
    kind: InteractionKind
    member: Member
    channel: Channel
    data: dict[str, Any]
    message: Message | None = field(default=None, repr=False)
    token: str = field(default_factory=lambda: secrets.token_urlsafe(48), repr=False)
    asked_at: float = field(default_factory=time.monotonic)
    answered_at: float | None = None
    given: Answer | None = None
    original: Message | None = None
    followups: list[Message] = field(default_factory=list)

    @property
    def is_answered(self) -> bool:
        return self.given is not None

    @property
    def messages(self) -> list[Message]:
        """All that was said in answer and is still there, the first answer first."""
        said = [*([self.original] if self.original else []), *self.followups]
        return [one for one in said if not one.deleted]

    async def answer(self, timeout: float = 3) -> Answer:
        """Waits for the first answer: a message, a deferral, choices, a modal.

        Raises:
            TimeoutError: "the application did not respond".
        """
        return await self.world.changes.until(lambda: self.given, timeout, self._describe)

    async def reply(self, timeout: float = 30) -> Message:
        """Waits for a message that can be read: not "thinking ..." any more."""

        def look() -> Message | None:
            return next((one for one in self.messages if not one.is_loading), None)

        return await self.world.changes.until(look, timeout, self._describe)

    def check_unanswered(self) -> None:
        """Refuses a late or a second first answer."""
        if self.is_answered:
            raise ApiError(Refusal.ALREADY_ACKNOWLEDGED)
        if time.monotonic() - self.asked_at > self.world.settings.interaction_answer_window:
            raise ApiError(Refusal.UNKNOWN_INTERACTION)

    def check_token(self) -> None:
        """Refuses what comes after the token's 15 minutes, or before the first answer."""
        if time.monotonic() - self.asked_at > self.world.settings.interaction_token_window:
            raise ApiError(Refusal.INVALID_WEBHOOK_TOKEN)
        if not self.is_answered:
            raise ApiError(Refusal.UNKNOWN_WEBHOOK)

    def check_follow_up(self) -> None:
        """Refuses the sixth follow-up where the bot is no member."""
        if self.is_through_user_alone and len(self.followups) >= FOLLOWUPS_OF_USER_APPS:
            raise ApiError(Refusal.TOO_MANY_FOLLOWUPS)

    def give(self, answer: Answer) -> None:
        self.given, self.answered_at = answer, time.monotonic()
        self.original = answer.message or self.message
        self.world.changes.announce()

    def sign(self, message: Message) -> None:
        """Marks a message as an answer to this interaction, seen by its member only if it is ephemeral."""
        if self.must_be_private:
            message.flags |= Flag.EPHEMERAL
        if message.is_ephemeral:
            message.sees_only = self.member
        user = self.member.user.to_json()
        metadata = {"id": str(self.id), "type": int(self.kind), "user": user}
        message.interaction = {"interaction_metadata": metadata | self._installed_by()}
        if self.kind is InteractionKind.COMMAND:
            named = {"id": str(self.id), "type": int(self.kind), "name": self.data["name"], "user": user}
            message.interaction["interaction"] = named

    def thinking(self, flags: int) -> Message:
        loading = (Flag(flags) & Flag.EPHEMERAL) | Flag.LOADING
        return Message(id=self.world.ids.new(), channel=self.channel, author=self.world.bot, flags=loading)

    def to_json(self) -> dict[str, Any]:
        channel, guild = self.channel, self.channel.guild
        data: dict[str, Any] = {
            "id": str(self.id),
            "application_id": str(self.world.application_id),
            "type": int(self.kind),
            "token": self.token,
            "version": 1,
            "data": self.data,
            "channel_id": str(channel.id),
            "channel": channel.to_json(),
            "app_permissions": str(int(channel.permissions_of_bot())),
            "locale": self.member.user.locale,
            "entitlements": [],
            "attachment_size_limit": self.world.settings.upload_limit,
        }
        if self.message is not None:
            data["message"] = self.message.to_json()
        if guild is None:
            context = BOT_DM if channel.bot_is_in else PRIVATE_CHANNEL
            return data | {"user": self.member.user.to_json(), "context": context} | self._installed_by()
        return data | {
            "guild_id": str(guild.id),
            "guild": {"id": str(guild.id), "locale": guild.locale, "features": []},
            "guild_locale": guild.locale,
            "member": self.member.to_json() | {"permissions": str(int(self.member.permissions))},
            "context": IN_GUILD,
            **self._installed_by(),
            "attachment_size_limit": guild.upload_limit_bytes,
        }

    def _installed_by(self) -> dict[str, Any]:
        """Who brought the bot here: the guild, the person, or both; "0" in its direct messages."""
        owners: dict[str, str] = {}
        if self.channel.bot_is_in:
            owners["0"] = str(self.channel.guild.id) if self.channel.guild else "0"
        if self.member.user.has_installed_bot:
            owners["1"] = str(self.member.user.id)
        return {"authorizing_integration_owners": owners}

    @property
    def is_through_user_alone(self) -> bool:
        """Used where the bot is no member, by someone who installed it."""
        return not self.channel.bot_is_in

    @property
    def must_be_private(self) -> bool:
        """Where members may not use apps of their own in public, Discord shows the answer to them alone."""
        guild = self.channel.guild
        return (
            self.is_through_user_alone
            and guild is not None
            and Permission.USE_EXTERNAL_APPS not in self.member.permissions
        )

    def _describe(self) -> str:
        name = self.data.get("name") or self.data.get("custom_id")
        answer = "no answer" if self.given is None else f"a {self.given.kind.name} answer, {self.messages}"
        return f"{self.kind.name} {name!r} of {self.member.user.name} has {answer}\n{self.channel.transcript()}"
