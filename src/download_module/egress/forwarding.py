"""One plain HTTP request, passed on: heads are rewritten, bodies go through as they are.

Each connection carries one request, and both sides are told so: then the guard need not know where an answer ends, and
no client and server can differ with it about that.
"""

import asyncio
import contextlib
import socket

import h11

from download_module.egress.heads import HEAD_BYTES, BadHeadError, answer_head, end_of_head

CHUNK = 65536


async def send_body(
    client: socket.socket, conversation: h11.Connection, server: socket.socket, *, chunked: bool
) -> None:
    """Pass the body of a request on until it ends, and nothing that a client sends after it."""
    loop = asyncio.get_running_loop()
    with contextlib.suppress(OSError, h11.RemoteProtocolError):  # the answer, or its absence, says what came of it
        while True:
            event = conversation.next_event()
            if event is h11.NEED_DATA:
                conversation.receive_data(await loop.sock_recv(client, CHUNK))
            elif isinstance(event, h11.Data):
                data = bytes(event.data)
                await loop.sock_sendall(server, b"%x\r\n%b\r\n" % (len(data), data) if chunked else data)
            else:
                if chunked and isinstance(event, h11.EndOfMessage):
                    await loop.sock_sendall(server, b"0\r\n\r\n")
                return


async def answer_begun(server: socket.socket, client: socket.socket) -> bytes:
    """The head of the answer for the client, and what came of the body together with it.

    What a server says before its answer (100, 103) is passed on.

    Raises:
        BadHeadError: what came is no answer.
        OSError: one of the two broke off.
    """
    loop = asyncio.get_running_loop()
    received = bytearray()
    read = 0
    while True:
        end = end_of_head(received)
        if end is None:
            chunk = await loop.sock_recv(server, CHUNK)
            if not chunk:
                raise BadHeadError("the server closed the connection without an answer")
            received += chunk
            continue
        status, head = answer_head(bytes(received[:end]))
        del received[:end]
        read += end
        if status == 101 or read > HEAD_BYTES:  # nobody asked for another protocol: `Upgrade` was not passed on
            raise BadHeadError("the answer never comes to its point")
        if status >= 200:
            return head + received
        await loop.sock_sendall(client, head)
