"""Much at once: 10,000 rows that wait, 50 downloads at a time, a playlist of 1,000 entries."""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.figures import Figure
from benchmarks.install import installed, peak_mib
from core import migrate
from core.database import Database
from core.group_commit import RATE
from core.models import DOWNLOAD_STAGE, Progress
from core.queries import Queries
from core.store import Store
from tests.support.discord_server import DiscordServer, Member
from tests.support.media_server import MediaServer
from tests.support.processes import wait_until
from tests.support.sample_media import audio_only
from tests.support.video_pages import add_feed

MIB = 1024 * 1024
QUEUED = 10_000
CLAIMS = 150
AT_ONCE = 50
HOSTS = 5  # so that nobody waits because of what one host may be asked for at once
ENTRIES = 1_000
QUEUE = (
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows}) "
    "INSERT INTO downloads (url, guild_id, user_id, upload, available_at) "
    "SELECT 'http://127.0.0.1:1/' || i, {guild}, {user}, 0, {due} FROM n"
)


async def measure() -> list[Figure]:
    """All three."""
    return [*await _long_queue(), *await _commands_with_a_long_queue(), *await _many_at_once(), *await _playlist()]


async def _long_queue() -> list[Figure]:
    """What runners and the bot ask of the table, in this process alone."""
    with TemporaryDirectory() as directory:
        path = Path(directory) / "boss-bot.db"
        database = Database(f"sqlite+aiosqlite:///{path}")
        await migrate.upgrade(database)
        rows = QUEUE.format(rows=QUEUED, guild="i % 20", user="i % 500", due="NULL")
        await database.write(lambda connection: connection.exec_driver_sql(rows))
        store, queries = Store(database, stage=DOWNLOAD_STAGE, runner="one"), Queries(database)
        claims, progress = [], []
        for _ in range(CLAIMS):
            await asyncio.sleep(1 / RATE)  # who writes more often may have to wait
            claims.append(await _seconds(store.claim))
            claim = (await queries.newest(limit=1))[0]
            now = Progress(progress=1.0, downloaded_bytes=1, download_speed=1, eta_seconds=1, activity="downloading")
            progress.append(await _seconds(lambda now=now, claim=claim: store.write_progress([(claim, now)])))  # type: ignore[misc]
        wal = path.with_name("boss-bot.db-wal").stat().st_size / MIB
        reads: dict[str, Callable[[], Awaitable[object]]] = {
            "news of a runner": store.news,
            "what waits and runs (`queue`)": queries.queue,
            "counts (`status`)": queries.counts,
            "the line (places and times on cards)": queries.line,
        }
        told = {name: [await _seconds(read) for _ in range(20)] for name, read in reads.items()}
        await database.close()
    figures = [
        Figure(f"a claim, {QUEUED:,} rows queued", _ms(claims), "p99 under 20 ms"),
        Figure(f"the WAL after {CLAIMS} claims and as many writes of progress", f"{wal:.1f} MiB", "under 64 MiB"),
    ]
    return figures + [Figure(f"{name}, {QUEUED:,} rows queued", _ms(times), "") for name, times in told.items()]


