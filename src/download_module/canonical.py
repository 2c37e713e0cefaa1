"""One address for one thing: mirrors become the original, and what says only who shared it goes."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import parse_qsl, unquote_plus, urlsplit

import idna

from core.errors import UnsupportedUrl
from download_module.mirrors import MIRRORS, REWRITES, SITE_TRACKERS, TRACKER_FAMILIES, TRACKERS, WRAPPERS

DEFAULT_PORTS = {"http": 80, "https": 443, "ftp": 21}
MAX_UNWRAPPED = 3  # wrappers in wrappers
MAX_HOST = 253  # characters (RFC 1035, 2.3.4)
_CONTROLS = re.compile(r"[\x00-\x08\v\f\x0e-\x1f\x7f]")
_HOST = re.compile(r"[a-z0-9._~-]+")
# A server that checks a signature over its query wants the query as it was signed.
SIGNED = re.compile(r"(?:^|[-_])(?:sig|sign|signature|hmac|hash|policy|credential|token)(?:$|[-_])")
_MIRRORS = tuple((re.compile(row.pattern), row.replacement) for row in MIRRORS)
_REWRITES = tuple((re.compile(row.pattern), row.replacement) for row in REWRITES)
_WRAPPERS = tuple((re.compile(pattern), parameter) for pattern, parameter in WRAPPERS)
_TRACKERS = frozenset(TRACKERS.split())
_SITE_TRACKERS = {domain: frozenset(names.split()) for domain, names in SITE_TRACKERS.items()}


@dataclass(frozen=True, slots=True)
class Address:
    """A URL in pieces; scheme and host are lower-case."""

    scheme: str  # http, https, ftp
    user: str  # with its @; mostly empty
    host: str
    port: str  # with its colon; empty when it is the scheme's own
    path: str
    query: str
    fragment: str

    @property
    def path_and_query(self) -> str:
        """As a request line has them."""
        return (self.path or "/") + (f"?{self.query}" if self.query else "")

    @property
    def url(self) -> str:
        """The whole of it."""
        tail = (f"?{self.query}" if self.query else "") + (f"#{self.fragment}" if self.fragment else "")
        return f"{self.scheme}://{self.user}{self.host}{self.port}{self.path}{tail}"


def canonical(url: str) -> Address:
    """The original's address behind what was pasted. Unknown sites lose nothing but well-known trackers.

    Raises:
        UnsupportedUrl: this is no http, https or ftp URL with a host.
    """
    address = _parse(url)
    if address.scheme == "ftp":
        return address
    for _ in range(MAX_UNWRAPPED):
        inner = _unwrapped(address)
        if inner is None:
            break
        address = inner
    if address.user or address.port:  # no public page of a known site
        return address
    address = _moved(address, _original_host(address.host), address.path, address.query)
    address = _moved(address, address.host, address.path, _without_trackers(address.host, address.query))
    return _rewritten(address)


def domains(host: str) -> Iterable[str]:
    """The host and the domains above it: a.b.example, b.example, example."""
    yield host
    while "." in host:
        host = host.partition(".")[2]
        yield host


def _parse(url: str) -> Address:
    if _CONTROLS.search(url):  # tabs and line ends are taken out by the parser, as browsers do
        raise UnsupportedUrl
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port  # a port that is no number raises
    except ValueError as error:
        raise UnsupportedUrl from error
    if parts.scheme not in DEFAULT_PORTS or not host:
        raise UnsupportedUrl
    user = parts.netloc.rpartition("@")
    host = host if ":" in host else _ascii(host)
    return Address(
        scheme=parts.scheme,
        user=user[0] + user[1],
        host=f"[{host}]" if ":" in host else host.rstrip(".") or host,
        port="" if port in (None, DEFAULT_PORTS[parts.scheme]) else f":{port}",
        path=parts.path,
        query=parts.query,
        fragment=parts.fragment.partition(":~:")[0],  # which words of a page to highlight
    )


def _ascii(host: str) -> str:
    """A host as it is looked up; one that no name server could know is refused here, with whatever it hides.

    Raises:
        UnsupportedUrl: no host is called that.
    """
    if len(host) <= MAX_HOST and not host.isascii():
        try:
            host = idna.encode(host, uts46=True).decode()
        except idna.IDNAError as error:
            raise UnsupportedUrl from error
    if len(host) > MAX_HOST or not _HOST.fullmatch(host):
        raise UnsupportedUrl
    return host


def _moved(address: Address, host: str, path: str, query: str) -> Address:
    return Address(address.scheme, "", host, "", path, query, address.fragment)


@lru_cache(maxsize=1024)
def _original_host(host: str) -> str:
    return next((original for pattern, original in _MIRRORS if pattern.fullmatch(host)), host)


def _unwrapped(address: Address) -> Address | None:
    """The address that a redirecting page carries in a parameter."""
    place = _original_host(address.host) + address.path
    for pattern, parameter in _WRAPPERS:
        if pattern.fullmatch(place):
            values = dict(parse_qsl(address.query)) | {"": address.query}
            value = values.get(parameter, "")
            if value.lower().startswith(("http://", "https://")):
                return _parse(value)
    return None


def _without_trackers(host: str, query: str) -> str:
    if not query:
        return query
    pieces = [(piece, unquote_plus(piece.partition("=")[0]).lower()) for piece in query.split("&")]
    of_site = next((_SITE_TRACKERS[domain] for domain in domains(host) if domain in _SITE_TRACKERS), None)
    if of_site is None and any(SIGNED.search(name) for _, name in pieces):
        return query
    return "&".join(piece for piece, name in pieces if not _is_tracker(name) and name not in (of_site or ()))


def _is_tracker(name: str) -> bool:
    return name in _TRACKERS or name.startswith(TRACKER_FAMILIES)


def _rewritten(address: Address) -> Address:
    text = address.host + address.path_and_query
    for pattern, replacement in _REWRITES:
        found = pattern.fullmatch(text)
        if found:
            place, _, query = found.expand(replacement).partition("?")
            host, slash, path = place.partition("/")
            return _moved(address, host, slash + path, query.strip("&"))
    return address
