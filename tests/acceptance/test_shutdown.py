"""However the program is stopped, in whatever it does: rows are given back in time, nothing is left or lost."""

import asyncio
import shutil
import signal
import sqlite3
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import closing

import psutil
import pytest
from loguru import logger

from pooler.lifecycle import ECHO
from tests.acceptance.house import House, settled
from tests.support.discord_server import Channel, DiscordServer, Fault
from tests.support.galleries import Galleries, serving
from tests.support.player_pages import add_restless_page
from tests.support.processes import Program, gone, wait_until
from tests.support.sample_media import add_hls, clip, picture
from tests.support.swarm import Swarm

MIB = 1024 * 1024
SLOW = 32 * 1024  # bytes a second
IN_TIME = 8.0  # seconds; service managers kill after 10
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
BUSY = "('extracting', 'downloading', 'uploading')"
WAYS = ("bot", "all", "parent")


class Stages:
    """Downloads that stand still, each in another stage, and how it is known that they are there."""

    def __init__(self, house: House, discord: DiscordServer, galleries: Galleries, swarm: Swarm) -> None:
        self._house = house
        self._discord = discord
        self._galleries = galleries
        self._swarm = swarm
        self.guild = discord.add_guild("Media lovers")
        self.numbers: dict[str, int] = {}  # of the download in each stage
        self._arrived: set[str] = set()  # some stay where they are for some seconds only

    async def begin(self) -> None:
        """Ask for all of them, and wait until each is where it stays."""
        house, site = self._house, self._house.site
        media = house.directory / "media"
        media.mkdir()
        noisy = ("-vf", "noise=alls=40:allf=t", "-b:v", "8M")
        film = clip(media / "film.mp4", 20, "1280x720", options=noisy)
        await self._sent("compressing a video", site.add("/film.mp4", film), 2 * MIB)
        await self._answered_with("an answer that does not come", Fault.slow(600))
        await self._answered_with("an answer that comes too late", Fault.slow(600, after=True))
        await self._kept("one file", site.add("/file.bin", 64 * MIB, rate=SLOW))
        await self._kept("segments", add_hls(site, "/hls", media / "hls", seconds=4, rate=1024))
        files = [site.add(f"/parts/{number}.jpg", 200 * 1024, rate=1024) for number in range(9)]
        listed = "".join(f'<file name="{number}.jpg"><url>{url}</url></file>' for number, url in enumerate(files))
        metalink = f'<metalink xmlns="urn:ietf:params:xml:ns:metalink">{listed}</metalink>'
        await self._kept("many files", site.add("/parts.meta4", metalink))
        await self._kept("a torrent", self._swarm.magnet)
        await self._are_there()
        # These stay where they are for some seconds only, so they come last.
        await self._answered_with("a rate limit", Fault.rate_limit(25.0))
        post = self._galleries.toot(self._galleries.attachment("1.jpg"))
        self._galleries.hanging.add(f"/api/v1/statuses/{post.rpartition('/')[2]}")
        await self._kept("gallery-dl", post)
        if any(map(shutil.which, BROWSERS)):
            await self._kept("a browser", add_restless_page(site, "/restless"))
        late = add_hls(site, "/late", media / "late", seconds=1)
        site.change("/late/hls.m3u8", delay=600)
        await self._kept("yt-dlp", late)
        await self._kept("asking a server", site.add("/mute.mp4", b"", delay=600))
        await self._are_there()

    async def _are_there(self) -> None:
        def all_were_there() -> bool:
            self._arrived |= set(self.numbers) - set(self.elsewhere())
            return self._arrived == set(self.numbers)

        await wait_until(all_were_there, 100, description=lambda: str(self.elsewhere()))

    async def _answered_with(self, stage: str, fault: Fault) -> None:
        """A picture whose message gets such an answer from Discord."""
        url = self._house.site.add(f"/{len(self.numbers)}.jpg", picture(self._house.directory / "media" / "p.jpg"))
        channel = await self._sent(stage, url)
        self._discord.fail("POST", f"/channels/{channel.id}/messages", fault, times=1)

    async def _kept(self, stage: str, url: str) -> None:
        self.numbers[stage] = await self._house.ask(url, upload=0)

    async def _sent(self, stage: str, url: str, limit: int = 10 * MIB) -> Channel:
        channel = self.guild.add_text_channel(f"channel-{len(self.numbers)}")
        columns = {"destination": "discord", "channel_id": channel.id, "upload_limit_bytes": limit}
        self.numbers[stage] = await self._house.ask(url, **columns)
        return channel

    def elsewhere(self) -> dict[str, str]:
        """Those that are not in their stage now."""
        site = self._house.site
        arrived = defaultdict(
            lambda: "uploading sending",
            {
                "asking a server": bool(site.requests("/mute.mp4")) and "extracting",
                "one file": site.bytes_served("/file.bin") > 100_000 and "downloading",
                "segments": site.bytes_served("/hls/hls2.ts") > 0 and "downloading",
                "yt-dlp": bool(site.requests("/late/hls.m3u8")) and "extracting",
                "gallery-dl": self._galleries.reached.is_set() and "extracting",
                "many files": site.bytes_served("/parts/8.jpg") > 0 and "downloading",
                "a torrent": "downloading downloading",
                "a browser": bool(site.requests("/restless/3")) and "extracting",
                "compressing a video": "uploading compressing",
            },
        )
        found = {}
        for stage, number in self.numbers.items():
            row = self._house.row(number)
            now, wanted = f"{row['status']} {row['activity']}", arrived[stage]
            if not wanted or not now.startswith(wanted):
                found[stage] = f"{now} {row['error'] or ''}"
        return found


