"""The guard's listening side: takes connections of fetchers, and ends those that carry nothing any more."""

import asyncio
import contextlib
import resource
import socket

from download_module.egress.exchange import Exchange, Guard
from download_module.egress.relay import Ending

MOST_CONNECTIONS = 4096
DESCRIPTORS = 4  # of a connection: two sockets, and a pipe while one side is slower; most have none
SPARE_DESCRIPTORS = 48  # for name servers, listening sockets, Python
CLIENT_BUFFER = 64 * 1024  # bytes
SWEEP = 1.0  # seconds between looks for connections that are idle


class GuardServer:
    """Serves listening sockets until it is told otherwise."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._room = asyncio.Semaphore(_most_connections())
        self._serving: set[asyncio.Task[None]] = set()

    async def serve(self, listener: socket.socket) -> None:
        """Take connections until cancelled; while there are too many, the others wait in the backlog."""
        loop = asyncio.get_running_loop()
        while True:
            await self._room.acquire()
            try:
                client, _ = await loop.sock_accept(listener)
            except OSError:  # no descriptors left, or the client has gone already
                self._room.release()
                await asyncio.sleep(0.05)
                continue
            with contextlib.suppress(OSError):  # it has gone
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                # What waits here when a client breaks off was fetched in vain.
                client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, CLIENT_BUFFER)
            serving = loop.create_task(Exchange(self._guard, client).run())
            self._serving.add(serving)
            serving.add_done_callback(self._leave)

    def _leave(self, serving: asyncio.Task[None]) -> None:
        self._serving.discard(serving)
        self._room.release()

    async def end_idle(self) -> None:
        """End what carries nothing any more, until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(SWEEP)
            now = loop.time()
            for relay in [relay for relay in self._guard.relays if now - relay.active_at > relay.limits.idle]:
                relay.stop(Ending.IDLE)


def _most_connections() -> int:
    """As many as descriptors last for: a client that was taken must be able to get what it asks for."""
    descriptors, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if descriptors == resource.RLIM_INFINITY:
        return MOST_CONNECTIONS
    return max(1, min(MOST_CONNECTIONS, (descriptors - SPARE_DESCRIPTORS) // DESCRIPTORS))
