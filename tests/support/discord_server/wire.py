"""Answers as Discord's edge gives them, and the rudeness of a network."""

import json
import socket
import struct
from typing import TYPE_CHECKING, Any

from aiohttp import web

if TYPE_CHECKING:
    from .world import World

API = "/api/v10"
WORLD: "web.AppKey[World]" = web.AppKey("world")


def json_answer(data: Any, status: int = 200) -> web.Response:
    """JSON with exactly ``application/json``: discord.py reads a charset as "no JSON"."""
    return web.Response(body=json.dumps(data).encode(), status=status, content_type="application/json")


def nothing() -> web.Response:
    return web.Response(status=204)


def world_of(request: web.Request) -> "World":
    return request.app[WORLD]


def number(request: web.Request, name: str) -> int:
    return int(request.match_info[name])


def reset(request: web.Request) -> None:
    """Resets the connection (RST): the client reads ECONNRESET, not an orderly end."""
    if request.transport is None:
        return
    peer: socket.socket = request.transport.get_extra_info("socket")
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    request.transport.abort()
