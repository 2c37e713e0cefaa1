"""The browser's only way out: a SOCKS5 server (RFC 1928) that asks `Egress` about every address before it dials it.

A browser connects for many reasons that no listener on a page hears of beforehand: redirects, preconnects, websockets,
workers, windows that pop up. Given this proxy, it sends all of them here by name, and the address that was checked is
the one that is dialled.
"""

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from enum import IntEnum
from ipaddress import ip_address

from core.errors import BossBotError
from download_module.egress import Egress

CONNECT_TIMEOUT = 10.0  # seconds for each address
CHUNK = 65536
NO_AUTHENTICATION = b"\x05\x00"


class _Reply(IntEnum):
    DONE = 0
    FORBIDDEN = 2
    UNREACHABLE = 4
    NO_COMMAND = 7


class Gate:
    """Open only while `egress` is set."""

    def __init__(self) -> None:
        self.egress: Egress | None = None
        self.refused: set[str] = set()  # hosts, since `let`
        self._server: asyncio.Server | None = None

    async def open(self) -> str:
        """Listen, and give the address for the browser."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        return f"socks5://127.0.0.1:{port}"

    @contextlib.contextmanager
    def let(self, egress: Egress) -> Iterator[None]:
        """Let through what `egress` allows."""
        self.refused.clear()
        self.egress = egress
        try:
            yield
        finally:
            self.egress = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError), contextlib.closing(writer):
            _, methods = await reader.readexactly(2)
            await reader.readexactly(methods)
            writer.write(NO_AUTHENTICATION)
            host, port, connects = await _read_request(reader)
            far = await self._dial(host, port) if connects else _Reply.NO_COMMAND
            reply = far if isinstance(far, _Reply) else _Reply.DONE
            writer.write(bytes((5, reply, 0, 1)) + bytes(6))
            await writer.drain()
            if not isinstance(far, _Reply):
                with contextlib.closing(far[1]):
                    await asyncio.gather(_relay(reader, far[1]), _relay(far[0], writer))

    async def _dial(self, host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | _Reply:
        egress = self.egress
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, ValueError):
            return _Reply.UNREACHABLE
        for entry in found:
            address = str(entry[4][0])
            if egress is None or not await _allows(egress, address, port):
                self.refused.add(host)
                return _Reply.FORBIDDEN
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(CONNECT_TIMEOUT):
                    return await asyncio.open_connection(address, port)
        return _Reply.UNREACHABLE


async def _allows(egress: Egress, address: str, port: int) -> bool:
    bare = address.partition("%")[0]
    try:
        await egress.check(f"http://[{bare}]:{port}/" if ip_address(bare).version == 6 else f"http://{bare}:{port}/")
    except BossBotError:
        return False
    return True


async def _read_request(reader: asyncio.StreamReader) -> tuple[str, int, bool]:
    """Host, port, and whether it is asked to connect to them."""
    _, command, _, kind = await reader.readexactly(4)
    match kind:
        case 1:
            host = socket.inet_ntop(socket.AF_INET, await reader.readexactly(4))
        case 4:
            host = socket.inet_ntop(socket.AF_INET6, await reader.readexactly(16))
        case _:
            (length,) = await reader.readexactly(1)
            host = (await reader.readexactly(length)).decode("ascii", errors="replace")
    port = int.from_bytes(await reader.readexactly(2), "big")
    return host, port, command == 1


async def _relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Carry bytes one way until one side ends; then both ways end."""
    try:
        while chunk := await reader.read(CHUNK):
            writer.write(chunk)
            await writer.drain()
    finally:
        writer.close()
