"""Reads what a client sent: JSON, or JSON and files in a multipart form."""

import json
import mimetypes
import re
from dataclasses import dataclass, field
from typing import Any

from aiohttp import BodyPartReader, web

from .errors import ApiError, Refusal

FILE_FIELD = re.compile(r"files\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class Upload:
    filename: str
    content: bytes = field(repr=False)

    @property
    def content_type(self) -> str:
        return mimetypes.guess_type(self.filename)[0] or "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Body:
    payload: Any
    files: dict[int, Upload] = field(default_factory=dict)
    size: int = 0

    @property
    def fields(self) -> dict[str, Any]:
        if not isinstance(self.payload, dict):
            raise ApiError(Refusal.INVALID_JSON)
        return self.payload


BODY = web.RequestKey("body", Body)


async def read_body(request: web.Request) -> Body:
    """Reads the body, once; faults may have read it before the handler does."""
    if BODY not in request:
        request[BODY] = await _read(request)
    return request[BODY]


async def _read(request: web.Request) -> Body:
    if request.content_type == "multipart/form-data":
        return await _read_form(request)
    raw = await request.read()
    if not raw:
        return Body({})
    if request.content_type != "application/json":
        raise ApiError(Refusal.INVALID_JSON)
    return Body(_parsed(raw), size=len(raw))


async def _read_form(request: web.Request) -> Body:
    payload: Any = {}
    files: dict[int, Upload] = {}
    size = 0
    async for part in await request.multipart():
        assert isinstance(part, BodyPartReader)
        content = bytes(await part.read())
        size += len(content)
        if part.name == "payload_json":
            payload = _parsed(content)
        elif part.name and (match := FILE_FIELD.fullmatch(part.name)):
            files[int(match[1])] = Upload(part.filename or "unknown", content)
    return Body(payload, files, size)


def _parsed(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except ValueError:
        raise ApiError(Refusal.INVALID_JSON) from None
