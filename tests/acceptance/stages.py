"""Downloads that stand still, each in another stage, as something slow keeps them there."""

import os
import shutil
from collections import defaultdict
from pathlib import Path

import psutil

from tests.acceptance.house import House
from tests.support.discord_server import Channel, DiscordServer, Fault
from tests.support.galleries import Galleries
from tests.support.player_pages import add_restless_page
from tests.support.processes import Program, wait_until
from tests.support.sample_media import add_hls, clip, picture
from tests.support.sample_pictures import noise
from tests.support.swarm import Swarm

MIB = 1024 * 1024
SLOW = 32 * 1024  # bytes a second
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# What copies or encodes takes a hundred times as long as it plays.
FFMPEG = """#!/bin/sh
case "$*" in *" -c copy "* | *libx264*) set -- -readrate 0.01 "$@" ;; esac
exec {program} "$@"
"""
SETTINGS = {
    "BOSS_BOT_MAX_CONCURRENT_DOWNLOADS": "14",
    "MAX_CONCURRENT_UPLOADS": "8",
    "COMPRESSION_MAX_CONCURRENT": "3",
    "COMPRESSION_MIN_VIDEO_BITRATE_KBPS": "400",  # below which a video is split
    "SITE_FAILURES": "0",
    "BROWSER_TIMEOUT": "60",
}


def environment_below(directory: Path) -> dict[str, str]:
    """The settings of a house in whose stages things stand still."""
    rules = directory / "rules.toml"
    rules.write_text('[sites."127.0.0.1"]\ngallery_instance = "mastodon"\n')
    programs = directory / "bin"
    programs.mkdir()
    slow = programs / "ffmpeg"
    slow.write_text(FFMPEG.format(program=shutil.which("ffmpeg")))
    slow.chmod(0o755)
    return SETTINGS | {"SITES_FILE": str(rules), "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}


def is_running(process: psutil.Process, module: str) -> bool:
    """Whether it runs a module of ours, and no launcher before it."""
    try:
        return process.cmdline()[1:] == ["-m", module]
    except psutil.Error:
        return False


class Stages:
    """Downloads that stand still, each in another stage, and how it is known that they are there."""

    def __init__(self, house: House, bot: Program, discord: DiscordServer, galleries: Galleries, swarm: Swarm) -> None:
        self._house = house
        self._bot = bot
        self._discord = discord
        self._galleries = galleries
        self._swarm = swarm
        self.guild = discord.add_guild("Media lovers")
        self.commands = self.guild.add_text_channel("commands")  # where the bot is in the middle of one
        self.numbers: dict[str, int] = {}  # of the download in each stage
        self._arrived: set[str] = set()  # some stay where they are for some seconds only

    async def begin(self) -> None:
        """Ask for all of them, and wait until each is where it stays."""
        site, media = self._house.site, self._house.directory / "media"
        media.mkdir()
        noisy = ("-vf", "noise=alls=40:allf=t", "-b:v", "8M")
        film = clip(media / "film.mp4", 20, "1280x720", options=noisy)
        await self._sent("compressing a video", site.add("/film.mp4", film), 2 * MIB)
        cut = clip(media / "cut.mp4", 40, options=("-vf", "noise=alls=40:allf=t", "-b:v", "800k", "-g", "25"))
        await self._sent("splitting a video", site.add("/cut.mp4", cut), MIB)
        await self._answered_with("an answer that does not come", Fault.slow(600))
        await self._answered_with("an answer that comes too late", Fault.slow(600, after=True))
        await self._kept("one file", site.add("/file.bin", 64 * MIB, rate=SLOW))
        await self._kept("segments", add_hls(site, "/hls", media / "hls", seconds=4, rate=1024))
        await self._kept("joining segments", add_hls(site, "/joined", media / "hls", seconds=4))
        await self._kept("a live stream", self._live(media / "hls" / "hls0.ts"), options='{"live": 30}')
        files = [site.add(f"/parts/{number}.jpg", 200 * 1024, rate=1024) for number in range(9)]
        listed = "".join(f'<file name="{number}.jpg"><url>{url}</url></file>' for number, url in enumerate(files))
        metalink = f'<metalink xmlns="urn:ietf:params:xml:ns:metalink">{listed}</metalink>'
        await self._kept("many files", site.add("/parts.meta4", metalink))
        await self._kept("a torrent", self._swarm.magnet)
        await self._picture(media / "noise.png")
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
        await self._command()
        await self._are_there()

    def _live(self, segment: Path) -> str:
        """A stream that goes on: each look at its playlist finds one segment more."""
        site = self._house.site
        for number in range(600):
            site.add(f"/live/{number}.ts", segment)

        def look(number: int) -> str:
            newest = "".join(f"#EXTINF:1.0,\n{shown}.ts\n" for shown in range(number, number + 3))
            return f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXT-X-MEDIA-SEQUENCE:{number}\n{newest}"

        return site.add("/live/live.m3u8", look, content_type="application/vnd.apple.mpegurl")

    async def _picture(self, path: Path) -> None:
        """Its process is stopped while it works: it takes seconds only, and then it does not even hear a SIGTERM."""
        noise(3000, 2000).save(path, compress_level=1)
        await self._sent("fitting a picture", self._house.site.add("/noise.png", path), MIB)

        def is_stopped() -> bool:
            if "fitting a picture" in self.elsewhere():
                return False
            fitting = [one for one in self._bot.children() if is_running(one, "upload_module.fitting.picture_child")]
            for process in fitting:
                process.suspend()
            return bool(fitting)

        await wait_until(is_stopped, 60, every=0.02, description=lambda: str(self.elsewhere()))

    async def _command(self) -> None:
        """Two links, and the second one's card can't be posted: the bot is in the middle of it."""
        first, second = (self._house.site.add(f"/asked-{number}.bin", 64 * MIB, rate=SLOW) for number in (1, 2))
        held = self._discord.fail("POST", "/webhooks/**", Fault.slow(600))
        await self.guild.add_member("ann").use(self.commands, "download", url=f"{first} {second}")
        await wait_until(lambda: held.struck, 60, description="the second card")

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

    async def _kept(self, stage: str, url: str, **columns: str) -> None:
        self.numbers[stage] = await self._house.ask(url, upload=0, **columns)

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
                "joining segments": "downloading merging",
                "a live stream": bool(site.requests("/live/5.ts")) and "downloading",
                "splitting a video": "uploading splitting",
                "fitting a picture": "uploading compressing",
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
