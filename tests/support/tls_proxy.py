"""An HTTP proxy on loopback that ends the TLS of every host itself and hands the requests to one plain server."""

import asyncio
import contextlib
import ssl
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self


class TlsProxy:
    """Answers CONNECT for any host with a certificate that it made itself, so clients must not check it."""

    def __init__(self, directory: Path, port: int) -> None:
        """`port` is that of the server on loopback that gets the requests."""
        self._directory = directory
        self._port = port
        self.hosts: list[str] = []  # that were asked for

    async def __aenter__(self) -> Self:
        self._tls = await asyncio.to_thread(made_certificate, self._directory)
        self._tasks: set[asyncio.Task[None]] = set()
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None, "called as a task"
        self._tasks.add(task)
        # Cancelled by `__aexit__` alone; asyncio's streams would print that.
        with contextlib.suppress(asyncio.CancelledError, ConnectionError, ssl.SSLError, asyncio.IncompleteReadError):
            await self._serve(reader, writer)
        self._tasks.discard(task)
        writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first, *_ = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        self.hosts.append(first.split()[1])
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await writer.drain()
        await writer.start_tls(self._tls)
        inner, outer = await asyncio.open_connection("127.0.0.1", self._port)
        there = asyncio.create_task(_pour(reader, outer))
        try:
            await _pour(inner, writer)
        finally:
            there.cancel()
            outer.close()


def made_certificate(directory: Path) -> ssl.SSLContext:
    """For a server whose clients do not check it."""
    certificate, key = directory / "certificate.pem", directory / "key.pem"
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=test"]
    subprocess.run([*made, "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    return context


async def _pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
