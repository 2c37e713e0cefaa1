"""`python -m benchmarks.soak --minutes 30`: steady traffic through the whole program, and what it takes meanwhile."""

import argparse
import asyncio
import itertools
import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from benchmarks.figures import Figure, table
from benchmarks.install import Installation, installed
from benchmarks.samples import Sample, draw, sample, slope_per_hour, write_csv
from tests.support import player_pages, sample_media
from tests.support.discord_server import Channel, DiscordServer, Member
from tests.support.media_server import MediaServer
from tests.support.processes import wait_until

MIB = 1024 * 1024
LIMIT = MIB  # bytes that the guild takes, so that one shape must be compressed
SETTINGS = {"COMMAND_COOLDOWNS": "false", "BOSS_BOT_MAX_QUEUE_SIZE": "1000", "TORRENTS_FOR_MEMBERS": "true"}
WARM_UP = 0.25  # of the time, in which children start and caches fill
# By a word of the command line; the last are replaced when they have grown, so they tell nothing of growth.
CHILDREN = {"aria2c": "aria2c", "guard_child": "guard", "ytdlp_": "yt-dlp"}
LASTING = ("bot", "download", "upload", "aria2c", "guard")

Shape = Callable[[int], str]


@dataclass(slots=True, kw_only=True)
class Soak:
    """A program that runs, what it is asked for, and what was seen of it."""

    here: Installation
    site: MediaServer
    media: Path
    discord: DiscordServer
    channel: Channel
    members: list[Member]
    samples: list[Sample] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    def shapes(self) -> list[Shape]:
        """What is asked for by turns; each is a link that nobody asked for before."""
        clip = sample_media.clip(self.media / "clip.mp4", seconds=2)
        large = sample_media.clip(self.media / "large.mp4", seconds=6, options=("-b:v", "4M", "-minrate", "4M"))
        picture = sample_media.picture(self.media / "picture.jpg")

        def gallery(number: int) -> str:
            urls = [self.site.add(f"/gallery-{number}/{part}.jpg", picture) for part in range(3)]
            files = "".join(f'<file name="{part}.jpg"><url>{url}</url></file>' for part, url in enumerate(urls))
            listed = f'<metalink xmlns="urn:ietf:params:xml:ns:metalink">{files}</metalink>'
            return self.site.add(f"/gallery-{number}.meta4", listed)

        return [
            lambda number: self.site.add(f"/clip-{number}.mp4", clip),
            lambda number: sample_media.add_video_page(self.site, f"/page-{number}", clip),
            gallery,
            lambda number: sample_media.add_hls(self.site, f"/hls-{number}", self.media / "hls"),
            lambda number: self.site.add(f"/gone-{number}.mp4", b"", status=404),
            lambda number: self.site.add(f"/large-{number}.mp4", large),
            lambda number: self.site.add(f"/cancelled-{number}.mp4", clip, rate=10_000),
            lambda number: player_pages.add_click_page(self.site, f"/click-{number}", clip),
        ]

    async def ask(self, until: float, every: float) -> int:
        """A command each so many seconds; what was slow on purpose is cancelled a moment later. How many were asked."""
        shapes = self.shapes()
        for number in itertools.count(1):
            if time.monotonic() > until:
                return number - 1
            member = self.members[number % len(self.members)]
            url = shapes[number % len(shapes)](number)
            asked = await member.use(self.channel, "download", url=url)
            await self.discord.wait_until(lambda asked=asked: asked.is_answered, 30)  # type: ignore[misc]
            await asyncio.sleep(every)
            if "/cancelled-" in url:
                self.here.database.execute("UPDATE downloads SET cancelled = 1 WHERE url = ?", (url,))
        raise AssertionError

    async def watch(self, every: float) -> None:
        """Sample until cancelled."""
        wal = self.here.directory / "boss-bot.db-wal"
        while True:
            now = time.monotonic() - self.began
            for kind, program in self.here.programs.items():
                self._note(sample(now, kind, [psutil.Process(program.pid)], wal))
                for word, name in CHILDREN.items():
                    children = [child for child in program.children() if _is(child, word)]
                    self._note(sample(now, name, children, wal))
            await asyncio.sleep(every)

    def _note(self, seen: Sample | None) -> None:
        if seen is not None:
            self.samples.append(seen)

    def ends(self) -> Counter[str]:
        """How many downloads ended how."""
        return Counter(dict(self.here.database.execute("SELECT status, count(*) FROM downloads GROUP BY 1")))


def _is(process: psutil.Process, word: str) -> bool:
    try:
        return word in " ".join(process.cmdline())
    except psutil.Error:
        return False


async def measure(minutes: float, every: float, csv: Path, svg: Path) -> list[Figure]:
    """Run for so long; writes all samples and the drawing, and tells how each process grew."""
    async with MediaServer() as site, DiscordServer() as discord:
        guild = discord.add_guild("Media lovers", upload_limit=LIMIT)
        channel = guild.add_text_channel("media")
        members = [guild.add_member(f"member{number}") for number in range(8)]
        async with installed("bot", "download", "upload", environment=discord.environment | SETTINGS) as here:
            await discord.wait_until_ready()
            media = here.directory / "media"
            media.mkdir()
            soak = Soak(here=here, site=site, media=media, discord=discord, channel=channel, members=members)
            watching = asyncio.create_task(soak.watch(5.0))
            asked = await soak.ask(time.monotonic() + minutes * 60, every)
            await wait_until(lambda: not _unfinished(here.database), 120, description=lambda: str(soak.ends()))
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
            ends = soak.ends()
    write_csv(csv, soak.samples)
    draw(svg, soak.samples, f"{asked} downloads in {minutes:g} minutes: memory (PSS)")
    return [_ends(asked, minutes, ends), *_growth(soak.samples)]


def _unfinished(database: sqlite3.Connection) -> int:
    over = "('uploaded', 'failed', 'cancelled')"
    return int(database.execute(f"SELECT count(*) FROM downloads WHERE status NOT IN {over}").fetchone()[0])


def _ends(asked: int, minutes: float, ends: Counter[str]) -> Figure:
    told = ", ".join(f"{count} {status}" for status, count in ends.most_common())
    return Figure(f"soak: {asked} downloads asked for in {minutes:g} minutes", told, "all of them over")


def _growth(samples: list[Sample]) -> list[Figure]:
    figures = []
    for process in LASTING:
        his = [one for one in samples if one.process == process]
        after = WARM_UP * samples[-1].seconds
        late = [one for one in his if one.seconds >= after]
        if len(late) < 10:
            continue
        slope, error = slope_per_hour(his, "pss_mib", after=after)
        told = f"{late[0].pss_mib:.0f} to {late[-1].pss_mib:.0f} MiB, {slope:+.1f} ± {2 * error:.1f} MiB/h"
        files = f"{late[0].descriptors} to {late[-1].descriptors} descriptors, {late[-1].threads} threads"
        figures.append(
            Figure(f"soak: {process}, memory (PSS) after the first quarter", f"{told}; {files}", "no growth")
        )
    largest = max(one.wal_mib for one in samples)
    return [*figures, Figure("soak: the largest WAL", f"{largest:.1f} MiB", "under 64 MiB")]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--every", type=float, default=4.0, help="seconds from command to command")
    parser.add_argument("--csv", type=Path, default=Path("soak.csv"))
    parser.add_argument("--svg", type=Path, default=Path(__file__).with_name("soak.svg"))
    args = parser.parse_args()
    print(table(asyncio.run(measure(args.minutes, args.every, args.csv, args.svg))))


if __name__ == "__main__":
    main()
