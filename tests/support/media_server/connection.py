"""One accepted connection: plain sockets, because the count of what went out must be exact to the byte."""

import asyncio
import contextlib
import math
import socket
import struct
from collections.abc import Callable

from tests.support.media_server.resources import Request

SEND_BUFFER = 64 * 1024
_LOOK_AGAIN = 0.01
_LONGEST_HEAD = 1 << 20


class Gone(Exception):
    """The client has closed the connection, or it was closed on purpose."""


class Connection:
    """Reads requests and writes bytes; every method raises `Gone` once the other side has left."""

    def __init__(self, sock: socket.socket) -> None:
        self._loop = asyncio.get_running_loop()
        self._sock = sock
        self._received = b""
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    async def read_request(self) -> Request:
        while b"\r\n\r\n" not in self._received:
            if len(self._received) > _LONGEST_HEAD:
                raise Gone
            await self._receive()
        head, _, self._received = self._received.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        method, _, rest = first.partition(" ")
        headers = {}
        for line in lines:
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        length = int(headers.get("content-length") or 0)
        while len(self._received) < length:
            await self._receive()
        body, self._received = self._received[:length], self._received[length:]
        target = rest.rpartition(" ")[0]
        return Request(method=method, target=target, headers=headers, body=body, at=self._loop.time())

    async def send(self, data: bytes | memoryview) -> None:
        """Writes all of `data`."""
        await self.send_counted(data, room=lambda: math.inf, count=lambda _: None)

    async def send_counted(
        self, data: bytes | memoryview, *, room: Callable[[], float], count: Callable[[int], None]
    ) -> None:
        """Writes all of `data`, never more at once than `room` gives, and counts what the kernel took."""
        view = memoryview(data)
        while view:
            allowed = int(min(room(), len(view)))
            if allowed <= 0:
                await self.sleep(_LOOK_AGAIN)
                continue
            try:
                sent = self._sock.send(view[:allowed])
            except BlockingIOError:
                await self._writable()
            except OSError as error:
                raise Gone from error
            else:
                count(sent)
                view = view[sent:]

    async def sleep(self, seconds: float) -> None:
        """Sleeps, and notices within a hundredth of a second a client that leaves meanwhile."""
        until = self._loop.time() + seconds
        while (left := until - self._loop.time()) > 0:
            await asyncio.sleep(min(left, _LOOK_AGAIN))
            self.raise_if_gone()

    def raise_if_gone(self) -> None:
        try:
            if self._sock.recv(1, socket.MSG_PEEK) == b"":
                raise Gone
        except BlockingIOError:
            pass
        except OSError as error:
            raise Gone from error

    def doom(self) -> None:
        """Makes `close` send RST, which the client sees as an error."""
        with contextlib.suppress(OSError):
            self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def close(self) -> None:
        self._sock.close()

    async def _receive(self) -> None:
        try:
            data = await self._loop.sock_recv(self._sock, 65536)
        except OSError as error:
            raise Gone from error
        if not data:
            raise Gone
        self._received += data

    async def _writable(self) -> None:
        ready = asyncio.Event()
        self._loop.add_writer(self._sock, ready.set)
        try:
            await ready.wait()
        finally:
            self._loop.remove_writer(self._sock)
