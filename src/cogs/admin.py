"""`ping`: is everything there?"""

import math
import time
from typing import TYPE_CHECKING

from discord.ext import commands

from cogs.context import Context
from cogs.cooldowns import LOOKING
from cogs.hybrid import hybrid
from cogs.language import ENGLISH, Language, later
from core.queries import Runner

if TYPE_CHECKING:
    from cogs.client import BossBot

KINDS = {"download": later("Download runners"), "upload": later("Upload runners")}


class Admin(commands.Cog):
    """Looking after the bot."""

    def __init__(self, bot: "BossBot") -> None:
        self._bot = bot

    @hybrid(description="Show whether Discord, the database and the runners answer.", rate=LOOKING)
    async def ping(self, ctx: Context) -> None:
        await ctx.answer("🏓 ...")
        began = time.perf_counter()
        runners = await self._bot.queries.runners()
        database = time.perf_counter() - began
        await ctx.answer(pong(self._bot.latency, database, runners, lease=self._bot.settings.lease, t=ctx.t))


def pong(gateway: float, database: float, runners: list[Runner], *, lease: float, t: Language = ENGLISH) -> str:
    """The answer to `ping`; times are seconds, and `gateway` is not finite before the first heartbeat."""
    alive = {kind: sum(one.kind == kind and one.seconds_silent < lease for one in runners) for kind in KINDS}
    return "\n".join(
        [
            "🏓 Pong!",
            f"Discord: {_milliseconds(gateway) or t('connected')}",
            t("Database: {time}", time=_milliseconds(database)),
            *[f"{t(KINDS[kind])}: {count or '❌ ' + t('none')}" for kind, count in alive.items()],
        ]
    )


def _milliseconds(seconds: float) -> str | None:
    if not math.isfinite(seconds):
        return None
    return f"{seconds * 1000:.0f} ms" if seconds >= 0.01 else f"{seconds * 1000:.1f} ms"
