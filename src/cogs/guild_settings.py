"""`settings`: what a server chose, for all of its members, its channels and its roles."""

from typing import TYPE_CHECKING, Any, Literal

import discord
from discord import app_commands
from discord.ext import commands

from cogs.choices import language_tag, quality_choice, size_choice, suggest_default_quality, suggest_language
from cogs.context import Context
from cogs.cooldowns import LOOKING, SETTING
from cogs.errors import lacking
from cogs.hybrid import hybrid, hybrid_group
from cogs.language import later
from cogs.permission_names import missing_permissions
from cogs.settings_page import settings_page
from core.errors import RequestRefused
from core.preferences import GuildPreferences, Notify, RoleRules

if TYPE_CHECKING:
    from cogs.client import BossBot

Level = Literal["none", "minimal", "normal", "verbose"]
Count = commands.Range[int, 0, 2**31 - 1]
UNSAID = -1  # the library takes a number that may be None for a text
COUNTS = ("running", "waiting", "a_day")
PERMISSIONS = ("download", "manage_queue", "manage_settings", "view_stats", "torrents")
MAX_CHANNELS, MAX_ROLES = 50, 50
NOTES = (later("Takes Manage Server, or a role that may manage settings."),)


class Update(commands.FlagConverter, delimiter="="):
    """What can be changed: `language=de notify=minimal`."""

    language: str | None = commands.flag(default=None, description="The language of this server.")
    notify: Level | None = commands.flag(default=None, description="How much members read unless they choose.")
    quality: str | None = commands.flag(default=None, description="The quality unless a member asks for another.")
    repost: bool | None = commands.flag(default=None, description="Post again what was posted here already.")


class Rules(commands.FlagConverter, delimiter="="):
    """What can be said of a role: `download=yes size=100M waiting=5`."""

    download: bool | None = commands.flag(default=None, description="May ask for downloads.")
    manage_queue: bool | None = commands.flag(default=None, description="May end and move anyone's downloads.")
    manage_settings: bool | None = commands.flag(default=None, description="May change these settings.")
    view_stats: bool | None = commands.flag(default=None, description="May see the statistics.")
    torrents: bool | None = commands.flag(default=None, description="May ask for torrents; the bot's owner sets this.")
    size: str | None = commands.flag(default=None, description="The largest download: 100M, 2G, none.")
    running: Count = commands.flag(default=UNSAID, description="Downloads of a member at once; 0 is no limit.")
    waiting: Count = commands.flag(default=UNSAID, description="Waiting downloads of a member; 0 is no limit.")
    a_day: Count = commands.flag(default=UNSAID, description="Downloads of a member in 24 h; 0 is no limit.")
    reset: bool = commands.flag(default=False, description="Forget all that is said of this role.")


