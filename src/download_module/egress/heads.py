"""Heads of requests to the guard and of answers to them: read, judged, written anew.

Requests come from our own fetchers and are taken strictly. Answers come from anybody, and clients read them for
themselves: only what a proxy must change is changed.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

import h11

HEAD_BYTES = 64 * 1024
# RFC 9110, 7.6.1: what is meant for the next hop alone.
HOP_BY_HOP = frozenset((b"connection", b"keep-alive", b"te", b"trailer", b"upgrade", b"transfer-encoding"))

_AUTHORITY = re.compile(
    r"(?P<host>\[[0-9A-Fa-f:.]{2,45}(%[\w.-]{1,15})?\]|[\w.~-]{1,255})(:(?P<port>\d{1,5}))?", re.ASCII
)
_ABSOLUTE = re.compile(r"http://(?:[^/?#@\\]*@)?(?P<authority>[^/?#@\\]+)(?P<rest>[/?#].*)?", re.IGNORECASE)
_STATUS = re.compile(rb"HTTP/1\.[01] (?P<status>[1-9]\d\d)(?: [^\r\n]*)?")
_FOLD = re.compile(rb"\r?\n[ \t]+")  # RFC 9112, 5.2: a header that goes on in the next line
_END_OF_HEAD = re.compile(rb"\r?\n\r?\n")

Headers = list[tuple[bytes, bytes]]


class BadHeadError(Exception):
    """The text says what is wrong, for the log."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes."""

    host: str  # without brackets
    port: int
    path: str | None  # None: a tunnel

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def target_of(request: h11.Request) -> Target:
    """The target of a request to a proxy: `host:port` of CONNECT, else an absolute http URL.

    Raises:
        BadHeadError: it is neither.
    """
    target = request.target.decode("ascii")  # h11 lets nothing else through
    if request.method == b"CONNECT":
        host, port = _host_and_port(target, default=None)
        return Target(host, port, None)
    absolute = _ABSOLUTE.fullmatch(target)
    if absolute is None:
        raise BadHeadError("the target is no http URL")
    host, port = _host_and_port(absolute["authority"], default=80)
    rest = (absolute["rest"] or "").partition("#")[0]
    return Target(host, port, rest if rest.startswith("/") else "/" + rest)


def _host_and_port(authority: str, default: int | None) -> tuple[str, int]:
    found = _AUTHORITY.fullmatch(authority)
    port = int(found["port"]) if found and found["port"] else default
    if found is None or port is None or port > 65535:
        raise BadHeadError("the target has no host and port")
    return found["host"].strip("[]"), port


def is_chunked(request: h11.Request) -> bool:
    """Whether a request's body comes in chunks; h11 has checked its length otherwise.

    Raises:
        BadHeadError: the head says more than one thing, as is done to smuggle a request past a proxy.
    """
    names = {name for name, _ in request.headers}
    if {b"content-length", b"transfer-encoding"} <= names:
        raise BadHeadError("the length of the body is ambiguous")
    return b"transfer-encoding" in names


def request_head(request: h11.Request, target: Target) -> bytes:
    """The head for the server: origin form, one Host, nothing of the proxy's, one request a connection."""
    assert target.path is not None, "tunnels send their own heads"
    named = _named(value for name, value in request.headers if name == b"connection")
    lines = [b"%b %b HTTP/1.1" % (request.method, target.path.encode("ascii")), b"Host: " + _host_header(target)]
    for name, value in request.headers.raw_items():
        lower = name.lower()
        if not (lower in HOP_BY_HOP or lower in named or lower == b"host" or lower.startswith(b"proxy-")):
            lines.append(name + b": " + value)
    lines += [b"Transfer-Encoding: chunked"] * is_chunked(request)
    return b"\r\n".join((*lines, b"Connection: close", b"", b""))


def _host_header(target: Target) -> bytes:
    host = f"[{target.host.partition('%')[0]}]" if ":" in target.host else target.host
    return (host if target.port == 80 else f"{host}:{target.port}").encode("ascii")


def end_of_head(received: bytes | bytearray) -> int | None:
    """Where the first head ends, None while it is not all there.

    Raises:
        BadHeadError: it is longer than a head may be.
    """
    found = _END_OF_HEAD.search(received)
    if found is None and len(received) <= HEAD_BYTES:
        return None
    if found is None or found.end() > HEAD_BYTES:
        raise BadHeadError("the head is too long")
    return found.end()


def answer_head(head: bytes) -> tuple[int, bytes]:
    """The status of an answer, and its head for the client: the connection ends with it, as the request said.

    Raises:
        BadHeadError: it is no answer of HTTP.
    """
    first, *lines = re.split(rb"\r?\n", _FOLD.sub(b" ", head.rstrip(b"\r\n")))
    status = _STATUS.fullmatch(first)
    if status is None:
        raise BadHeadError("the answer is not HTTP")
    fields = [(line.partition(b":")[0].strip().lower(), line) for line in lines]
    named = _named(line.partition(b":")[2] for name, line in fields if name == b"connection")
    named -= {b"content-length", b"transfer-encoding"}  # they say where the body ends, whatever a server calls them
    gone = (HOP_BY_HOP | named) - {b"transfer-encoding", b"trailer"}  # the body goes on as it is
    kept = [line for name, line in fields if name not in gone and not name.startswith(b"proxy-")]
    code = int(status["status"])
    last = [] if code < 200 else [b"Connection: close"]
    return code, b"\r\n".join((first, *kept, *last, b"", b""))


def _named(values: Iterable[bytes]) -> frozenset[bytes]:
    return frozenset(name.strip().lower() for value in values for name in value.split(b","))
