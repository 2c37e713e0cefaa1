"""For the bot's owner alone: `restart`, `runners`, `logs`. They answer where nobody else reads it."""

from typing import TYPE_CHECKING, Literal

from discord import app_commands
from discord.ext import commands

from cogs.admin import KINDS
from cogs.context import Context
from cogs.hybrid import hybrid
from cogs.language import later
from cogs.names import name
from cogs.texts import duration, plain
from core.errors import RequestRefused
from core.models import RunnerState, Status
from core.queries import Runner

if TYPE_CHECKING:
    from cogs.client import BossBot

What = Literal["runners", "download", "upload", "bot"]
LINES, MOST_LINES = 20, 100
FAILURES = 5
ROOM = 1900  # characters of a message that lines may take
STATES = {
    RunnerState.STARTING: later("starting"),
    RunnerState.READY: later("ready"),
    RunnerState.WAITING: later("waiting"),
    RunnerState.STOPPING: later("stopping"),
}


class Owner(commands.Cog):
    """Looking after the processes."""

    def __init__(self, bot: "BossBot") -> None:
        self._bot = bot

    @hybrid(
        description="Restart the runners, or the bot with them; downloads go on where they were.",
        example=("runners", "bot"),
        for_owner=True,
    )
    @app_commands.describe(what="Which processes.")
    async def restart(self, ctx: Context, what: What = "runners") -> None:
        self._check(ctx)
        house = self._bot.house
        if what == "bot":
            await self._tell(ctx, ctx.t("🔄 The bot restarts. It is back in a few seconds."))
            house.restart_all()
            return
        if not house.has_runners:
            raise RequestRefused(ctx.t("The runners were not started by this bot: restart them where they were."))
        house.restart_runners(None if what == "runners" else what)
        await self._tell(ctx, ctx.t("🔄 Restarting. `runners` shows them."))

    @hybrid(description="Show the processes that work for this bot.", for_owner=True)
    async def runners(self, ctx: Context) -> None:
        self._check(ctx)
        await self._tell(ctx, "⏳ ...")
        known = await self._bot.queries.runners()
        lines = [self._runner_line(ctx, one) for one in known]
        if not any(one.kind in KINDS for one in known):
            lines.append(ctx.t("No runner has signed on."))
        await self._tell(ctx, "\n".join(lines)[:ROOM])

    @hybrid(description="Show the last lines of the bot's log, and the latest failures.", example="50", for_owner=True)
    @app_commands.describe(lines="How many.")
    async def logs(self, ctx: Context, lines: commands.Range[int, 1, MOST_LINES] = LINES) -> None:
        self._check(ctx)
        await self._tell(ctx, "⏳ ...")
        failed = await self._bot.queries.newest(statuses=(Status.FAILED,), limit=FAILURES)
        failures = [
            f"❌ `#{row.id}` {name(row, 40)}: {row.error_kind}, {plain(row.error or '', 120)}" for row in failed
        ]
        below = "\n".join(failures)
        logged = "\n".join(self._bot.house.log.newest(lines)).replace("```", "'''")
        room = ROOM - len(below)
        await self._tell(ctx, f"```\n{logged[-room:] or ctx.t('Nothing was logged yet.')}\n```{below}")

    def _check(self, ctx: Context) -> None:
        if not ctx.owns_bot:
            raise commands.NotOwner

    async def _tell(self, ctx: Context, text: str) -> None:
        """Where nobody else reads it: by interaction in private, else in direct messages."""
        if ctx.interaction is None and ctx.guild is not None:
            ctx.answer_in(await ctx.author.create_dm())
        await ctx.answer(text, private=True)

    def _runner_line(self, ctx: Context, one: Runner) -> str:
        line = f"{one.kind} · {plain(one.host, 40)} · pid {one.pid}"
        if one.seconds_silent >= self._bot.settings.lease:
            return f"🔴 {line} · " + ctx.t("silent for {time}", time=duration(one.seconds_silent))
        state = ctx.t(STATES[one.state]) + (f": {plain(one.note, 120)}" if one.note else "")
        told = [state, ctx.t("since {time} UTC", time=one.started_at)]
        told += [ctx.t.plural("{count} download", "{count} downloads", one.rows)] if one.rows else []
        return f"{'🟢' if one.state is RunnerState.READY else '🟡'} {line} · " + " · ".join(told)