@pytest.fixture
async def galleries() -> AsyncIterator[Galleries]:
    async with serving() as galleries:
        yield galleries


def _ready(house: House) -> int:
    """How many runners are there; of a new house nothing but 0 can be asked."""
    return int(house.query("SELECT count(*) FROM runners WHERE kind IN ('download', 'upload')")[0][0])


async def _end_of(process: psutil.Process) -> tuple[float, str]:
    """When a process ended, and which it was."""
    try:
        words = " ".join(process.cmdline()[:4])
    except psutil.Error:
        words = str(process)
    await gone(process, 30)
    return time.monotonic(), words


def stop(bot: Program, way: str) -> None:
    """As Docker does (the first process alone), as systemd does (all at once), or by the death of the first process."""
    if way == "bot":
        bot.send(signal.SIGTERM)
    elif way == "parent":
        bot.send(signal.SIGKILL)
    else:
        for process in (psutil.Process(bot.pid), *bot.children()):
            try:
                process.send_signal(signal.SIGTERM)
            except psutil.NoSuchProcess:
                continue


@pytest.mark.timeout(400)
@pytest.mark.parametrize("way", WAYS)
async def test_everything_is_given_back_in_every_stage_at_once(
    discord_house: House, discord: DiscordServer, galleries: Galleries, way: str
) -> None:
    house = discord_house
    rules = house.directory / "rules.toml"
    rules.write_text('[sites."127.0.0.1"]\ngallery_instance = "mastodon"\n')
    settings = {
        "BOSS_BOT_START_RUNNERS": "true",
        "BOSS_BOT_MAX_CONCURRENT_DOWNLOADS": "12",
        "MAX_CONCURRENT_UPLOADS": "6",
        "SITES_FILE": str(rules),
        "SITE_FAILURES": "0",
        "BROWSER_TIMEOUT": "60",
    }
    async with Swarm(house.directory / "swarm", {"film.mkv": 64 * MIB}, upload_limit=SLOW) as swarm:
        (bot,) = await house.start("bot", **settings)
        await settled(lambda: _ready(house) == 2, "both runners", 60)
        stages = Stages(house, discord, galleries, swarm)
        await stages.begin()
        ours = [psutil.Process(bot.pid), *bot.children()]
        tries = dict(house.query("SELECT id, attempts FROM downloads"))
        moved_on = stages.elsewhere()
        began = time.monotonic()
        stop(bot, way)
        busy = f"SELECT id, status, activity FROM downloads WHERE status IN {BUSY}"
        await wait_until(lambda: not house.query(busy), 30, description=lambda: str(house.query(busy)))
        given_back = time.monotonic() - began
        ends = await asyncio.gather(*(_end_of(process) for process in ours))
        ended = max(ends)[0] - began
        logger.info("{}: rows given back after {:.2f} s, all processes ended after {:.2f} s", way, given_back, ended)
    assert given_back < IN_TIME
    assert ended < IN_TIME + 2, [(round(at - began, 1), words) for at, words in sorted(ends)[-5:]]
    assert len(moved_on) < 4, moved_on
    for stage in stages.numbers.keys() - moved_on.keys():
        number = stages.numbers[stage]
        row = house.row(number)
        waits = "downloaded" if row["destination"] == "discord" else "pending"
        assert (stage, row["status"], row["claimed_by"], row["attempts"]) == (stage, waits, None, tries[number])
    assert house.query("SELECT name FROM runners WHERE kind <> 'bot'") == []
    assert house.query("PRAGMA integrity_check") == [("ok",)]
    for program in house.started:
        assert "Traceback" not in program.output
    await house.start("upload", **settings)
    for number in (number for stage, number in stages.numbers.items() if stage.startswith(("an answer", "a rate"))):
        await house.until(number, "uploaded", timeout=60)
        channel = discord.channel(house.row(number)["channel_id"])
        assert [len(message.files) for message in channel.messages] == [1], "it is there once"


async def test_a_second_signal_ends_a_runner_at_once(house: House) -> None:
    """Also one that can't give its rows back, because a shell holds the database: others take them then."""
    url = house.site.add("/file.bin", 64 * MIB, rate=SLOW)
    (runner,) = await house.start("download")
    await settled(lambda: _ready(house) == 1, "the runner", 60)
    number = await house.ask(url, upload=0)
    await house.site.wait_for_bytes("/file.bin", 100_000)
    await house.until(number, "downloading")
    children = runner.children()
    with closing(sqlite3.connect(house.database, isolation_level=None, timeout=10)) as shell:
        shell.execute("BEGIN IMMEDIATE")
        runner.send(signal.SIGTERM)
        await runner.wait_for_output("stopping: SIGTERM")
        await asyncio.sleep(2 * ECHO)  # a second one that comes sooner is an echo of the first
        began = time.monotonic()
        runner.send(signal.SIGTERM)
        assert await runner.wait(5) == 1
        assert time.monotonic() - began < 1
        for child in children:
            await gone(child)
        assert house.row(number)["status"] == "downloading"
    await house.start("download")
    await wait_until(lambda: house.row(number)["epoch"] == 2, 30, description="the next claim")
    assert house.row(number)["attempts"] == 0
