"""A network for children in which there is nothing but the egress guard."""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable

from loguru import logger

from core import sandbox

TIMEOUT = 30.0  # seconds, on a machine that is busy
_DESCRIPTORS = 3


class GuardedNetwork:
    """An empty network namespace whose only listening socket is served by the guard, from outside.

    The guard listens inside on the port that it has outside: one proxy URL holds for a child, whether this machine can
    confine it or not.
    """

    def __init__(self, adopt: Callable[[socket.socket], Awaitable[None]], port: int) -> None:
        """`adopt` makes the guard accept from a listening socket; `port` is the guard's own."""
        self._adopt = adopt
        self._port = port
        self._namespaces: tuple[int, int] | None = None
        self._making = asyncio.Lock()

    async def enter(self) -> tuple[int, int] | None:
        """Descriptors of the user and the network namespace for a child; None: there can be none on this machine."""
        if not (await asyncio.to_thread(sandbox.layers)).namespaces:
            return None
        async with self._making:
            if self._namespaces is None:
                self._namespaces = await self._make()
        return self._namespaces

    def close(self) -> None:
        """Let no more children in; the network ends with the last of them and with the guard's socket."""
        for descriptor in self._namespaces or ():
            os.close(descriptor)
        self._namespaces = None

    async def _make(self) -> tuple[int, int]:
        ours, theirs = socket.socketpair()
        with ours:
            with theirs:
                maker = await asyncio.create_subprocess_exec(
                    *sandbox.network_maker(theirs.fileno(), self._port),
                    pass_fds=(theirs.fileno(),),
                    stdin=asyncio.subprocess.DEVNULL,
                    stderr=asyncio.subprocess.PIPE,
                )
            _, said = await maker.communicate()
            if maker.returncode != 0:
                raise OSError(f"no network for children: {said.decode(errors='replace').strip()[-500:]}")
            ours.settimeout(TIMEOUT)
            _, (user, network, listener), _, _ = socket.recv_fds(ours, 1, _DESCRIPTORS)
        for descriptor in (user, network, listener):
            os.set_inheritable(descriptor, False)
        await self._adopt(socket.socket(fileno=listener))
        logger.bind(port=self._port).debug("made a network for children")
        return user, network
