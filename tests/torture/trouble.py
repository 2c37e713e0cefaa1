"""What the site, Discord and the network do on a bad day, for moments at a time."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.support.discord_server import DiscordServer, Fault
from tests.support.media_server import MediaServer
from tests.torture.world import World

KIB = 1024
PAUSE = 0.5  # seconds between two faults, at most
LASTS = 2.5  # seconds that a path misbehaves, at most
NEWEST = 60  # paths: what is asked for now is among them
OF_DISCORD = 0.4  # of all faults
PLACES = (  # where Discord fails
    ("POST", "/channels/*/messages"),
    ("PATCH", "/channels/*/messages/*"),
    ("GET", "/channels/*/messages"),
    ("POST", "/interactions/**"),
)
FAULTS = (
    Fault.rate_limit(0.3),
    Fault.rate_limit(0.5, scope="shared"),
    Fault.rate_limit(0.3, scope="global"),
    Fault.status(500),
    Fault.status(502, after=True),
    Fault.status(503, text="<html>upstream</html>"),
    Fault.reset(),
    Fault.reset(body_read=True),
    Fault.reset(after=True),
    Fault.slow(0.7),
    Fault.slow(0.7, after=True),
)
MISBEHAVIOUR: tuple[dict[str, Any], ...] = (
    {"status": 429, "headers": [("Retry-After", "1")]},
    {"status": 500},
    {"status": 503},
    {"status": 403},
    {"reset_after": 10 * KIB},
    {"reset_after": 0},
    {"truncate_after": 15 * KIB},
    {"delay": 2.0},
    {"rate": 20 * KIB},
    {"ranges": False},
    {"length": "none"},
)


@dataclass(frozen=True, slots=True)
class Trouble:
    """Makes it until it is cancelled, and takes all of it back then."""

    world: World
    chance: random.Random
    misbehaving: set[str] = field(default_factory=set)  # paths

    async def make(self) -> None:
        """Now this, now that."""
        try:
            async with asyncio.TaskGroup() as lasting:
                while True:
                    await asyncio.sleep(self.chance.uniform(0, PAUSE))
                    if self.chance.random() < OF_DISCORD:
                        lasting.create_task(self._at_discord(self.world.discord))
                    elif self.chance.random() < 0.1:
                        self.world.diary.note("trouble", where="changed", fault=self.world.site.replace_one())
                    else:
                        self._at_site(lasting, self.world.site.server)
                    if self.chance.random() < 0.02:
                        await self._at_gateway(self.world.discord)
        finally:
            self.world.discord.faults.clear()

    async def _at_discord(self, discord: DiscordServer) -> None:
        method, path = self.chance.choice(PLACES)
        fault = self.chance.choice(FAULTS)
        planned = discord.fail(method, path, fault, times=self.chance.randint(1, 2))
        self.world.diary.note("trouble", where=f"{method} {path}", fault=str(fault))
        await asyncio.sleep(self.chance.uniform(0.2, LASTS))
        planned.cancel()  # else they would pile up while the bot is down, and meet all that it does first

    async def _at_gateway(self, discord: DiscordServer) -> None:
        deed: Callable[[], Any] = self.chance.choice((discord.close_gateway, discord.ask_to_reconnect))
        await deed()
        self.world.diary.note("trouble", where="gateway", fault=deed.__name__)

    def _at_site(self, lasting: asyncio.TaskGroup, server: MediaServer) -> None:
        paths = [path for path in server.paths[-NEWEST:] if path not in self.misbehaving]
        if not paths:
            return
        path = self.chance.choice(paths)
        how = self.chance.choice(MISBEHAVIOUR)
        lasting.create_task(self._misbehave(server, path, how, self.chance.uniform(0.2, LASTS)))
        self.world.diary.note("trouble", where=path, fault=str(how))

    async def _misbehave(self, server: MediaServer, path: str, how: dict[str, Any], seconds: float) -> None:
        self.misbehaving.add(path)
        before = {name: getattr(server.resource(path), name) for name in how}
        server.change(path, **how)
        try:
            await asyncio.sleep(seconds)
        finally:
            server.change(path, **before)
            self.misbehaving.discard(path)
