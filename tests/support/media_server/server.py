"""The server itself: accepts, looks up what a path does, does it, and counts."""

import asyncio
import math
import socket
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote, unquote

from tests.support.media_server.answers import answer_to, plain
from tests.support.media_server.bodies import Source, body_of
from tests.support.media_server.connection import Connection, Gone
from tests.support.media_server.resources import Request, Resource
from tests.support.media_server.sending import Brake, send_body, send_head
from tests.support.media_server.traffic import Traffic


class MediaServer:
    """Serves what a test adds, over HTTP/1.1, in the test's event loop.

    A path is held, paused, counted and limited as a whole, over all its connections and methods.
    `bytes_served` counts the bytes of bodies that the kernel took from the server. The send buffer is 64 KiB,
    so a client that reads has them to within that much; one that stopped reading may have left as much as its
    own receive buffer unread. Nothing is subtracted.
    """

    def __init__(
        self, host: str = "127.0.0.1", port: int = 0, *, mute: bool = False, drip: float | None = None
    ) -> None:
        """Serves on that loopback address.

        Args:
            host: The address.
            port: 0 for any.
            mute: Accept connections and never say anything.
            drip: Say one byte each so many seconds of what could become the longest record of a TLS handshake.
        """
        self.host = host
        self.port = port
        self._mute = mute
        self._drip = drip
        self._resources: dict[str, Resource] = {}
        self._traffic: defaultdict[str, Traffic] = defaultdict(Traffic)
        self._all_held = False
        self._moved = asyncio.Event()
        self._connections: dict[asyncio.Task[None], Connection] = {}
        self._failures: list[Exception] = []

    async def __aenter__(self) -> Self:
        self._listener = socket.socket()
        self._listener.setblocking(False)
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind((self.host, self.port))
        self._listener.listen(1024)
        self.port = self._listener.getsockname()[1]
        self._accepting = asyncio.create_task(self._accept())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        tasks = [self._accepting, *self._connections]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._listener.close()
        if self._failures and error is None:
            raise ExceptionGroup("The media server itself failed.", self._failures)

    # What it serves

    def url(self, path: str = "/") -> str:
        """The address of a path here."""
        return f"http://{self.host}:{self.port}{quote(path, safe='/?&=%:@+,;~!$*()')}"

    def add(self, path: str, body: Source | Callable[[int], Source], *, seed: int = 0, **behaviour: Any) -> str:
        """Serves `body` at `path`, which may carry a query, and returns its URL.

        Args:
            path: A path that is there already is replaced; its counts go on.
            body: Bytes, text, a file's path, a number of pseudo-random bytes, a `Body`, or a function from the
                number of the request (from 0) to one of these, for a body that changes.
            seed: Which pseudo-random bytes.
            **behaviour: The fields of `Resource`.
        """
        if callable(body):
            self._resources[path] = Resource(body=lambda number: body_of(body(number), seed=seed), **behaviour)
        else:
            fixed = body_of(body, seed=seed)
            self._resources[path] = Resource(body=lambda _: fixed, **behaviour)
        self._traffic[path].rate = self._resources[path].rate
        return self.url(path)

    def add_page(self, path: str, html: str, **behaviour: Any) -> str:
        """Serves a page of HTML."""
        return self.add(path, html, content_type="text/html; charset=utf-8", **behaviour)

    def add_redirect(self, path: str, to: str, *, status: int = 302, hops: int = 1, **behaviour: Any) -> str:
        """Redirects `path` to another path or URL, over so many hops; to itself makes a loop."""
        targets = [*(_hop(path, hop) for hop in range(1, hops)), to]
        for hop, target in enumerate(targets):
            self.add(_hop(path, hop), b"", redirect=target, status=status, **behaviour)
        return self.url(path)

    def change(self, path: str, **behaviour: Any) -> None:
        """Changes fields of the resource at `path`; a new rate counts for transfers under way too."""
        self._resources[path] = replace(self._resources[path], **behaviour)
        self._traffic[path].rate = self._resources[path].rate

    @property
    def paths(self) -> list[str]:
        """What is served, in the order in which it was added."""
        return list(self._resources)

    def resource(self, path: str) -> Resource:
        """How a path behaves now."""
        return self._resources[path]

    def remove(self, path: str) -> None:
        """Answers 404 from now on; transfers under way go on."""
        del self._resources[path]

    # Holding it

    def pause(self, path: str | None = None, *, after: int = 0) -> None:
        """Holds the bodies of one path, or of all: no byte more goes out until `resume`.

        With `after`, the path is held exactly when that many bytes of it have been served in all.
        """
        if path is None:
            self._all_held = True
        else:
            self._traffic[path].held_at = max(after, self._traffic[path].served)

    def resume(self, path: str | None = None) -> None:
        """Lets the bodies of one path, or of all, go on."""
        if path is None:
            self._all_held = False
            for traffic in self._traffic.values():
                traffic.held_at = math.inf
        else:
            self._traffic[path].held_at = math.inf
        self._moved.set()

    def drop_connections(self) -> None:
        """Resets every connection that is open now."""
        for task, connection in self._connections.items():
            connection.doom()
            task.cancel()

    # What happened

    def bytes_served(self, path: str | None = None) -> int:
        """The bytes of bodies handed over, of one path or of all."""
        if path is None:
            return sum(traffic.served for traffic in self._traffic.values())
        return self._traffic[path].served

    def requests(self, path: str | None = None) -> list[Request]:
        """The requests for one path, or all, in the order in which they came."""
        if path is not None:
            return list(self._traffic[path].requests)
        return sorted((r for t in self._traffic.values() for r in t.requests), key=lambda request: request.at)

    def active(self, path: str) -> int:
        """How many answers of that path are under way; a client that left is noticed within 50 ms."""
        return self._traffic[path].active

    async def wait_for_bytes(self, path: str, count: int, *, timeout: float = 30.0) -> None:
        """Waits until that many bytes of the path have been served in all."""
        await self._wait(lambda: self.bytes_served(path) >= count, f"{count} bytes of {path}", path, timeout)

    async def wait_for_request(self, path: str, count: int = 1, *, timeout: float = 30.0) -> Request:
        """Waits for that many requests for the path in all, and returns the last of them."""
        await self._wait(lambda: len(self.requests(path)) >= count, f"{count} requests for {path}", path, timeout)
        return self.requests(path)[count - 1]

    async def wait_until_idle(self, path: str, *, timeout: float = 30.0) -> None:
        """Waits until no answer of the path is under way."""
        await self._wait(lambda: self.active(path) == 0, f"the end of all answers of {path}", path, timeout)

    async def _wait(self, reached: Callable[[], bool], what: str, path: str, timeout: float) -> None:
        try:
            async with asyncio.timeout(timeout):
                while not reached():
                    self._moved.clear()
                    await self._moved.wait()
        except TimeoutError:
            seen = f"{self.bytes_served(path)} bytes served, {len(self.requests(path))} requests"
            raise TimeoutError(f"The server waited {timeout} s in vain for {what}: {seen}.") from None

    # Serving

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            sock, _ = await loop.sock_accept(self._listener)
            connection = Connection(sock)
            task = asyncio.create_task(self._serve(connection))
            self._connections[task] = connection
            task.add_done_callback(self._connections.pop)

    async def _serve(self, connection: Connection) -> None:
        try:
            if self._mute:
                await connection.sleep(math.inf)
            if self._drip is not None:
                await _handshake_by_bytes(connection, self._drip)
            while await self._answer(connection, await connection.read_request()):
                pass
        except Gone:
            pass
        except Exception as error:  # noqa: BLE001 - shown at the end of the test, which it must fail
            self._failures.append(error)
        finally:
            connection.close()

    async def _answer(self, connection: Connection, request: Request) -> bool:
        """Answers; returns whether the connection stays."""
        path = self._path_of(request)
        traffic = self._traffic[path]
        number = len(traffic.requests)
        traffic.requests.append(request)
        traffic.active += 1
        self._moved.set()
        try:
            resource = self._resources.get(path)
            if resource is None:
                resource, answer = _ABSENT, plain(404)
            else:
                await connection.sleep(resource.delay)
                if resource.raw is not None:
                    await connection.send(resource.raw)
                    return False
                answer = answer_to(resource, request, number)
            await send_head(connection, answer, resource)
            if request.method != "HEAD":
                await send_body(connection, answer, resource, traffic, self._brake(traffic))
            await asyncio.sleep(0)  # one client must not keep the loop to itself
            return not answer.close and request.headers.get("connection", "").lower() != "close"
        finally:
            traffic.active -= 1
            self._moved.set()

    def _brake(self, traffic: Traffic) -> Brake:
        def room() -> float:
            return 0 if self._all_held else traffic.held_at - traffic.served

        def count(sent: int) -> None:
            traffic.served += sent
            self._moved.set()

        return Brake(room=room, count=count)

    def _path_of(self, request: Request) -> str:
        names = (request.target, unquote(request.target), request.path, unquote(request.path))
        return next((name for name in names if name in self._resources), unquote(request.path))


async def _handshake_by_bytes(connection: Connection, seconds: float) -> None:
    """A ServerHello of which one byte comes at a time (RFC 8446, 5.1: a record has up to 16 KiB)."""
    for byte in b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc\x03\x03" + bytes(1 << 14):
        await connection.send(bytes([byte]))
        await connection.sleep(seconds)


def _hop(path: str, number: int) -> str:
    return f"{path}/hop-{number}" if number else path


_ABSENT = Resource(body=lambda _: body_of(b""))
