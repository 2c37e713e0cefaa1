"""What a path answers, and what it was asked."""

import base64
import math
import mimetypes
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from tests.support.media_server.bodies import Body

Span = tuple[int, int] | Literal["none", "unsatisfiable"]
"""The first byte and the one after the last."""
Headers = Mapping[str, str | bytes] | Sequence[tuple[str, str | bytes]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """How a path behaves. All sizes are bytes, all times seconds."""

    body: Callable[[int], Body]
    """The body for the request of that number, from 0."""
    content_type: str | None = None
    rate: float | None = None
    """Bytes a second, of all connections together."""
    ranges: bool = True
    etag: str | Callable[[int], str] | None = None
    last_modified: str | None = None
    status: int = 200
    headers: Headers = ()
    """More headers; a byte value goes out as it is, whatever it holds."""
    redirect: str | None = None
    head: bool = True
    """Whether HEAD is answered; else 405."""
    cookie: str | None = None
    """`name=value` without which the answer is 403."""
    auth: tuple[str, str] | None = None
    """User and password of Basic authentication, without which the answer is 401."""
    requires: Mapping[str, str] = field(default_factory=dict)
    """Request headers without which the answer is 403."""
    fail_first: int = 0
    """So many requests are answered with `fail_status` before the first good answer."""
    fail_status: int = 503
    retry_after: int | str | None = None
    reset_after: int | None = None
    """The connection is reset after so many bytes of a body."""
    cut_times: float = math.inf
    """So many answers are reset or truncated; then it behaves."""
    truncate_after: int | None = None
    """The connection is closed in order after so many bytes of a body."""
    length: int | Literal["true", "none", "chunked"] = "true"
    """What Content-Length says: the truth, nothing (closed at the end, or chunked), or that number."""
    content_range: str | None = None
    """What 206 answers say in Content-Range instead of the truth."""
    encoding: Literal["gzip"] | None = None
    stall: float | None = None
    """A byte of the body each so many seconds."""
    stall_after: int = 0
    """So many bytes of each body go out in full speed before it stalls."""
    stall_headers: float | None = None
    """A byte of the headers each so many seconds."""
    delay: float = 0.0
    """Silence before the answer; infinite for no answer at all."""
    close: bool = False
    """Whether the connection is closed after each answer."""
    raw: bytes | None = None
    """All that is said, head and body as they are, before the connection is closed."""

    def guessed_type(self, path: str) -> str:
        return self.content_type or mimetypes.guess_type(path)[0] or "application/octet-stream"

    def refusal(self, request: "Request", number: int) -> tuple[int, list[tuple[str, str]]] | None:
        """The status and headers of a refusal of the request of that number, or None."""
        if number < self.fail_first:
            after = [] if self.retry_after is None else [("Retry-After", str(self.retry_after))]
            return self.fail_status, after
        if self.auth and request.headers.get("authorization") != _basic(*self.auth):
            return 401, [("WWW-Authenticate", 'Basic realm="media"')]
        if self.cookie and self.cookie not in re.split(r";\s*", request.headers.get("cookie", "")):
            return 403, []
        if any(request.headers.get(name.lower()) != value for name, value in self.requires.items()):
            return 403, []
        if request.method == "HEAD" and not self.head:
            return 405, [("Allow", "GET")]
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request as it came."""

    method: str
    target: str
    """The path with its query."""
    headers: Mapping[str, str]
    """Names in lower case; the last of equal names."""
    body: bytes
    at: float
    """The event loop's clock."""

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def range(self) -> str | None:
        """The Range header."""
        return self.headers.get("range")


def wanted_range(header: str | None, size: int) -> Span:
    """What a Range header asks for; several ranges count as none."""
    match = re.fullmatch(r"bytes=(\d*)-(\d*)", header or "")
    if not match or match[1] == match[2] == "":
        return "none"
    if match[1] == "":
        start, stop = max(0, size - int(match[2])), size
    else:
        start, stop = int(match[1]), min(size, int(match[2] or size - 1) + 1)
    return (start, stop) if start < stop else "unsatisfiable"


def _basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
