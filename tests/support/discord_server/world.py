"""All that exists on the server, and the way by which news of it reaches the bot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .changes import Changes
from .channels import Channel, ChannelKind
from .commands import Commands
from .errors import ApiError, Refusal
from .gateway import Gateway
from .guilds import Guild
from .members import Member
from .messages import Attachment, Message
from .nonces import Nonces
from .oauth import Consent
from .people import Role, User
from .permissions import EVERYONE
from .settings import Settings
from .snowflakes import Snowflakes

if TYPE_CHECKING:
    from .interactions import Interaction


class World:
    def __init__(self, settings: Settings, token: str) -> None:
        self.settings = settings
        self.token: str | None = token
        self.origin = ""
        self.ids = Snowflakes()
        self.changes = Changes()
        self.nonces = Nonces(settings)
        self.users: dict[int, User] = {}
        self.guilds: dict[int, Guild] = {}
        self.dms: dict[int, Channel] = {}
        self.groups: list[Channel] = []
        self.attachments: dict[int, Attachment] = {}
        self.interactions: dict[str, Interaction] = {}
        self.bot = self.new_user("boss-bot", bot=True)
        self.owner = self.new_user("owner")
        self.application_id = self.bot.id
        self.commands = Commands(self.ids, self.application_id)
        self.consent = Consent()
        self.gateway = Gateway(self)

    def new_user(self, name: str, *, bot: bool = False) -> User:
        user = User(self.ids.new(), name, bot=bot)
        self.users[user.id] = user
        return user

    def add_guild(self, name: str, boost_tier: int = 0, upload_limit: int | None = None) -> Guild:
        guild = Guild(id=self.ids.new(), world=self, name=name, boost_tier=boost_tier, upload_limit=upload_limit)
        guild.roles.append(Role(guild.id, "@everyone", EVERYONE))
        guild.members.append(Member(user=self.bot, guild=guild, roles=[]))
        self.guilds[guild.id] = guild
        self.dispatch("GUILD_CREATE", guild.to_json(), guild)
        return guild

    def dm_with(self, user: User) -> Channel:
        if user.id not in self.dms:
            self.dms[user.id] = Channel(id=self.ids.new(), world=self, kind=ChannelKind.DM, recipients=[user])
        return self.dms[user.id]

    def add_group_dm(self, *users: User) -> Channel:
        channel = Channel(id=self.ids.new(), world=self, kind=ChannelKind.GROUP_DM, recipients=list(users))
        self.groups.append(channel)
        return channel

    def reaches(self, user: User) -> bool:
        """Whether the bot may write to that person: they share a guild, or the person installed it."""
        shared = any(guild.bot_is_in and guild.member(user.id) for guild in self.guilds.values())
        return user.accepts_dms and (user.has_installed_bot or shared)

    def all_channels(self) -> list[Channel]:
        in_guilds = (one for guild in self.guilds.values() for one in guild.channels)
        return [*self.dms.values(), *self.groups, *in_guilds]

    def channel(self, channel_id: int) -> Channel:
        """The channel as the bot may see it.

        Raises:
            ApiError: it is unknown or deleted (10003), or the bot has no access (50001).
        """
        for one in self.all_channels():
            if one.id == channel_id and not one.deleted and not (one.parent and one.parent.deleted):
                return one
        raise ApiError(Refusal.UNKNOWN_CHANNEL)

    def guild(self, guild_id: int) -> Guild:
        guild = self.guilds.get(guild_id)
        if guild is None:
            raise ApiError(Refusal.UNKNOWN_GUILD)
        if not guild.bot_is_in:
            raise ApiError(Refusal.MISSING_ACCESS)
        return guild

    def dispatch(self, event: str, data: dict[str, Any], guild: Guild | None = None) -> None:
        """Tells the bot, unless it is not in that guild, and all who wait for a change."""
        if guild is None or guild.bot_is_in:
            self.gateway.dispatch(event, data, None if guild is None else guild.id)
        self.changes.announce()

    def dispatch_interaction(self, data: dict[str, Any], guild: Guild | None) -> None:
        """Tells the bot what somebody wants of it, also where it is no member."""
        self.gateway.dispatch("INTERACTION_CREATE", data, None if guild is None else guild.id)
        self.changes.announce()

    def dispatch_message(self, event: str, message: Message, *, with_nonce: bool = False) -> None:
        """Tells of a message as the gateway does: with the guild and the author's membership."""
        channel = message.channel
        data = message.to_json(with_nonce=with_nonce)
        if channel.guild is not None:
            data["guild_id"] = str(channel.guild.id)
            member = channel.guild.member(message.author.id)
            if member is not None:
                data["member"] = member.to_json(with_user=False)
        if not message.is_ephemeral and channel.bot_is_in:
            self.dispatch(event, data, channel.guild)
        self.changes.announce()
