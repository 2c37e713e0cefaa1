"""Who may do what in a guild: Discord's permissions, the guild's rules for roles, and the bot's owner."""

from dataclasses import dataclass

import discord

from core.preferences import Limits, RoleRules
from core.queries import Queries
from core.requests import Condition, asked_by, asked_in


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """What one member may do in one guild, or in direct messages (`guild_id` None)."""

    user_id: int
    guild_id: int | None
    download: bool
    manage_queue: bool
    manage_settings: bool
    view_stats: bool
    torrents: bool
    limits: Limits
    is_owner: bool = False  # of the bot

    def only(self) -> Condition:
        """Which rows he may ask something of: his own, or all of the guild. For `Requests.ask(only=...)`."""
        return asked_in(self.guild_id) if self.manage_queue else self.only_own()

    def in_direct_messages(self, guild_id: int | None) -> Condition:
        """His own rows that he asked for in a guild, or in direct messages: he sees all of them there."""
        return asked_by(self.user_id, guild_id=guild_id)

    def only_own(self) -> Condition:
        """His own rows alone."""
        return asked_by(self.user_id, guild_id=self.guild_id)


def owns(client: discord.Client, user_id: int) -> bool:
    """Whether this bot is somebody's: of its owner, or of those who develop it in its team."""
    application = client.application
    if application is None:
        return False
    if application.team is None:
        return application.owner.id == user_id
    trusted = (discord.TeamMemberRole.admin, discord.TeamMemberRole.developer)
    owner = application.team.owner_id == user_id
    return owner or any(one.id == user_id and one.role in trusted for one in application.team.members)


async def authority_of(
    queries: Queries,
    *,
    user: discord.abc.User,
    guild: discord.abc.Snowflake | None,
    permissions: discord.Permissions,
    is_owner: bool = False,
) -> Authority:
    """What somebody may do, as the database and Discord say now.

    Args:
        queries: where the guild's rules are read.
        user: a member with his roles, or a user in direct messages.
        guild: where; None for direct messages.
        permissions: what Discord lets him do there.
        is_owner: whether this bot is his.
    """
    if guild is None:
        rules = RoleRules(download=True, manage_queue=False, manage_settings=False, view_stats=True, torrents=False)
    else:
        held = [role.id for role in user.roles] if isinstance(user, discord.Member) else []
        rules = (await queries.guild_preferences(guild.id)).rules_for(held)
    manages = guild is not None and (permissions.manage_guild or permissions.administrator)
    moderates = guild is not None and (permissions.manage_messages or permissions.administrator)
    return Authority(
        user_id=user.id,
        guild_id=None if guild is None else guild.id,
        download=bool(rules.download) or manages or is_owner,
        manage_queue=bool(rules.manage_queue) or moderates or (is_owner and guild is not None),
        manage_settings=bool(rules.manage_settings) or manages or (is_owner and guild is not None),
        view_stats=bool(rules.view_stats) or manages or is_owner,
        # Not by a permission of Discord: peers see the host's address, which only the bot's owner gives away.
        torrents=bool(rules.torrents) or is_owner,
        # Who can change the limits is not held by them.
        limits=Limits() if manages or is_owner else rules.limits,
        is_owner=is_owner,
    )
