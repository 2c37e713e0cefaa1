"""One WebSocket of the gateway: frames in order, compressed if the client asked for it."""

from __future__ import annotations

import asyncio
import json
import zlib
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from .wire import reset


class Connection:
    """Sends in the background, so that whoever causes an event need not wait for the client.

    ``zlib-stream`` is answered as asked. ``zstd-stream`` (discord.py where zstandard is installed) gets plain text
    frames, which its decoder passes by.
    """

    def __init__(self, socket: web.WebSocketResponse, request: web.Request, *, compress: str | None) -> None:
        self._socket = socket
        self._request = request
        self._deflate = zlib.compressobj() if compress == "zlib-stream" else None
        self._outgoing: asyncio.Queue[str] = asyncio.Queue()
        self._writer: asyncio.Task[None] | None = None
        self.closed_by_server = False

    async def __aenter__(self) -> Self:
        self._writer = asyncio.create_task(self._write())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._writer is not None
        self._writer.cancel()
        await asyncio.gather(self._writer, return_exceptions=True)

    def send(self, op: int, data: Any = None) -> None:
        self.post(json.dumps({"op": op, "d": data, "s": None, "t": None}))

    def post(self, payload: str) -> None:
        self._outgoing.put_nowait(payload)

    async def _write(self) -> None:
        while True:
            payload = await self._outgoing.get()
            if self._socket.closed:
                return
            try:
                await self._send_now(payload)
            except ConnectionError:
                return

    async def _send_now(self, payload: str) -> None:
        if self._deflate is None:
            await self._socket.send_str(payload)
        else:
            packed = self._deflate.compress(payload.encode()) + self._deflate.flush(zlib.Z_SYNC_FLUSH)
            await self._socket.send_bytes(packed)

    async def close(self, code: int) -> None:
        self.closed_by_server = True
        await self._socket.close(code=code)

    def drop(self) -> None:
        """Ends the TCP connection without a word, as a lost network does."""
        reset(self._request)
