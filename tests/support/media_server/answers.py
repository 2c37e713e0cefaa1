"""From a resource and a request to the head of an answer and the span of the body that follows."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from tests.support.media_server.bodies import Body, BytesBody, compressed
from tests.support.media_server.resources import Request, Resource, Span, wanted_range

Pairs = list[tuple[str, str | bytes]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A head, ready to send, and which bytes of which body follow; `stop` None means without an end."""

    head: bytes
    body: Body
    start: int = 0
    stop: int | None = 0
    chunked: bool = False
    close: bool = False
    """Whether the connection ends with the answer."""


def answer_to(resource: Resource, request: Request, number: int) -> Answer:
    """The answer to the request of that number, from 0, for this resource."""
    refusal = resource.refusal(request, number)
    if refusal:
        return plain(refusal[0], [*refusal[1]])
    if resource.redirect is not None:
        return plain(resource.status, [("Location", resource.redirect), *_own(resource)])
    body = resource.body(number)
    if resource.encoding == "gzip":
        body = compressed(body)
    etag = resource.etag(number) if callable(resource.etag) else resource.etag
    span = _span(resource, request, body, etag)
    if span == "unsatisfiable":
        return plain(416, [("Content-Range", f"bytes */{body.size}")])
    pairs: Pairs = [("Content-Type", resource.guessed_type(request.path))]
    pairs += [("ETag", etag)] if etag else []
    pairs += [("Last-Modified", resource.last_modified)] if resource.last_modified else []
    pairs += [("Accept-Ranges", "bytes" if resource.ranges else "none")]
    pairs += [("Content-Encoding", resource.encoding)] if resource.encoding else []
    if span == "none":
        status, start, stop = resource.status, 0, body.size
    else:
        status, start, stop = 206, *span
        pairs += [("Content-Range", resource.content_range or f"bytes {start}-{span[1] - 1}/{body.size}")]
    framing, close = _framing(resource, None if stop is None else stop - start)
    head = _head(status, [*pairs, *framing, *_own(resource)])
    chunked = resource.length == "chunked"
    return Answer(head=head, body=body, start=start, stop=stop, chunked=chunked, close=close)


def plain(status: int, pairs: Pairs | None = None) -> Answer:
    """An answer that says its status in words."""
    text = BytesBody(f"{status} {_reason(status)}\n".encode())
    framing = [("Content-Type", "text/plain"), ("Content-Length", str(text.size))]
    return Answer(head=_head(status, [*(pairs or []), *framing]), body=text, stop=text.size)


def _span(resource: Resource, request: Request, body: Body, etag: str | None) -> Span:
    if not resource.ranges or body.size is None or resource.status != 200:
        return "none"
    condition = request.headers.get("if-range")
    if condition and condition not in {etag, resource.last_modified}:
        return "none"
    return wanted_range(request.range, body.size)


def _framing(resource: Resource, size: int | None) -> tuple[Pairs, bool]:
    """The headers that say how long the body is, and whether the connection has to end it."""
    if resource.length == "chunked":
        return [("Transfer-Encoding", "chunked")], resource.close
    if isinstance(resource.length, int):
        return [("Content-Length", str(resource.length))], True
    if resource.length == "none" or size is None:
        return [("Connection", "close")], True
    return [("Content-Length", str(size))], resource.close


def _own(resource: Resource) -> Pairs:
    return list(resource.headers.items() if isinstance(resource.headers, Mapping) else resource.headers)


def _head(status: int, pairs: Pairs) -> bytes:
    lines = [f"HTTP/1.1 {status} {_reason(status)}".encode()]
    for name, value in pairs:
        lines.append(name.encode() + b": " + (value if isinstance(value, bytes) else value.encode()))
    return b"\r\n".join(lines) + b"\r\n\r\n"


def _reason(status: int) -> str:
    return HTTPStatus(status).phrase if status in set(HTTPStatus) else "Unknown"