class GuildSettings(commands.Cog):
    """A server's settings."""

    def __init__(self, bot: "BossBot") -> None:
        self._bot = bot

    @hybrid_group(name="settings", fallback="view", description="Show the settings of this server.", rate=LOOKING)
    @commands.guild_only()
    async def settings(self, ctx: Context) -> None:
        await ctx.answer("⏳ ...", private=True)
        guild_id = _guild_of(ctx).id
        page = settings_page(
            await self._bot.queries.guild_preferences(guild_id),
            upload_limit=await self._bot.queries.learned_upload_limit(guild_id),
            t=ctx.t,
        )
        await ctx.answer(page)

    @hybrid(
        within=settings,
        description="Change the language, the notifications or the quality of this server.",
        example=("language=de", "notify=minimal quality=720p", "repost=yes"),
        notes=(*NOTES, later("`default` takes a quality or a language back.")),
        rate=SETTING,
        counts_as="settings update",
    )
    @commands.guild_only()
    async def update(self, ctx: Context, *, changes: Update) -> None:
        await self._begin(ctx)
        given: dict[str, Any] = {}
        if changes.language is not None:
            given["language"] = language_tag(changes.language, ctx.t)
        if changes.notify is not None:
            given["notify"] = Notify(changes.notify)
        if changes.quality is not None:
            given["quality"] = quality_choice(changes.quality)
        if changes.repost is not None:
            given["repost"] = changes.repost
        if not given:
            raise RequestRefused(ctx.t("Say what to change: language, notify, quality or repost."))
        await self._change(ctx, given)
        if "language" in given:
            self._bot.spoken.choose_for_guild(_guild_of(ctx).id, given["language"])
        await ctx.answer(ctx.t("✅ Changed. `settings view` shows all."))

    @hybrid(
        within=settings,
        description="Notice links in a channel without a command.",
        example=("#media on", "#media off"),
        notes=(*NOTES, later("Links that are not of a known site, and links in <>, are left alone.")),
        rate=SETTING,
        counts_as="settings update",
    )
    @commands.guild_only()
    @app_commands.describe(channel="In which channel.", on="Whether links are noticed there.")
    async def detect(self, ctx: Context, channel: discord.TextChannel, on: bool) -> None:
        await self._begin(ctx)
        if on and not self._bot.intents.message_content:
            raise RequestRefused(
                ctx.t("This bot can't read messages: its owner has to switch on Message Content Intent.")
            )
        if on and (names := missing_permissions(channel.permissions_for(_guild_of(ctx).me), channel)):
            raise RequestRefused(lacking(names, ctx.t))

        def change(old: GuildPreferences) -> GuildPreferences:
            others = [one for one in old.detect_in if one != channel.id]
            return old.model_copy(update={"detect_in": tuple([*others, channel.id] if on else others)[-MAX_CHANNELS:]})

        guild_id = _guild_of(ctx).id
        self._bot.watched.note(guild_id, await self._bot.requests.change_guild_preferences(guild_id, change))
        said = (
            later("👀 Links in {channel} are noticed from now on.")
            if on
            else later("Links in {channel} are left alone.")
        )
        await ctx.answer(ctx.t(said, channel=channel.mention))

    @hybrid(
        within=settings,
        description="Say what a role may do, and how much.",
        example=("@everyone size=100M waiting=5", "@dj manage_queue=yes", "@muted download=no", "@dj reset=yes"),
        notes=(
            *NOTES,
            later("What a role says goes over what holds for @everyone; of several roles the most generous counts."),
        ),
        rate=SETTING,
        counts_as="settings update",
    )
    @commands.guild_only()
    @app_commands.describe(role="Which role; @everyone for all members.")
    async def role(self, ctx: Context, role: discord.Role, *, rules: Rules) -> None:
        await self._begin(ctx)
        if rules.torrents is not None and not (await ctx.authority()).is_owner:
            raise RequestRefused(
                ctx.t("Only the bot's owner allows torrents: others on the internet see the address of his machine.")
            )
        said = _said(rules, ctx)
        if not said and not rules.reset:
            raise RequestRefused(ctx.t("Say what the role may: such as download=yes or size=100M."))
        everyone = role.is_default()

        def change(old: GuildPreferences) -> GuildPreferences:
            before = RoleRules() if rules.reset else (old.everyone if everyone else old.roles.get(role.id, RoleRules()))
            after = RoleRules.model_validate(before.model_dump() | said)
            if everyone:
                return old.model_copy(update={"everyone": after})
            roles = {id_: one for id_, one in old.roles.items() if id_ != role.id}
            if after != RoleRules():
                roles[role.id] = after
            if len(roles) > MAX_ROLES:
                raise RequestRefused(ctx.t("There are rules for {count} roles already.", count=MAX_ROLES))
            return old.model_copy(update={"roles": roles})

        await self._bot.requests.change_guild_preferences(_guild_of(ctx).id, change)
        await ctx.answer(ctx.t("✅ Changed. `settings view` shows all."))

    @update.autocomplete("language")
    async def _suggest_language(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return await suggest_language(interaction, typed)

    @update.autocomplete("quality")
    async def _suggest_quality(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return await suggest_default_quality(interaction, typed)

    async def _begin(self, ctx: Context) -> None:
        await ctx.answer("⏳ ...", private=True)
        if not (await ctx.authority()).manage_settings:
            raise RequestRefused(
                ctx.t("You may not change this server's settings: that takes Manage Server, or a role that may.")
            )

    async def _change(self, ctx: Context, given: dict[str, Any]) -> None:
        await self._bot.requests.change_guild_preferences(_guild_of(ctx).id, lambda old: old.model_copy(update=given))


def _guild_of(ctx: Context) -> discord.Guild:
    if ctx.guild is None:
        raise commands.NoPrivateMessage
    return ctx.guild


def _said(rules: Rules, ctx: Context) -> dict[str, Any]:
    """What was said of a role, as its rules have it; None takes a limit away."""
    said: dict[str, Any] = {name: value for name in PERMISSIONS if (value := getattr(rules, name)) is not None}
    said |= {name: value or None for name in COUNTS if (value := getattr(rules, name)) != UNSAID}
    if rules.size is not None:
        said["max_bytes"] = size_choice(rules.size, ctx)
    return said
