"""An HTTP server on loopback that serves media, misbehaves to order, and counts what it handed over."""

from tests.support.media_server.bodies import (
    Body,
    Endless,
    FileBody,
    Payload,
    filler_headers,
    gzip_bomb,
    payload,
)
from tests.support.media_server.resources import Request, Resource
from tests.support.media_server.server import MediaServer

__all__ = [
    "Body",
    "Endless",
    "FileBody",
    "MediaServer",
    "Payload",
    "Request",
    "Resource",
    "filler_headers",
    "gzip_bomb",
    "payload",
]
