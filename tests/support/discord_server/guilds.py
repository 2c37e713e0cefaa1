"""Guilds: their channels, roles and members, and whether the bot is in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .channels import Channel, ChannelKind
from .members import Member
from .people import Role, User
from .permissions import EVERYONE, Permission
from .settings import UPLOAD_LIMIT_OF_TIER
from .snowflakes import timestamp

if TYPE_CHECKING:
    from .messages import Message
    from .world import World


@dataclass(slots=True, eq=False, kw_only=True)
class Guild:
    """A Discord server; make one with ``DiscordServer.add_guild``."""

    id: int
    world: World = field(repr=False)
    name: str
    boost_tier: int = 0
    upload_limit: int | None = None
    locale: str = "en-US"
    bot_is_in: bool = True
    roles: list[Role] = field(default_factory=list, repr=False)
    members: list[Member] = field(default_factory=list, repr=False)
    channels: list[Channel] = field(default_factory=list, repr=False)

    @property
    def everyone(self) -> Role:
        return self.roles[0]

    @property
    def bot(self) -> Member:
        return self.members[0]

    @property
    def upload_limit_bytes(self) -> int:
        """The limit for one attachment: as set, else by the boost tier."""
        if self.upload_limit is not None:
            return self.upload_limit
        return UPLOAD_LIMIT_OF_TIER.get(self.boost_tier, self.world.settings.upload_limit)

    def add_text_channel(self, name: str, *, nsfw: bool = False) -> Channel:
        return self._add_channel(name, ChannelKind.TEXT, nsfw=nsfw)

    def add_voice_channel(self, name: str) -> Channel:
        """Its text chat is the channel itself."""
        return self._add_channel(name, ChannelKind.VOICE)

    def add_forum(self, name: str) -> Channel:
        """Holds posts alone: see ``add_post``."""
        return self._add_channel(name, ChannelKind.FORUM)

    def _add_channel(self, name: str, kind: ChannelKind, *, nsfw: bool = False) -> Channel:
        channel = Channel(id=self.world.ids.new(), world=self.world, guild=self, name=name, kind=kind, nsfw=nsfw)
        self.channels.append(channel)
        self.world.dispatch("CHANNEL_CREATE", channel.to_json(), self)
        return channel

    async def add_post(self, forum: Channel, name: str, author: Member, content: str) -> Channel:
        """A post of a forum: a thread whose first message is the author's."""
        assert forum.kind is ChannelKind.FORUM
        post = self.add_thread(forum, name)
        await author.write(post, content)
        return post

    def add_thread(self, parent: Channel, name: str, starter: Message | None = None) -> Channel:
        """Opens a public thread, on a message if one is given (whose id it then shares)."""
        channel = Channel(
            id=self.world.ids.new() if starter is None else starter.id,
            world=self.world,
            guild=self,
            name=name,
            kind=ChannelKind.PUBLIC_THREAD,
            parent=parent,
        )
        self.channels.append(channel)
        if starter is not None:
            starter.thread = channel
        self.world.dispatch("THREAD_CREATE", channel.to_json() | {"newly_created": True}, self)
        return channel

    def add_role(self, name: str, permissions: Permission = EVERYONE) -> Role:
        role = Role(self.world.ids.new(), name, permissions, position=len(self.roles))
        self.roles.append(role)
        self.world.dispatch("GUILD_ROLE_CREATE", {"guild_id": str(self.id), "role": role.to_json()}, self)
        return role

    def add_member(self, name: str, *, roles: tuple[Role, ...] = (), user: User | None = None) -> Member:
        """Lets someone join; give ``user`` (``member.user``) for a person who is in another guild too."""
        member = Member(user=user or self.world.new_user(name), guild=self, roles=list(roles))
        self.members.append(member)
        joined = member.to_json() | {"guild_id": str(self.id)}
        self.world.dispatch("GUILD_MEMBER_ADD", joined, self)
        return member

    def add_admin(self, name: str) -> Member:
        return self.add_member(name, roles=(self.add_role(f"{name}'s role", EVERYONE | Permission.ADMINISTRATOR),))

    def member(self, user_id: int) -> Member | None:
        return next((one for one in self.members if one.user.id == user_id), None)

    async def kick_bot(self) -> None:
        """Removes the bot: GUILD_DELETE, and 403 / 50001 in all channels from now on."""
        self.bot_is_in = False
        self.world.gateway.dispatch("GUILD_DELETE", {"id": str(self.id)}, self.id)

    async def invite_bot(self) -> None:
        """Lets the bot in again, as a guild that it does not know."""
        self.bot_is_in = True
        self.world.dispatch("GUILD_CREATE", self.to_json(), self)

    def to_json(self) -> dict[str, Any]:
        return {
            "id": str(self.id),
            "name": self.name,
            "icon": None,
            "splash": None,
            "discovery_splash": None,
            "banner": None,
            "description": None,
            "owner_id": str(self.members[-1].user.id),
            "region": "deprecated",
            "afk_channel_id": None,
            "afk_timeout": 300,
            "verification_level": 0,
            "default_message_notifications": 0,
            "explicit_content_filter": 0,
            "mfa_level": 0,
            "nsfw_level": 0,
            "premium_tier": self.boost_tier,
            "premium_subscription_count": 0,
            "preferred_locale": self.locale,
            "features": [],
            "emojis": [],
            "stickers": [],
            "roles": [role.to_json() for role in self.roles],
            "application_id": None,
            "system_channel_id": None,
            "system_channel_flags": 0,
            "rules_channel_id": None,
            "public_updates_channel_id": None,
            "vanity_url_code": None,
            "joined_at": timestamp(self.id),
            "large": False,
            "member_count": len(self.members),
            "members": [member.to_json() for member in self.members],
            "channels": [one.to_json() for one in self.channels if not one.is_thread and not one.deleted],
            "threads": [one.to_json() for one in self.channels if one.is_thread and not one.deleted],
            "presences": [],
            "voice_states": [],
            "stage_instances": [],
            "guild_scheduled_events": [],
            "soundboard_sounds": [],
        }
