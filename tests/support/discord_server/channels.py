"""Channels of all kinds, threads, forum posts, and direct messages with the bot or without it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from .messages import Message
from .permissions import NONE, Permission
from .snowflakes import timestamp

if TYPE_CHECKING:
    from .guilds import Guild
    from .members import Member
    from .people import User
    from .world import World


class ChannelKind(IntEnum):
    TEXT = 0
    DM = 1
    VOICE = 2
    GROUP_DM = 3  # members among themselves: the bot gets there only as an app that one of them installed
    PUBLIC_THREAD = 11
    FORUM = 15


@dataclass(slots=True, eq=False, kw_only=True)
class Channel:
    id: int
    world: World = field(repr=False)
    kind: ChannelKind = ChannelKind.TEXT
    name: str = ""
    guild: Guild | None = field(default=None, repr=False)
    parent: Channel | None = field(default=None, repr=False)
    recipients: list[User] = field(default_factory=list)
    nsfw: bool = False
    archived: bool = False
    locked: bool = False
    deleted: bool = False
    forbidden: Permission = NONE
    typing_seen: int = 0
    all_messages: list[Message] = field(default_factory=list, repr=False)

    @property
    def mention(self) -> str:
        return f"<#{self.id}>"

    @property
    def messages(self) -> list[Message]:
        """What everybody sees now, oldest first: neither deleted nor ephemeral."""
        return [one for one in self.all_messages if not one.deleted and not one.is_ephemeral]

    def messages_for(self, member: Member) -> list[Message]:
        """What this member sees: the ephemeral answers to him as well."""
        return [one for one in self.all_messages if not one.deleted and one.sees_only in (None, member)]

    def message(self, message_id: int) -> Message | None:
        return next((one for one in self.all_messages if one.id == message_id and not one.deleted), None)

    async def wait_for(self, wanted: Callable[[Message], bool], timeout: float = 30) -> Message:
        """Waits until one of the messages, ephemeral ones included, is as wanted, and returns it."""

        def look() -> Message | None:
            return next((one for one in self.all_messages if not one.deleted and wanted(one)), None)

        return await self.world.changes.until(look, timeout, self.transcript)

    async def wait_until(self, condition: Callable[[Channel], bool], timeout: float = 30) -> None:
        """Waits until the whole channel is as wanted, for instance until a message is gone."""
        await self.world.changes.until(lambda: condition(self), timeout, self.transcript)

    def transcript(self) -> str:
        lines = [f"#{self.name} shows {len(self.messages)} messages"]
        lines += [f"  {one.author.name}: {one.text!r} {list(one.files)} {one.embeds}" for one in self.messages]
        return "\n".join(lines)

    async def forbid(self, *permissions: Permission) -> None:
        """Takes permissions from the bot here; VIEW_CHANNEL makes it 50001, the others 50013."""
        for permission in permissions:
            self.forbidden |= permission
        self.world.dispatch("CHANNEL_UPDATE", self.to_json(), self.guild)

    async def allow(self, *permissions: Permission) -> None:
        for permission in permissions:
            self.forbidden &= ~permission
        self.world.dispatch("CHANNEL_UPDATE", self.to_json(), self.guild)

    async def delete(self) -> None:
        """Deletes the channel: the bot is told, and is answered 10003 from now on."""
        self.deleted = True
        event = "THREAD_DELETE" if self.is_thread else "CHANNEL_DELETE"
        self.world.dispatch(event, self.to_json(), self.guild)

    async def archive(self, *, locked: bool = False) -> None:
        """Archives a thread, as Discord does after a while; a locked one only moderators open again."""
        self.archived, self.locked = True, locked
        self.world.dispatch("THREAD_UPDATE", self.to_json(), self.guild)

    @property
    def is_thread(self) -> bool:
        return self.kind is ChannelKind.PUBLIC_THREAD

    @property
    def bot_is_in(self) -> bool:
        """Whether the bot may be here by itself, and not only through an interaction."""
        return self.kind is ChannelKind.DM if self.guild is None else self.guild.bot_is_in

    def permissions_of_bot(self) -> Permission:
        """What `app_permissions` of an interaction says; where the bot is no member, what its webhook may do."""
        if not self.bot_is_in:
            return Permission.ATTACH_FILES | Permission.EMBED_LINKS | Permission.MENTION_EVERYONE
        if self.guild is None:
            return Permission.VIEW_CHANNEL | Permission.SEND_MESSAGES | Permission.ATTACH_FILES | _DM_EXTRAS
        owner = self.parent or self
        return self.guild.bot.permissions & ~owner.forbidden & ~self.forbidden

    def to_json(self) -> dict[str, Any]:
        last = self.all_messages[-1].id if self.all_messages else None
        data: dict[str, Any] = {
            "id": str(self.id),
            "type": int(self.kind),
            "last_message_id": None if last is None else str(last),
            "flags": 0,
        }
        if self.guild is None:
            data |= {"recipients": [one.to_json() for one in self.recipients]}
            if self.kind is ChannelKind.GROUP_DM:
                data |= {"owner_id": str(self.recipients[0].id), "name": self.name or None, "icon": None}
            return data
        data |= {
            "guild_id": str(self.guild.id),
            "name": self.name,
            "position": 0,
            "nsfw": self.nsfw,
            "rate_limit_per_user": 0,
            "parent_id": None if self.parent is None else str(self.parent.id),
            "permission_overwrites": self._overwrites(),
            "topic": None,
        }
        if self.kind is ChannelKind.VOICE:
            data |= {"bitrate": 64000, "user_limit": 0, "rtc_region": None}
        if self.kind is ChannelKind.FORUM:
            data |= {"available_tags": [], "default_reaction_emoji": None, "default_sort_order": None}
            data |= {"default_forum_layout": 0}
        return data | self._thread_json() if self.is_thread else data

    def _overwrites(self) -> list[dict[str, Any]]:
        if self.guild is None or not self.forbidden:
            return []
        bot = self.world.bot.id
        return [{"id": str(bot), "type": 1, "allow": "0", "deny": str(int(self.forbidden))}]

    def _thread_json(self) -> dict[str, Any]:
        return {
            "owner_id": str(self.world.bot.id),
            "message_count": len(self.messages),
            "total_message_sent": len(self.all_messages),
            "member_count": 1,
            "thread_metadata": {
                "archived": self.archived,
                "auto_archive_duration": 1440,
                "archive_timestamp": timestamp(self.id),
                "locked": self.locked,
                "create_timestamp": timestamp(self.id),
            },
        }


_DM_EXTRAS = Permission.EMBED_LINKS | Permission.READ_MESSAGE_HISTORY | Permission.ADD_REACTIONS
