"""A message as a channel shows it, and its attachments."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntFlag
from typing import TYPE_CHECKING, Any

from .components import TEXT_DISPLAY, interactive, walk
from .snowflakes import timestamp

if TYPE_CHECKING:
    from .channels import Channel
    from .members import Member
    from .people import User


class Flag(IntFlag):
    """The message flags that mean something to this server."""

    EPHEMERAL = 1 << 6
    LOADING = 1 << 7
    COMPONENTS_V2 = 1 << 15


NO_FLAGS = Flag(0)


@dataclass(frozen=True, slots=True, eq=False)
class Attachment:
    id: int
    filename: str
    content: bytes = field(repr=False)
    content_type: str
    url: str
    description: str | None = None
    ephemeral: bool = False

    @property
    def size(self) -> int:
        return len(self.content)

    @property
    def is_spoiler(self) -> bool:
        return self.filename.startswith("SPOILER_")

    def to_json(self) -> dict[str, Any]:
        data: dict[str, Any] = {
            "id": str(self.id),
            "filename": self.filename,
            "size": self.size,
            "url": self.url,
            "proxy_url": self.url,
            "content_type": self.content_type,
            "ephemeral": self.ephemeral,
        }
        return data if self.description is None else data | {"description": self.description}


@dataclass(slots=True, eq=False, kw_only=True)
class Message:
    """One message; ``edits`` counts its changes, ``sees_only`` is the member an ephemeral one is shown to."""

    id: int
    channel: Channel = field(repr=False)
    author: User
    content: str = ""
    embeds: list[dict[str, Any]] = field(default_factory=list)
    components: list[dict[str, Any]] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    flags: Flag = NO_FLAGS
    reference: Message | None = field(default=None, repr=False)
    reference_id: int | None = None
    mentions: list[User] = field(default_factory=list)
    mentions_everyone: bool = False
    mentioned_roles: list[int] = field(default_factory=list)
    reactions: dict[str, list[int]] = field(default_factory=dict)
    nonce: str | None = None
    pinned: bool = False
    edited_at: str | None = None
    edits: int = 0
    deleted: bool = False
    sees_only: Member | None = None
    interaction: dict[str, Any] | None = field(default=None, repr=False)
    thread: Channel | None = field(default=None, repr=False)

    @property
    def is_ephemeral(self) -> bool:
        return bool(self.flags & Flag.EPHEMERAL)

    @property
    def is_loading(self) -> bool:
        return bool(self.flags & Flag.LOADING)

    @property
    def says_nothing(self) -> bool:
        return not (self.content or self.embeds or self.attachments or self.components)

    @property
    def text(self) -> str:
        """All that can be read: the content, or the texts that a layout shows, from top to bottom."""
        shown = [one["content"] for one in walk(self.components) if one["type"] == TEXT_DISPLAY]
        return "\n".join([*([self.content] if self.content else []), *shown])

    @property
    def interactive_components(self) -> list[dict[str, Any]]:
        """The buttons and selects, however deeply they are laid out."""
        return list(interactive(self.components))

    @property
    def files(self) -> dict[str, bytes]:
        return {attachment.filename: attachment.content for attachment in self.attachments}

    def to_json(self, *, with_nonce: bool = False, nested: bool = False) -> dict[str, Any]:
        data: dict[str, Any] = {
            "id": str(self.id),
            "type": 0 if self.reference_id is None else 19,
            "channel_id": str(self.channel.id),
            "author": self.author.to_json(),
            "content": self.content,
            "timestamp": timestamp(self.id),
            "edited_timestamp": self.edited_at,
            "tts": False,
            "mention_everyone": self.mentions_everyone,
            "mentions": [user.to_json() for user in self.mentions],
            "mention_roles": [str(role) for role in self.mentioned_roles],
            "attachments": [attachment.to_json() for attachment in self.attachments],
            "embeds": self.embeds,
            "components": self.components,
            "pinned": self.pinned,
            "flags": int(self.flags),
        }
        if with_nonce and self.nonce is not None:
            data["nonce"] = self.nonce
        if self.reactions:
            data["reactions"] = [self._reaction(emoji, users) for emoji, users in self.reactions.items()]
        if self.thread is not None:
            data["thread"] = self.thread.to_json()
        data |= self._interaction_json()
        if self.reference_id is not None:
            data |= self._reference_json(nested)
        return data

    def _interaction_json(self) -> dict[str, Any]:
        if self.interaction is None:
            return {}
        application_id = str(self.channel.world.application_id)
        return {"application_id": application_id, "webhook_id": application_id, **self.interaction}

    def _reference_json(self, nested: bool) -> dict[str, Any]:
        origin = {"type": 0, "message_id": str(self.reference_id), "channel_id": str(self.channel.id)}
        if self.channel.guild is not None:
            origin["guild_id"] = str(self.channel.guild.id)
        gone = self.reference is None or self.reference.deleted
        if nested or self.reference is None:
            return {"message_reference": origin}
        return {
            "message_reference": origin,
            "referenced_message": None if gone else self.reference.to_json(nested=True),
        }

    def _reaction(self, emoji: str, users: list[int]) -> dict[str, Any]:
        return {
            "count": len(users),
            "count_details": {"normal": len(users), "burst": 0},
            "me": self.channel.world.bot.id in users,
            "me_burst": False,
            "burst_colors": [],
            "emoji": emoji_json(emoji),
        }


def emoji_json(emoji: str) -> dict[str, Any]:
    """Shapes ``👍`` or the ``name:id`` of a custom emoji."""
    name, _, emoji_id = emoji.partition(":")
    return {"id": emoji_id or None, "name": name}
