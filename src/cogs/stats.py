"""`stats`, `yt-stats` and `sites`: how many, how much, how well, and what works now."""

from typing import TYPE_CHECKING, Literal

from discord import app_commands
from discord.ext import commands

from cogs.context import Context
from cogs.cooldowns import LOOKING
from cogs.figures import figures_lines, site_line
from cogs.hybrid import hybrid
from cogs.language import later
from cogs.texts import at_most
from core.errors import RequestRefused
from core.statistics import Period, SiteFigures
from download_module.routes import ROUTES

if TYPE_CHECKING:
    from cogs.client import BossBot

PeriodName = Literal["24h", "7d", "all"]
SITES = 10  # in a list
LOOKED_AT = 200  # sites
KNOWN = sorted({route.site.removesuffix(":*") for route in ROUTES if not route.site.endswith("-media")})
PERIODS = {
    Period.DAY: later("the last 24 hours"),
    Period.WEEK: later("the last 7 days"),
    Period.ALL: later("all time"),
}


class Stats(commands.Cog):
    """Figures."""

    def __init__(self, bot: "BossBot") -> None:
        self._bot = bot

    @hybrid(
        description="Show how many downloads there were, how they ended, and how long they took.",
        example=("7d", "all bot"),
        notes=(later("Of all servers together: only for the bot's owner."),),
        rate=LOOKING,
    )
    @app_commands.describe(period="How far back.", of="This server, or all that this bot did.")
    async def stats(self, ctx: Context, period: PeriodName = "24h", of: Literal["server", "bot"] = "server") -> None:
        await ctx.answer("⏳ ...")
        authority = await ctx.authority()
        everywhere = of == "bot"
        if everywhere and not authority.is_owner:
            raise RequestRefused(ctx.t("The figures of all servers together are for the bot's owner."))
        await self._check(ctx)
        guild_id = None if everywhere else ctx.guild_id
        user_id = ctx.author.id if ctx.guild_id is None and not everywhere else None
        wanted = Period(period)
        figures = await self._bot.statistics.figures(wanted, guild_id=guild_id, user_id=user_id)
        sites = await self._bot.statistics.by_site(wanted, guild_id=guild_id, user_id=user_id, limit=SITES)
        lines = [
            f"📊 **{ctx.t('Downloads in {period}', period=ctx.t(PERIODS[wanted]))}**",
            *figures_lines(figures, t=ctx.t),
            *[site_line(one, t=ctx.t) for one in sites],
        ]
        await ctx.answer(at_most(lines))

    @hybrid(name="yt-stats", description="Show the same figures of YouTube alone.", example="7d", rate=LOOKING)
    @app_commands.describe(period="How far back.")
    async def yt_stats(self, ctx: Context, period: PeriodName = "7d") -> None:
        await ctx.answer("⏳ ...")
        await self._check(ctx)
        user_id = ctx.author.id if ctx.guild_id is None else None
        wanted = Period(period)
        figures = await self._bot.statistics.figures(wanted, guild_id=ctx.guild_id, user_id=user_id, site="youtube")
        heading = ctx.t("YouTube in {period}", period=ctx.t(PERIODS[wanted]))
        await ctx.answer("\n".join([f"📊 **{heading}**", *figures_lines(figures, t=ctx.t)]))

    @hybrid(
        description="Show which sites work now, and which are known.",
        notes=(later("Of sites that are not named here many work, too: most that yt-dlp or gallery-dl know."),),
        rate=LOOKING,
    )
    async def sites(self, ctx: Context) -> None:
        await ctx.answer("⏳ ...")
        # Whether a known site works is the same for all; whatever else a server asks for is its own affair.
        seen = await self._bot.statistics.by_site(Period.DAY, limit=LOOKED_AT)
        tried = [one for one in seen if _known(one) and one.figures.success is not None]
        rest = [name for name in KNOWN if name not in {one.site.partition(":")[0] for one in tried}]
        lines = [
            f"🌐 **{ctx.t('Sites in the last 24 hours')}**",
            *([site_line(one, t=ctx.t) for one in tried] or [ctx.t("None was asked for.")]),
            f"{ctx.t('Known, too')}: {', '.join(rest)}",
            ctx.t("Most other sites can be tried: pages and files of any address that starts with https://."),
        ]
        await ctx.answer(at_most(lines))

    async def _check(self, ctx: Context) -> None:
        if not (await ctx.authority()).view_stats:
            raise RequestRefused(ctx.t("You may not see the statistics of this server."))


def _known(one: SiteFigures) -> bool:
    return one.site.partition(":")[0] in KNOWN
