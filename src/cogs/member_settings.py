"""`me`: what a member chose for himself, in all servers."""

from typing import TYPE_CHECKING, Any, Literal

import discord
from discord import app_commands
from discord.ext import commands

from cogs.authority import Authority
from cogs.choices import language_tag, own_name, quality_choice, suggest_default_quality, suggest_language
from cogs.context import Context
from cogs.cooldowns import SETTING
from cogs.hybrid import hybrid
from cogs.language import Language, later
from cogs.setting_words import BARS, LEVELS, WEIGHTS, limit_words, yes_no
from cogs.texts import bar
from cogs.wishes import PRIORITIES
from core.limits import Limited
from core.preferences import BarStyle, MemberPreferences, Notify

if TYPE_CHECKING:
    from cogs.client import BossBot

Level = Literal["none", "minimal", "normal", "verbose"]
Style = Literal["standard", "blocks", "dots"]
Weight = Literal["low", "normal"]


class Choices(commands.FlagConverter, delimiter="="):
    """What can be changed: `notify=minimal mention=yes`."""

    notify: Level | None = commands.flag(default=None, description="How much you want to read of your downloads.")
    quality: str | None = commands.flag(default=None, description="Which quality you get unless you ask for another.")
    priority: Weight | None = commands.flag(default=None, description="Low: yours wait until others' are done.")
    mention: bool | None = commands.flag(default=None, description="Whether you are mentioned when one is done.")
    auto_retry: bool | None = commands.flag(
        default=None, description="Whether what fails for a passing reason is tried again by itself."
    )
    bar: Style | None = commands.flag(default=None, description="How progress is drawn.")
    language: str | None = commands.flag(default=None, description="The language in which the bot answers you.")


class MemberSettings(commands.Cog):
    """A member's own settings."""

    def __init__(self, bot: "BossBot") -> None:
        self._bot = bot

    @hybrid(
        aliases=("dls",),
        description="Show or change your own settings.",
        example=("notify=minimal mention=yes", "quality=720p", "language=de"),
        notes=(
            later("Without anything behind it, your settings and limits are shown."),
            later("`default` takes a quality or a language back."),
        ),
        rate=SETTING,
    )
    async def me(self, ctx: Context, *, choices: Choices) -> None:
        await ctx.answer("⏳ ...", private=True)
        changes = _changes(choices, ctx.t)
        if changes:
            await self._bot.requests.change_member_preferences(
                ctx.author.id, lambda old: old.model_copy(update=changes)
            )
            if "language" in changes:
                self._bot.spoken.choose_for_member(ctx.author.id, changes["language"])
        mine = await self._bot.queries.member_preferences(ctx.author.id)
        used = await self._bot.queries.used(user_id=ctx.author.id, guild_id=ctx.guild_id)
        guild = await self._bot.queries.guild_preferences(ctx.guild_id)
        lines = [
            *([ctx.t("✅ Changed.")] if changes else []),
            f"**{ctx.t('Your settings')}**",
            *_told(mine, level=mine.notify or guild.notify, quality=mine.quality or guild.quality, t=ctx.t),
            *_limits(await ctx.authority(), used, ctx.t),
        ]
        await ctx.answer("\n".join(lines))

    @me.autocomplete("quality")
    async def _suggest_quality(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return await suggest_default_quality(interaction, typed)

    @me.autocomplete("language")
    async def _suggest_language(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return await suggest_language(interaction, typed)


def _changes(choices: Choices, t: Language) -> dict[str, Any]:
    plain_ones = {"mention": choices.mention, "auto_retry": choices.auto_retry}
    changes: dict[str, Any] = {name: value for name, value in plain_ones.items() if value is not None}
    if choices.notify is not None:
        changes["notify"] = Notify(choices.notify)
    if choices.bar is not None:
        changes["bar"] = BarStyle(choices.bar)
    if choices.priority is not None:
        changes["priority"] = PRIORITIES[choices.priority]
    if choices.quality is not None:
        changes["quality"] = quality_choice(choices.quality)
    if choices.language is not None:
        changes["language"] = language_tag(choices.language, t)
    return changes


def _told(mine: MemberPreferences, *, level: Notify, quality: str | None, t: Language) -> list[str]:
    language = own_name(mine.language) if mine.language else t("as your Discord has it")
    return [
        t("Notifications: {level}", level=t(LEVELS[level])),
        t("Default quality: {quality}", quality=quality or t("the best that fits")),
        t("Default priority: {priority}", priority=t(WEIGHTS[mine.priority])),
        t("Mention when done: {answer}", answer=yes_no(mine.mention, t)),
        t("Automatic retries: {answer}", answer=yes_no(mine.auto_retry, t)),
        t("Progress bar: {bar}", bar=f"{t(BARS[mine.bar])} {bar(35, cells=10, style=mine.bar)}"),
        t("Language: {language}", language=language),
    ]


def _limits(authority: Authority, used: dict[Limited, int], t: Language) -> list[str]:
    limits = authority.limits
    day = f"{used[Limited.A_DAY]}/{limits.a_day}" if limits.a_day else str(used[Limited.A_DAY])
    waiting = f"{used[Limited.WAITING]}/{limits.waiting}" if limits.waiting else str(used[Limited.WAITING])
    return [
        t("Total downloads today: {count}", count=day),
        t("Waiting now: {count}", count=waiting),
        *limit_words(limits, t, only=("max_bytes", "running")),
    ]
