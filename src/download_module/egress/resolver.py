"""Finds the addresses of names, a bounded number of names at once."""

import asyncio
import socket
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address
from typing import cast

from core.host_list import Address

AT_ONCE = 128  # threads that wait for name servers: one page full of names that hang must not stop the others
KEPT = 5.0  # seconds: the many connections that a fetcher opens at once ask once
MOST_KEPT = 512  # names

AddrInfo = tuple[socket.AddressFamily, socket.SocketKind, int, str, tuple[str, int] | tuple[str, int, int, int]]


class Resolver:
    """Looks names up in threads; who asks for a name that is being looked up waits for the same answer."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="names")
        self._asked: dict[tuple[str, int], tuple[float, asyncio.Future[list[AddrInfo]]]] = {}

    async def find(self, host: str, port: int) -> Sequence[AddrInfo]:
        """The addresses of a host, as `getaddrinfo` gives them.

        Raises:
            OSError: there is none.
        """
        now = time.monotonic()
        asked, answer = self._asked.get((host, port), (0.0, None))
        if answer is None or (answer.done() and (asked < now - KEPT or answer.exception())):
            answer = asyncio.get_running_loop().run_in_executor(self._threads, _look_up, host, port)
            answer.add_done_callback(_hear)
            while len(self._asked) >= MOST_KEPT:
                del self._asked[next(iter(self._asked))]
            self._asked.pop((host, port), None)
            self._asked[host, port] = (now, answer)
        return await asyncio.shield(answer)  # others may wait for it


def address_of(found: AddrInfo) -> Address:
    """The address in an answer, without its scope."""
    return ip_address(found[4][0].partition("%")[0])


def _look_up(host: str, port: int) -> list[AddrInfo]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except ValueError as error:  # a name that no host can have
        raise OSError("no name of a host") from error
    return cast("list[AddrInfo]", [entry for entry in found if entry[0] in (socket.AF_INET, socket.AF_INET6)])


def _hear(answer: "asyncio.Future[list[AddrInfo]]") -> None:
    if not answer.cancelled():
        answer.exception()  # somebody looked at it, also when whoever asked has gone
