"""Clients and servers for tests of the guard, of the plainest kind: what goes over the wire is what the test says."""

import asyncio
import contextlib
import ssl
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from core.host_list import parse_hosts
from download_module.egress.access import ProxyAccess
from download_module.egress.limits import ClientLimits

LOOPBACK = parse_hosts("127.0.0.1")
MIB = 1024 * 1024
LIMITS = {
    "aria2c": ClientLimits(connections=1024),
    "probe": ClientLimits(),
    "hasty": ClientLimits(idle=1.0),
    "small": ClientLimits(answer_bytes=MIB),
    "single": ClientLimits(connections=1, connect=0.5),
}
TIMEOUT = 20.0


@dataclass
class Wire:
    """One end of a connection; what is read is noted."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    noted: bytearray = field(default_factory=bytearray)

    async def send(self, *data: bytes) -> None:
        self.writer.write(b"".join(data))
        await self.writer.drain()

    async def read(self) -> bytes:
        """What comes next; nothing at the end."""
        async with asyncio.timeout(TIMEOUT):
            data = await self.reader.read(65536)
        self.noted += data
        return data

    async def head(self) -> bytes:
        """The next head."""
        async with asyncio.timeout(TIMEOUT):
            head = await self.reader.readuntil(b"\r\n\r\n")
        self.noted += head
        return head

    async def exactly(self, count: int) -> bytes:
        async with asyncio.timeout(TIMEOUT):
            return await self.reader.readexactly(count)

    async def rest(self) -> bytes:
        """All until the end."""
        data = b""
        while more := await self.read():
            data += more
        return data


@contextlib.asynccontextmanager
async def wire(proxy: ProxyAccess) -> AsyncIterator[Wire]:
    """A connection to the guard, on which nothing was said yet."""
    reader, writer = await asyncio.open_connection(proxy.host, proxy.port)
    try:
        yield Wire(reader, writer)
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


@contextlib.asynccontextmanager
async def tunnel(proxy: ProxyAccess, port: int, host: str = "127.0.0.1") -> AsyncIterator[Wire]:
    """A tunnel to a port of loopback."""
    async with wire(proxy) as line:
        await line.send(asking(proxy, f"CONNECT {host}:{port}"))
        assert b" 200 " in await line.head()
        yield line


def asking(proxy: ProxyAccess, request: str, *headers: str) -> bytes:
    """The head of a request to the guard by a client that it knows."""
    lines = (f"{request} HTTP/1.1", "Host: whatever.test", proxy.header, *headers, "", "")
    return "\r\n".join(lines).encode("latin-1")


async def asked(proxy: ProxyAccess, request: str, *headers: str, body: bytes = b"") -> bytes:
    """The whole answer to one request."""
    async with wire(proxy) as line:
        await line.send(asking(proxy, request, *headers), body)
        return await line.rest()


def status_of(answer: bytes) -> int:
    return int(answer.split()[1])


Act = Callable[[Wire], Awaitable[None]]


@dataclass
class Origin:
    """A server that notes what it is sent, and does with each connection what the test says."""

    act: Act
    port: int = 0
    received: list[bytearray] = field(default_factory=list)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = Wire(reader, writer)
        self.received.append(line.noted)
        task = asyncio.current_task()
        assert task is not None, "called as a task"
        self.tasks.add(task)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await self.act(line)
        self.tasks.discard(task)
        writer.close()


@contextlib.asynccontextmanager
async def origin(act: Act, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> AsyncIterator[Origin]:
    """A server on loopback."""
    ours = Origin(act)
    server = await asyncio.start_server(ours.take, host, 0, ssl=tls)
    ours.port = server.sockets[0].getsockname()[1]
    try:
        yield ours
    finally:
        server.close()
        tasks = list(ours.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)  # transports close in the loop's next round


def answers(*answer: bytes) -> Act:
    """Answers one request, and notes what comes after it."""

    async def act(line: Wire) -> None:
        await line.head()
        await line.send(*answer)
        line.writer.write_eof()
        await line.rest()

    return act


async def echo(line: Wire) -> None:
    """Sends back what comes."""
    while data := await line.read():
        await line.send(data)


def tls_context(directory: Path) -> ssl.SSLContext:
    """A server's context, with a certificate that nobody trusts."""
    certificate, key = directory / "certificate.pem", directory / "key.pem"
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    subprocess.run(
        [*made, "-subj", "/CN=t", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
        check=True,
        capture_output=True,
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    return context


async def run(*argv: str | Path) -> tuple[int, str]:
    """The exit status of a program, and what it said."""
    process = await asyncio.create_subprocess_exec(
        *map(str, argv), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    async with asyncio.timeout(60):
        said, _ = await process.communicate()
    assert process.returncode is not None, "it has ended"
    return process.returncode, said.decode(errors="replace")
