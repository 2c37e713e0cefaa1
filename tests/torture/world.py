"""All that there is: a site, a Discord with members, an installation, secrets, and a forbidden address."""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.acceptance.house import House
from tests.support.discord_server import Channel, DiscordServer, Member, Message, Permission
from tests.support.processes import Programs
from tests.torture.diary import Diary
from tests.torture.site import PORT_OF_NOBODY, UPLOAD_LIMIT, Site, open_site

FORBIDDEN = "127.0.0.9"  # loopback, but not allowed
COOKIE = "torture-cookie-0815"
PROXY = "torture-proxy-0816"
LEASE = 3.0  # seconds
SETTINGS = {
    "EGRESS_ALLOW": "127.0.0.1,127.0.0.3",
    "SITE_FAILURES": "0",  # one server plays all sites
    "TORRENTS_FOR_MEMBERS": "true",
    "BOSS_BOT_MAX_QUEUE_SIZE": "1000",
    "COMMAND_COOLDOWNS": "false",
    "CLAIM_LEASE": str(LEASE),
    "HEARTBEAT_INTERVAL": "0.5",
    "RETRY_BASE_DELAY": "0.2",
    "RETRY_MAX_DELAY": "2",
    "MAX_DOWNLOAD_RETRIES": "12",
    "EXTRACT_IDLE_SECONDS": "3",
    "BROWSER_TIMEOUT": "15",
    "COMPRESSION_FFMPEG_PRESET": "veryfast",
    "COMPRESSION_TIMEOUT": "60",
}


@dataclass(frozen=True, kw_only=True)
class World:
    """One installation and everything around it."""

    house: "TornHouse"
    site: Site
    discord: DiscordServer
    channels: tuple[Channel, ...]
    members: tuple[Member, ...]
    moderator: Member
    chance: random.Random
    diary: Diary
    connections_inward: list[str] = field(default_factory=list)  # from whom; there must be none

    @property
    def secrets(self) -> set[str]:
        """What nobody may read anywhere; those of each aria2c are made while it runs."""
        return {self.discord.token, COOKIE, PROXY}

    def own_secrets(self) -> set[str]:
        """The passwords of the aria2c that run now."""
        return {
            line.partition("=")[2]
            for path in self.house.directory.glob("data/aria2/*.conf")
            for line in _lines(path)
            if line.startswith("rpc-secret=")
        }

    def said(self) -> Iterator[Message]:
        """Every message of the bot that is there now, threads included."""
        for channel in self.discord.world.all_channels():
            yield from (one for one in channel.messages if one.author is self.discord.bot)

    def outputs(self) -> Iterator[tuple[str, str]]:
        """The log of each process that was ever started."""
        for program in self.house.started:
            yield f"{program.name} {program.pid}", program.output


@asynccontextmanager
async def open_world(directory: Path, seed: int) -> AsyncIterator[World]:
    """Make it; no process of ours runs yet."""
    chance = random.Random(seed)
    inward: list[str] = []

    def refuse(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inward.append(str(writer.get_extra_info("peername")))
        writer.close()

    async with AsyncExitStack() as stack:
        canary = await stack.enter_async_context(await asyncio.start_server(refuse, FORBIDDEN, 0))
        address = f"http://{FORBIDDEN}:{canary.sockets[0].getsockname()[1]}"
        site = await stack.enter_async_context(open_site(directory / "site", chance, inward=address))
        discord = await stack.enter_async_context(DiscordServer())
        guild = discord.add_guild("Media lovers", upload_limit=UPLOAD_LIMIT)
        manages = guild.add_role("moderators", guild.everyone.permissions | Permission.MANAGE_MESSAGES)
        programs = await stack.enter_async_context(Programs(directory / "logs"))
        home = directory / "home"
        home.mkdir()
        house = TornHouse(directory=home, programs=programs, site=site.server, discord=discord)
        house.temporary.mkdir()
        _write_sites(home)
        yield World(
            house=house,
            site=site,
            discord=discord,
            channels=tuple(guild.add_text_channel(f"media-{number}") for number in range(3)),
            members=tuple(guild.add_member(f"member{number}") for number in range(4)),
            moderator=guild.add_member("moderator", roles=(manages,)),
            chance=chance,
            diary=Diary(),
            connections_inward=inward,
        )


class TornHouse(House):
    """A house with short leases and short patience."""

    @property
    def environment(self) -> dict[str, str]:
        ours = {"SITES_FILE": str(self.directory / "sites.toml"), "TMPDIR": str(self.temporary)}
        return super().environment | SETTINGS | ours

    @property
    def temporary(self) -> Path:
        """Where processes put what they need for a while."""
        return self.directory.parent / "t"  # a socket's path has 107 characters at most, and Chromium's is long


def _write_sites(home: Path) -> None:
    (home / "cookies.txt").write_text(
        f"# Netscape HTTP Cookie File\n127.0.0.1\tFALSE\t/\tFALSE\t0\tsession\t{COOKIE}\n"
    )
    proxy = f"http://someone:{PROXY}@127.0.0.1:{PORT_OF_NOBODY}"
    rules = f'[sites."127.0.0.1"]\ncookies = "cookies.txt"\n[sites."127.0.0.3"]\nproxy = {json.dumps(proxy)}\n'
    (home / "sites.toml").write_text(rules)
    for name in ("cookies.txt", "sites.toml"):
        (home / name).chmod(0o600)


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except FileNotFoundError:  # its runner has just ended
        return []