async def _commands_with_a_long_queue() -> list[Figure]:
    async with DiscordServer() as discord:
        guild = discord.add_guild("Media lovers")
        channel, member = guild.add_text_channel("media"), guild.add_member("member")
        calm = {"COMMAND_COOLDOWNS": "false"}
        async with installed("bot", "download", environment=discord.environment | calm) as here:
            await discord.wait_until_ready()
            later = QUEUE.format(rows=QUEUED, guild=guild.id, user=member.id, due="datetime('now', '+1 day')")
            here.database.execute(later)
            times: dict[str, list[float]] = {"queue list": [], "status": [], "stats": []}
            for name in list(times) * 5:
                asked = {"id": QUEUED // 2} if name == "status" else {}
                used = await member.use(channel, name, **asked)
                await discord.wait_until(lambda used=used: _has_answer(used), 30)  # type: ignore[misc]
                times[name].append(time.monotonic() - used.asked_at)
    return [
        Figure(f"`/{name}` answered, {QUEUED:,} rows queued", _ms(taken), "under 1 s") for name, taken in times.items()
    ]


def _has_answer(used: object) -> bool:
    """Whether more than the first word was said."""
    message = getattr(used, "original", None)
    return message is not None and not message.text.strip().endswith("...")


async def _many_at_once() -> list[Figure]:
    many = {"BOSS_BOT_MAX_CONCURRENT_DOWNLOADS": str(AT_ONCE)}
    async with AsyncExitStack() as stack:
        sites = [await stack.enter_async_context(MediaServer(f"127.0.0.{2 + number}")) for number in range(HOSTS)]
        here = await stack.enter_async_context(installed("download", environment=many))
        began = time.monotonic()
        rows = [here.ask(sites[number % HOSTS].add(f"/{number}.bin", 4 * MIB, rate=MIB)) for number in range(AT_ONCE)]
        busy = "SELECT count(*) FROM downloads WHERE status = 'downloading' AND downloaded_bytes > 0"
        most = 0
        while any(here.status(row) != "downloaded" for row in rows):
            most = max(most, here.database.execute(busy).fetchone()[0])
            await asyncio.sleep(0.1)
        took = time.monotonic() - began
        peak = peak_mib(here.programs["download"])
    told = f"{took:.1f} s, up to {most} moving at one moment; the runner took up to {peak:.0f} MiB"
    return [Figure(f"{AT_ONCE} downloads of 4 MiB at once, 1 MiB/s each", told, "about 4 s, under 150 MiB")]


async def _playlist() -> list[Figure]:
    async with MediaServer() as site, DiscordServer() as discord:
        guild = discord.add_guild("Media lovers")
        channel, member = guild.add_text_channel("media"), guild.add_member("member")
        settings = {"MAX_PLAYLIST_ITEMS": str(ENTRIES), "BOSS_BOT_MAX_QUEUE_SIZE": str(2 * ENTRIES)}
        with TemporaryDirectory() as directory:
            sound = audio_only(Path(directory) / "episode.mp3", 1).read_bytes()
            for number in range(1, ENTRIES + 1):  # each with other bytes: what was posted before is told apart by them
                site.add(f"/feed/{number}.mp3", sound + b"%4d" % number, content_type="audio/mpeg")
            feed = add_feed(site, "/feed", ENTRIES)
            async with installed("bot", "download", "upload", environment=discord.environment | settings) as here:
                await discord.wait_until_ready()
                began = time.monotonic()
                await _ask(member, channel, feed)
                children = "SELECT count(*) FROM downloads WHERE parent_id IS NOT NULL"
                over = f"{children} AND status IN ('uploaded', 'failed')"
                await wait_until(lambda: here.database.execute(children).fetchone()[0] == ENTRIES, 120, every=0.01)
                expanded = time.monotonic() - began
                await wait_until(lambda: here.database.execute(over).fetchone()[0] == ENTRIES, 1800, every=0.2)
                took = time.monotonic() - began
                edits = len(discord.requests("PATCH", "/channels/*/messages/*"))
                failed = here.database.execute("SELECT count(*) FROM downloads WHERE status = 'failed'").fetchone()[0]
    told = f"rows after {expanded:.1f} s, all over after {took:.0f} s ({failed} failed), {edits} edits of the card"
    return [Figure(f"a playlist of {ENTRIES:,} entries, each delivered", told, "rows within 30 s, an edit in 2 s")]


async def _ask(member: Member, channel: object, url: str) -> None:
    used = await member.use(channel, "download", url=url)  # type: ignore[arg-type]
    await used.answer(10)


async def _seconds(work: Callable[[], Awaitable[object]]) -> float:
    began = time.perf_counter()
    await work()
    return time.perf_counter() - began


def _ms(samples: list[float]) -> str:
    ordered = sorted(samples)
    p99 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
    return f"median {statistics.median(ordered) * 1000:.0f} ms, p99 {p99 * 1000:.0f} ms (n = {len(ordered)})"
