"""Discord on a free port of this machine."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from . import application_routes, cdn_routes, interaction_routes, message_routes, oauth_routes, place_routes
from .channels import Channel
from .faults import Fault, Faults, PlannedFault
from .front_door import FrontDoor
from .gateway import CloseCode, Op
from .guilds import Guild
from .interactions import Interaction
from .members import Member
from .oauth import Consent
from .people import User
from .rate_limits import RateLimit, RateLimits
from .request_log import Request, matches
from .settings import Settings
from .wire import API, WORLD
from .world import World


class DiscordServer:
    """A Discord of one's own: REST version 10, gateway and CDN, in the event loop of the test.

    ``async with DiscordServer() as discord`` runs it; settings may be changed while it runs.
    """

    def __init__(self, settings: Settings | None = None, *, port: int = 0) -> None:
        self.settings = settings or Settings()
        self.token = secrets.token_urlsafe(32)
        self.world = World(self.settings, self.token)
        self.log: list[Request] = []
        self.faults = Faults()
        self.rate_limits = RateLimits()
        self._front_door = FrontDoor(self.log, self.faults, self.rate_limits)
        self._port = port
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        app = web.Application(middlewares=[self._front_door.middleware()], client_max_size=1 << 30)
        app[WORLD] = self.world
        for module in (application_routes, message_routes, place_routes, interaction_routes):
            _add(app, module.routes, API)
        _add(app, oauth_routes.routes, API)
        _add(app, oauth_routes.pages, "")
        _add(app, cdn_routes.routes, "")
        for path in ("/gateway", "/gateway/", "/gateway/resume"):
            app.router.add_get(path, self._gateway)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        host, port = self._runner.addresses[0][:2]
        self.world.origin = f"http://{host}:{port}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._runner is not None
        await self.close_gateway(1001)
        await self._runner.cleanup()
        if self._front_door.crashes and error is None:
            raise ExceptionGroup("the Discord server of the tests failed itself", self._front_door.crashes)

    @property
    def api_base(self) -> str:
        """The value for ``discord.http.Route.BASE``."""
        return self.world.origin + API

    @property
    def gateway_url(self) -> str:
        """The value for ``DiscordWebSocket.DEFAULT_GATEWAY``."""
        return self.world.origin.replace("http", "ws", 1) + "/gateway"

    @property
    def cdn_base(self) -> str:
        """The value for ``discord.asset.Asset.BASE``."""
        return self.world.origin

    @property
    def environment(self) -> dict[str, str]:
        """The addresses and the token, as Boss-Bot's settings name them."""
        return {
            "BOSS_BOT_DISCORD_TOKEN": self.token,
            "DISCORD_API_BASE": self.api_base,
            "DISCORD_GATEWAY_URL": self.gateway_url,
        }

    @property
    def bot(self) -> User:
        return self.world.bot

    @property
    def owner(self) -> User:
        """The person to whom the application belongs."""
        return self.world.owner

    @property
    def consent(self) -> Consent:
        """Logins of people at other sites with this Discord."""
        return self.world.consent

    @property
    def identifies(self) -> int:
        """How many times a client has begun a new session."""
        return self.world.gateway.identifies

    @property
    def interactions(self) -> list[Interaction]:
        return list(self.world.interactions.values())

    def command_names(self, guild: Guild | None = None) -> list[str]:
        return [one["name"] for one in self.world.commands.all(None if guild is None else guild.id)]

    def commands(self) -> list[dict[str, Any]]:
        """The commands for all guilds as they were registered."""
        return list(self.world.commands.all())

    def add_guild(self, name: str, *, boost_tier: int = 0, upload_limit: int | None = None) -> Guild:
        """Makes a guild with the bot in it; a boost tier of 2 or 3 raises its upload limit."""
        return self.world.add_guild(name, boost_tier, upload_limit)

    def add_group_dm(self, *members: Member) -> Channel:
        """A private channel of members; the bot gets there only with one who ``has_installed_bot``."""
        return self.world.add_group_dm(*(one.user for one in members))

    def channel(self, channel_id: int) -> Channel:
        return self.world.channel(channel_id)

    async def wait_until_ready(self, timeout: float = 60, *, commands: bool = True) -> None:
        """Waits for a client that has identified (or resumed) and, unless told otherwise, registered commands."""

        def look() -> bool:
            shards = {one.shard[0] for one in self.world.gateway.connected}
            return len(shards) >= self.settings.shards and (not commands or bool(self.world.commands))

        await self.wait_until(look, timeout)

    async def wait_until_disconnected(self, timeout: float = 60) -> None:
        await self.wait_until(lambda: not self.world.gateway.connected, timeout)

    async def wait_until(self, condition: Callable[[], Any], timeout: float = 30) -> None:
        """Waits for anything that the server can see."""
        await self.world.changes.until(condition, timeout, self._describe)

    def requests(self, method: str = "*", pattern: str = "/**") -> list[Request]:
        """The requests so far; ``*`` in a pattern is one step of a path, ``**`` any number."""
        return [one for one in self.log if matches(one.method, one.path, method, pattern)]

    @property
    def invalid_requests(self) -> int:
        """How many answers were 401, 403 or 429: Discord bans an address at 10,000 in 10 minutes."""
        return sum(one.is_invalid for one in self.log)

    def fail(self, method: str, pattern: str, fault: Fault, *, times: float = 1, skip: int = 0) -> PlannedFault:
        """Plans a fault for the next requests that match, after ``skip`` of them; ``math.inf`` times is for good."""
        return self.faults.plan(PlannedFault(fault, method, pattern, times, skip))

    def limit_rate(self, method: str, pattern: str, requests: int, *, per: float) -> None:
        """Sets up a real bucket for each channel, guild or webhook; its answers carry X-RateLimit headers."""
        self.rate_limits.all.append(RateLimit(method, pattern, requests, per))

    async def revoke_token(self) -> None:
        """Makes the token worthless: 401 everywhere, and the gateway closes with 4004."""
        self.world.token = None
        await self.close_gateway(CloseCode.AUTHENTICATION_FAILED)

    async def close_gateway(self, code: int = CloseCode.UNKNOWN_ERROR) -> None:
        """Closes every gateway connection with a code; the sessions stay resumable."""
        await asyncio.gather(*(one.close(code) for one in list(self.world.gateway.connections)))

    async def drop_gateway(self) -> None:
        """Cuts every gateway connection without a close frame."""
        for connection in list(self.world.gateway.connections):
            connection.drop()
        await self.wait_until_disconnected()

    async def ask_to_reconnect(self) -> None:
        """Asks every client to come back and resume (opcode 7)."""
        for connection in self.world.gateway.connections:
            connection.send(Op.RECONNECT)

    async def forget_sessions(self) -> None:
        """Ends all sessions: a client has to identify anew, and what it missed is lost."""
        sessions = self.world.gateway.connected
        self.world.gateway.sessions.clear()
        for session in sessions:
            if session.connection is not None:
                session.connection.send(Op.INVALID_SESSION, False)

    def refuse_gateway(self, seconds: float) -> None:
        """Answers 503 to new gateway connections for a time; those that are open stay open."""
        self.world.gateway.refused_until = time.monotonic() + seconds

    async def _gateway(self, request: web.Request) -> web.StreamResponse:
        if time.monotonic() < self.world.gateway.refused_until:
            return web.Response(status=503)
        return await self.world.gateway.serve(request)

    def _describe(self) -> str:
        recent = [f"  {one.method} {one.path}: {one.status}" for one in self.log[-10:]]
        connected = len(self.world.gateway.connected)
        return "\n".join([f"{connected} clients connected, commands {self.command_names()}", *recent])


def _add(app: web.Application, routes: Iterable[web.AbstractRouteDef], prefix: str) -> None:
    for route in routes:
        assert isinstance(route, web.RouteDef)
        app.router.add_route(route.method, prefix + route.path, route.handler)
