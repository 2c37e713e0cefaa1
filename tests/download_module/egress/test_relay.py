"""The relay, by splice and by copying."""

import asyncio
import hashlib
import socket
import sys

import pytest

from download_module.egress.carriers import Buffer, Carriers, Pipe
from download_module.egress.limits import ClientLimits
from download_module.egress.relay import Ending, Relay
from tests.download_module.egress.given import MIB, Wire

KINDS = [Buffer, pytest.param(Pipe, marks=pytest.mark.skipif(sys.platform != "linux", reason="splice is Linux's"))]


async def pair() -> tuple[Wire, socket.socket]:
    """A test's end and the relay's end of one connection."""
    listener = socket.create_server(("127.0.0.1", 0))
    near = await asyncio.open_connection(*listener.getsockname())
    far, _ = listener.accept()
    far.setblocking(False)
    listener.close()
    return Wire(*near), far


async def between(
    kind: type[Pipe] | type[Buffer], limits: ClientLimits | None = None
) -> tuple[Wire, Wire, Relay, Carriers]:
    (client, near), (server, far) = await pair(), await pair()
    carriers = Carriers(kind)
    return client, server, Relay(near, far, carriers, limits=limits or ClientLimits()), carriers


@pytest.mark.parametrize("kind", KINDS)
async def test_every_byte_arrives_in_order_however_slowly_it_is_read(kind: type[Pipe] | type[Buffer]) -> None:
    client, server, relay, _ = await between(kind)
    data = bytes(range(251)) * (16 * MIB // 251)
    sent = hashlib.sha256(data).digest()

    async def send(line: Wire) -> None:
        await line.send(data)
        line.writer.write_eof()

    async def receive(line: Wire) -> bytes:
        digest = hashlib.sha256()
        while chunk := await line.reader.read(20_000):  # far less than is there: the other side has to wait
            digest.update(chunk)
        return digest.digest()

    *_, there, back = await asyncio.gather(send(client), send(server), receive(server), receive(client))
    assert (there, back) == (sent, sent)
    assert await relay.ended is Ending.DONE
    for line in (client, server):
        line.writer.close()


@pytest.mark.parametrize("kind", KINDS)
async def test_one_that_stops_reading_holds_its_own_connection_alone(kind: type[Pipe] | type[Buffer]) -> None:
    client, server, stuck, carriers = await between(kind)
    sending = asyncio.create_task(server.send(b"x" * 64 * MIB))
    (near_line, near), (far_line, far) = await pair(), await pair()
    other = Relay(near, far, carriers, limits=ClientLimits())
    for _ in range(100):
        await far_line.send(b"y" * 1000)
        assert await near_line.exactly(1000) == b"y" * 1000
    assert not sending.done()
    stuck.stop(Ending.IDLE)
    other.stop(Ending.DONE)
    await asyncio.gather(sending, return_exceptions=True)
    assert await stuck.ended is Ending.IDLE
    for line in (client, server, near_line, far_line):
        line.writer.close()


@pytest.mark.parametrize("kind", KINDS)
async def test_the_cap_counts_the_answer_and_not_the_request(kind: type[Pipe] | type[Buffer]) -> None:
    client, server, relay, _ = await between(kind, ClientLimits(answer_bytes=1000))
    await client.send(b"q" * 5000)
    assert await server.exactly(5000) == b"q" * 5000
    await server.send(b"a" * 1000)
    assert await client.exactly(1000) == b"a" * 1000
    assert not relay.ended.done()
    await server.send(b"a")
    assert await relay.ended is Ending.TOO_LONG
    for line in (client, server):
        line.writer.close()
