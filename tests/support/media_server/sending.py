"""How an answer goes out: in full speed, limited, held, stalled, cut, or not to the end."""

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass

from tests.support.media_server.answers import Answer
from tests.support.media_server.connection import Connection, Gone
from tests.support.media_server.resources import Resource
from tests.support.media_server.traffic import Traffic


@dataclass(frozen=True, slots=True, kw_only=True)
class Brake:
    """What `Connection.send_counted` asks before each piece and tells after it."""

    room: Callable[[], float]
    count: Callable[[int], None]


async def send_head(connection: Connection, answer: Answer, resource: Resource) -> None:
    if resource.stall_headers is None:
        await connection.send(answer.head)
        return
    for byte in answer.head:
        await connection.send(bytes([byte]))
        await connection.sleep(resource.stall_headers)


async def send_body(connection: Connection, answer: Answer, resource: Resource, traffic: Traffic, brake: Brake) -> None:
    """Sends the answer's span of its body.

    Raises:
        Gone: The connection is of no more use: the client left, or the body was cut as the resource asks.
    """
    loop = asyncio.get_running_loop()
    cut = _cut(resource, traffic)
    left = math.inf if answer.stop is None else answer.stop - answer.start
    if cut < left:
        traffic.answers_cut += 1
    sent = 0
    while sent < min(left, cut):
        piece = int(min(traffic.piece(), left - sent, cut - sent))
        if resource.stall is not None:
            piece = min(piece, resource.stall_after - sent) if sent < resource.stall_after else 1
            await connection.sleep(resource.stall if sent > resource.stall_after else 0)
        await connection.sleep(traffic.wait_for(piece, loop.time()))
        data = answer.body.read(answer.start + sent, piece)
        if not data:  # a file that shrank
            raise Gone
        if answer.chunked:
            await connection.send(b"%x\r\n" % len(data))
        await connection.send_counted(data, room=brake.room, count=brake.count)
        if answer.chunked:
            await connection.send(b"\r\n")
        sent += len(data)
    if cut < left:
        if resource.reset_after is not None:
            connection.doom()
        raise Gone
    if answer.chunked:
        await connection.send(b"0\r\n\r\n")


def _cut(resource: Resource, traffic: Traffic) -> float:
    """After how many bytes this answer is cut."""
    if traffic.answers_cut >= resource.cut_times:
        return math.inf
    cuts = [at for at in (resource.reset_after, resource.truncate_after) if at is not None]
    return min(cuts, default=math.inf)
