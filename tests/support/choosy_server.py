"""A TLS server that serves browsers alone, which it knows by the handshake that Chrome makes and OpenSSL does not."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.support.tls_proxy import made_certificate

REFUSAL = (
    b"HTTP/1.1 403 Forbidden\r\nServer: cloudflare\r\ncf-mitigated: challenge\r\nContent-Type: text/html\r\n"
    b"Content-Length: 14\r\n\r\nJust a moment!"
)


class ChoosyServer:
    """Answers with what `page` gives; `shaken` says of each handshake whether it was a browser's."""

    def __init__(self, directory: Path, page: Callable[[], str]) -> None:
        self._directory = directory
        self._page = page
        self.shaken: list[bool] = []

    async def __aenter__(self) -> Self:
        self._tls = await asyncio.to_thread(made_certificate, self._directory)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.setblocking(False)
        self.url = f"https://127.0.0.1:{self._listener.getsockname()[1]}/watch"
        self._serving = asyncio.create_task(self._accept())
        self._tasks: set[asyncio.Task[None]] = set()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in (self._serving, *self._tasks):
            task.cancel()
        await asyncio.gather(self._serving, *self._tasks, return_exceptions=True)
        self._listener.close()

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            connection, _ = await loop.sock_accept(self._listener)
            task = asyncio.create_task(self._serve(connection))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _serve(self, connection: socket.socket) -> None:
        is_browser = has_grease(await _peeked(connection))
        self.shaken.append(is_browser)
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader()
        protocol = asyncio.StreamReaderProtocol(reader)
        with contextlib.suppress(ConnectionError, ssl.SSLError, asyncio.IncompleteReadError):
            transport, _ = await loop.connect_accepted_socket(lambda: protocol, connection, ssl=self._tls)
            writer = asyncio.StreamWriter(transport, protocol, reader, loop)
            await reader.readuntil(b"\r\n\r\n")
            body = self._page().encode()
            head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(body)}\r\n\r\n"
            writer.write(head.encode() + body if is_browser else REFUSAL)
            await writer.drain()
            await reader.read()  # until the client has read it and goes
            writer.close()


async def _peeked(connection: socket.socket) -> bytes:
    """The first record, left where it is for the handshake."""
    while True:
        try:
            seen = connection.recv(16384, socket.MSG_PEEK)
        except BlockingIOError:
            seen = b""
        if len(seen) > 5 and len(seen) >= 5 + int.from_bytes(seen[3:5], "big"):
            return seen
        await asyncio.sleep(0.01)


def has_grease(record: bytes) -> bool:
    """Whether the cipher suites of a ClientHello begin with a reserved value, as RFC 8701 has it and Chrome does it."""
    at = 5 + 4 + 2 + 32  # heads of record and message, version, random
    at += 1 + record[at]  # session id
    suite = record[at + 2 : at + 4]
    return suite[0] == suite[1] and suite[0] & 0x0F == 0x0A
