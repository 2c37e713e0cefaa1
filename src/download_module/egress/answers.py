"""The guard's own answers."""

import asyncio
import contextlib
import socket
from collections.abc import Iterable
from http import HTTPStatus

REFUSED_HEADER = "X-Boss-Bot-Refused"
ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"
LINGER = 1.0  # seconds, and
MOST_LEFT = 256 * 1024  # bytes that a client may still be sending


async def answer(client: socket.socket, status: HTTPStatus, said: str, headers: Iterable[tuple[str, str]] = ()) -> None:
    """Send a short answer; it is the last on this connection."""
    lines = [f"HTTP/1.1 {status.value} {status.phrase}", "Content-Type: text/plain", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in (*headers, ("Content-Length", str(len(said) + 1)))]
    loop = asyncio.get_running_loop()
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(LINGER):
            await loop.sock_sendall(client, "\r\n".join((*lines, "", said + "\n")).encode("ascii"))
            client.shutdown(socket.SHUT_WR)
            # Closing while bytes lie unread makes the kernel send a reset, which may overtake the answer.
            left = MOST_LEFT
            while left > 0 and (chunk := await loop.sock_recv(client, 65536)):
                left -= len(chunk)
