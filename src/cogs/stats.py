"""`stats`, `yt-stats` and `sites`: how many, how much, how well, and what works now."""

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from discord import app_commands
from discord.ext import commands

from cogs.context import Context
from cogs.cooldowns import LOOKING
from cogs.figures import chart_line, down_line, figures_lines, site_line
from cogs.hybrid import hybrid
from cogs.language import later
from cogs.texts import at_most
from core.errors import RequestRefused
from core.history_measures import Measure
from core.statistics import DAYS, Figures, Period
from download_module.routes import ROUTES

if TYPE_CHECKING:
    from cogs.client import BossBot

PeriodName = Literal["24h", "7d", "30d", "1y", "all"]
SITES = 10  # in a list
CHARTS = {Period.WEEK: 7, Period.MONTH: 30, Period.YEAR: 26}  # bars, as many as a phone has room for
LOOKED_AT = 200  # sites
KNOWN = sorted({route.site.removesuffix(":*") for route in ROUTES if not route.site.endswith("-media")})
PERIODS = {
    Period.DAY: later("the last 24 hours"),
    Period.WEEK: later("the last 7 days"),
    Period.MONTH: later("the last 30 days"),
    Period.YEAR: later("the last year"),
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
        figures, chart = await self._read(ctx, wanted, guild_id=guild_id, user_id=user_id)
        sites = await self._bot.statistics.by_site(wanted, guild_id=guild_id, user_id=user_id, limit=SITES)
        lines = [
            f"📊 **{ctx.t('Downloads in {period}', period=ctx.t(PERIODS[wanted]))}**",
            *figures_lines(figures, t=ctx.t),
            *chart,
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
        figures, chart = await self._read(ctx, wanted, guild_id=ctx.guild_id, user_id=user_id, site="youtube")
        heading = ctx.t("YouTube in {period}", period=ctx.t(PERIODS[wanted]))
        await ctx.answer("\n".join([f"📊 **{heading}**", *figures_lines(figures, t=ctx.t), *chart]))

    @hybrid(
        description="Show which sites work now, and which are known.",
        notes=(later("Of sites that are not named here many work, too: most that yt-dlp or gallery-dl know."),),
        rate=LOOKING,
    )
    async def sites(self, ctx: Context) -> None:
        await ctx.answer("⏳ ...")
        # Whether a known site works is the same for all; whatever else a server asks for is its own affair.
        seen = await self._bot.statistics.by_site(Period.DAY, limit=LOOKED_AT)
        down = [one for one in await self._bot.site_board.read() if one.is_left_alone and _known(one.site)]
        alone = {one.site for one in down}
        tried = [one for one in seen if _known(one.site) and one.figures.success is not None and one.site not in alone]
        named = {site.partition(":")[0] for site in (*alone, *(one.site for one in tried))}
        rest = [name for name in KNOWN if name not in named]
        lines = [
            f"🌐 **{ctx.t('Sites in the last 24 hours')}**",
            *[down_line(one, t=ctx.t) for one in down],
            *([site_line(one, t=ctx.t) for one in tried] or ([] if down else [ctx.t("None was asked for.")])),
            f"{ctx.t('Known, too')}: {', '.join(rest)}",
            ctx.t("Most other sites can be tried: pages and files of any address that starts with https://."),
        ]
        await ctx.answer(at_most(lines))

    async def _read(
        self, ctx: Context, period: Period, *, guild_id: int | None, user_id: int | None, site: str | None = None
    ) -> tuple[Figures, list[str]]:
        """The figures, and a chart of them where there is one."""
        figures = await self._bot.statistics.figures(period, guild_id=guild_id, user_id=user_id, site=site)
        if period not in CHARTS or user_id is not None:  # figures over time are not known by member
            return figures, []
        history = self._bot.history
        past = await history.figures(DAYS[period], guild_id=guild_id, site=site)
        if past.total > figures.done + figures.failed + figures.cancelled:  # rows of so long ago may be gone
            figures = replace(past, running=figures.running, waiting=figures.waiting)
        days = await history.series(
            Measure.ENDED, count=DAYS[period], details=("uploaded", "kept"), guild_id=guild_id, site=site
        )
        return figures, [line] if (line := chart_line(days, bars=CHARTS[period], t=ctx.t)) else []

    async def _check(self, ctx: Context) -> None:
        if not (await ctx.authority()).view_stats:
            raise RequestRefused(ctx.t("You may not see the statistics of this server."))


def _known(site: str) -> bool:
    return site.partition(":")[0] in KNOWN
