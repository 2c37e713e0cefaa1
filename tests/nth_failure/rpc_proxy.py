"""Stands before aria2c, counts JSON-RPC requests, and lets the n-th fail."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import psutil
from aiohttp import web

from tests.nth_failure.plan import Trial
from tests.support.discord_server.wire import reset

NEVER = 3600.0  # seconds; the client's patience ends long before


class RpcProxy:
    """Requests to `/<host>:<port>/jsonrpc` go to `http://<host>:<port>/jsonrpc`, WebSockets too."""

    def __init__(self, trial: Trial, kill_runner: Callable[[], None]) -> None:
        self._trial = trial
        self._kill_runner = kill_runner
        self.count = 0
        self.struck = ""
        self.port = 0

    @asynccontextmanager
    async def serving(self) -> AsyncIterator["RpcProxy"]:
        """On a port of loopback."""
        app = web.Application()
        app.router.add_post("/{target}/jsonrpc", self._post)
        app.router.add_get("/{target}/jsonrpc", self._notifications)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.port = runner.addresses[0][1]
        try:
            async with aiohttp.ClientSession() as self._session:
                yield self
        finally:
            await runner.cleanup()

    async def _post(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        self.count += 1
        if self._trial.fault is None or self.count != self._trial.n:
            return await self._forward(request, body)
        self.struck = body.decode(errors="replace").partition('"methodName":')[2][:40]
        return await self._strike(str(self._trial.fault), request, body)

    async def _strike(self, fault: str, request: web.Request, body: bytes) -> web.StreamResponse:
        if fault in ("lost", "kill-after", "aria2c-after"):
            await self._forward(request, body)
        if fault.startswith("aria2c"):
            self._kill_aria2c(request)
        if fault.startswith("kill"):
            self._kill_runner()
        if fault == "timeout":
            await asyncio.sleep(NEVER)
        if fault == "error":
            return web.json_response(
                {"id": "1", "jsonrpc": "2.0", "error": {"code": 1, "message": "fault"}}, status=400
            )
        reset(request)
        return web.Response(status=499)  # which nobody reads

    async def _forward(self, request: web.Request, body: bytes) -> web.StreamResponse:
        try:
            async with self._session.post(self._target(request), data=body) as answer:
                return web.Response(body=await answer.read(), status=answer.status, content_type="application/json-rpc")
        except aiohttp.ClientError:
            reset(request)
            return web.Response(status=499)

    async def _notifications(self, request: web.Request) -> web.StreamResponse:
        ours = web.WebSocketResponse()
        try:
            async with self._session.ws_connect(self._target(request)) as theirs:
                await ours.prepare(request)
                async for message in theirs:
                    await ours.send_str(message.data)
        except (aiohttp.ClientError, ConnectionError):
            if not ours.prepared:
                return web.Response(status=502)
        with contextlib.suppress(ConnectionError):
            await ours.close()
        return ours

    def _kill_aria2c(self, request: web.Request) -> None:
        port = int(request.match_info["target"].rpartition(":")[2])
        for connection in psutil.net_connections("tcp4"):
            address: Any = connection.laddr
            if connection.status == psutil.CONN_LISTEN and address.port == port and connection.pid:
                psutil.Process(connection.pid).kill()

    @staticmethod
    def _target(request: web.Request) -> str:
        return f"http://{request.match_info['target']}/jsonrpc"
