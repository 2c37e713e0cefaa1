"""How fast members are answered when many ask at once."""

import asyncio
import sqlite3
import statistics
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from benchmarks.figures import Figure
from benchmarks.install import Installation, installed
from tests.support.discord_server import Channel, DiscordServer, Member
from tests.support.media_server import MediaServer
from tests.support.processes import wait_until

AT_ONCE = 50  # commands
ROUNDS = 4
RUNNING = 5  # downloads meanwhile
RATE = 1_000_000  # bytes per second of each of those
QUEUED = 10_000  # rows
LOCKED = 30.0  # seconds


async def measure() -> list[Figure]:
    """From the gateway's event to the first answer: while downloads run, and with a long queue and a foreign lock."""
    async with _busy() as (here, discord, channel, members):
        busy = [took for _ in range(ROUNDS) for took in await _ask(discord, channel, members)]
    async with _busy() as (here, discord, channel, members):
        here.database.execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) "
            "INSERT INTO downloads (url, guild_id, user_id, upload, available_at) "
            "SELECT 'http://127.0.0.1:1/' || i, ?, ?, 0, datetime('now', '+1 day') FROM n",
            (QUEUED, channel.guild and channel.guild.id, members[0].id),
        )
        asked = _rows(here)
        with _locked(here):
            locked = await _ask(discord, channel, members)
            await asyncio.sleep(LOCKED)
        await wait_until(lambda: _rows(here) == asked + AT_ONCE, 60, description="a row for each command")
    return [
        Figure(
            f"acknowledgement, {AT_ONCE} commands at once, {RUNNING} downloads running", _ms(busy), "p99 under 500 ms"
        ),
        Figure(
            f"the same with {QUEUED:,} rows queued and a foreign lock of {LOCKED:.0f} s; a row for each command",
            _ms(locked),
            "p99 under 1 s, worst under 2.5 s",
        ),
    ]


@asynccontextmanager
async def _busy() -> AsyncIterator[tuple[Installation, DiscordServer, Channel, list[Member]]]:
    async with MediaServer() as site, DiscordServer() as discord:
        guild = discord.add_guild("Media lovers")
        channel = guild.add_text_channel("media")
        members = [guild.add_member(f"member{number}") for number in range(AT_ONCE)]
        more = {"BOSS_BOT_MAX_QUEUE_SIZE": "100000", "COMMAND_COOLDOWNS": "false"}
        async with installed("bot", "download", environment=discord.environment | more) as here:
            await discord.wait_until_ready()
            rows = [here.ask(site.add(f"/{number}.bin", 10**9, rate=RATE)) for number in range(RUNNING)]
            for row in rows:
                await here.until(row, "downloading", every=0.05)
            await members[0].use(channel, "ping")  # the first use of everything is not what is measured
            await discord.wait_until(lambda: discord.interactions[-1].is_answered)
            yield here, discord, channel, members


async def _ask(discord: DiscordServer, channel: Channel, members: list[Member]) -> list[float]:
    """Each member uses `download` at the same moment; seconds until each is answered."""
    url = "http://127.0.0.1:1/none.mp4"  # nobody listens there: the answers are what is measured
    asked = [await one.use(channel, "download", url=url) for one in members]
    await discord.wait_until(lambda: all(one.is_answered for one in asked), 30)
    return [(one.answered_at or 0.0) - one.asked_at for one in asked]


@contextmanager
def _locked(here: Installation) -> Iterator[None]:
    """An admin's shell that holds the write lock."""
    shell = sqlite3.connect(here.directory / "boss-bot.db", isolation_level=None, timeout=30)
    shell.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        shell.close()


def _rows(here: Installation) -> int:
    return int(here.database.execute("SELECT count(*) FROM downloads").fetchone()[0])


def _ms(samples: list[float]) -> str:
    ordered = sorted(samples)
    p99 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
    figures = (statistics.median(ordered), p99, ordered[-1])
    median, high, worst = (f"{figure * 1000:.0f} ms" for figure in figures)
    return f"median {median}, p99 {high}, worst {worst} (n = {len(ordered)})"
