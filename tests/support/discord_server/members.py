"""A member of a guild, who acts as a person does in Discord's client."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from . import posting, reactions
from .asking import component_data, fill_command, open_interaction, suggested_data, target_data
from .bodies import Body, Upload
from .filling import modal_data
from .interactions import InteractionKind
from .messages import Flag
from .permissions import ALL, Permission
from .snowflakes import timestamp

if TYPE_CHECKING:
    from .channels import Channel
    from .guilds import Guild
    from .interactions import Interaction
    from .messages import Message
    from .people import Role, User


@dataclass(slots=True, eq=False, kw_only=True)
class Member:
    """Someone in a guild. What he does is done at once; only ``autocomplete`` waits for the bot."""

    user: User
    guild: Guild = field(repr=False)
    roles: list[Role] = field(default_factory=list, repr=False)

    @property
    def id(self) -> int:
        return self.user.id

    @property
    def name(self) -> str:
        return self.user.name

    @property
    def mention(self) -> str:
        return self.user.mention

    @property
    def permissions(self) -> Permission:
        own = self.guild.everyone.permissions
        for role in self.roles:
            own |= role.permissions
        return ALL if own & Permission.ADMINISTRATOR else own

    @property
    def dm(self) -> Channel:
        return self.guild.world.dm_with(self.user)

    async def write(
        self, channel: Channel, content: str = "", *, files: dict[str, bytes] | None = None, to: Message | None = None
    ) -> Message:
        """Posts a message, with files by name, and in reply ``to`` another if given."""
        uploads = {number: Upload(name, data) for number, (name, data) in enumerate((files or {}).items())}
        fields: dict[str, Any] = {"content": content}
        if to is not None:
            fields["message_reference"] = {"message_id": to.id}
        message = posting.compose(channel, self.user, fields, Body(fields, uploads))
        posting.show(message)
        return message

    async def edit(self, message: Message, content: str) -> None:
        posting.change(message, {"content": content}, Body({}))

    async def delete(self, message: Message) -> None:
        """Deletes a message, one's own or, as a moderator, anybody's."""
        posting.remove(message)

    async def react(self, message: Message, emoji: str) -> None:
        reactions.react(message, self.user, emoji)

    async def use(self, channel: Channel, command: str, /, **options: Any) -> Interaction:
        """Uses a slash command ("queue list" for a subcommand); files are ``Upload(name, bytes)``.

        Raises:
            LookupError: there is no such command or option.
            ValueError: an option is missing or breaks its definition.
            PermissionError: the command is hidden from this member.
        """
        data = fill_command(self, channel, command, options)
        return open_interaction(self, channel, InteractionKind.COMMAND, data)

    async def use_on(self, target: Message | Member, command: str, channel: Channel | None = None) -> Interaction:
        """Uses a context-menu command on a message or on a member (then name the channel)."""
        data, where = target_data(self, target, command, channel)
        return open_interaction(self, where, InteractionKind.COMMAND, data)

    async def autocomplete(
        self, channel: Channel, command: str, option: str, typed: str, /, timeout: float = 3, **others: Any
    ) -> list[dict[str, Any]]:
        """Types into an option and returns the suggestions, each with ``name`` and ``value``."""
        data = suggested_data(self, channel, command, option, typed, others)
        interaction = open_interaction(self, channel, InteractionKind.AUTOCOMPLETE, data)
        return list((await interaction.answer(timeout)).choices)

    async def press(self, message: Message, *, custom_id: str | None = None, label: str | None = None) -> Interaction:
        """Presses a button, named by its custom_id or by its label.

        Raises:
            LookupError: there is no such button, it is disabled, or the member does not see the message.
        """
        data = component_data(self, message, None, custom_id, label)
        return open_interaction(self, message.channel, InteractionKind.COMPONENT, data, message=message)

    async def select(self, message: Message, *values: Any, custom_id: str | None = None) -> Interaction:
        """Chooses in a select: option values or labels, or members, roles, channels."""
        data = component_data(self, message, values, custom_id, None)
        return open_interaction(self, message.channel, InteractionKind.COMPONENT, data, message=message)

    async def submit_modal(self, asked: Interaction, values: dict[str, Any]) -> Interaction:
        """Fills in the modal that answered an interaction, by custom_id or label, and submits it."""
        assert asked.given is not None, "wait for the modal first: await interaction.answer()"
        data = modal_data(self, asked.given.modal, values)
        kind, message = InteractionKind.MODAL_SUBMIT, asked.message
        return open_interaction(self, asked.channel, kind, data, message=message)

    async def leave(self) -> None:
        self.guild.members.remove(self)
        gone = {"guild_id": str(self.guild.id), "user": self.user.to_json()}
        self.guild.world.dispatch("GUILD_MEMBER_REMOVE", gone, self.guild)

    def can_see(self, message: Message) -> bool:
        return not message.deleted and (not message.flags & Flag.EPHEMERAL or message.sees_only is self)

    def to_json(self, *, with_user: bool = True) -> dict[str, Any]:
        data = {
            "roles": [str(role.id) for role in self.roles],
            "joined_at": timestamp(self.user.id),
            "premium_since": None,
            "nick": None,
            "avatar": None,
            "pending": False,
            "deaf": False,
            "mute": False,
            "flags": 0,
        }
        return data | {"user": self.user.to_json()} if with_user else data
