"""The cookies that the admin gave for a site: read anew for each download, and only those of the site.

A file of Netscape's kind often holds a whole browser's cookies. What is of another site is dropped here, before any
fetcher hears of it, and the file itself is never handed on: a child gets the lines in its question, so that it can
neither write them back nor read the rest. What a site sets anew is gone with the download.
"""

import time
import urllib.request
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from http.cookiejar import Cookie, CookieJar, DefaultCookiePolicy
from ipaddress import ip_address
from pathlib import Path

from core.errors import ConfigurationError

HEAD = "# Netscape HTTP Cookie File\n"
HTTP_ONLY = "#HttpOnly_"
MAX_BYTES = 4 * 1024 * 1024  # of a file
# Second levels below which people register names; https://publicsuffix.org lists all of them, and a name too many here
# costs a cookie, while one too few only hands a child the cookies of a neighbour, which no request carries.
SHARED = frozenset(("ac", "co", "com", "edu", "gov", "go", "gob", "ne", "net", "or", "org"))
TELLING = 8  # characters; a shorter value is a word or a number and would take half of a log with it


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteCookie:
    """One line of the file."""

    domain: str  # without the dot before it
    subdomains: bool
    path: str
    secure: bool
    expires: int | None  # seconds since 1970; None: as long as the file says so
    name: str
    value: str
    http_only: bool = False

    @property
    def line(self) -> str:
        """As the file has it."""
        flags = {True: "TRUE", False: "FALSE"}
        head = f"{HTTP_ONLY if self.http_only else ''}{'.' if self.subdomains else ''}{self.domain}"
        fields = (head, flags[self.subdomains], self.path, flags[self.secure], str(self.expires or 0))
        return "\t".join((*fields, self.name, self.value))


def read_cookies(file: Path) -> tuple[SiteCookie, ...]:
    """All cookies of a file; lines that say nothing are passed over.

    Raises:
        ConfigurationError: there is no such file, or it is none that can be read.
    """
    try:
        with file.open("rb") as stream:
            text = stream.read(MAX_BYTES).decode("utf-8", errors="replace")
    except OSError as error:
        raise ConfigurationError(f"The cookie file {file} can't be read: {error.strerror}.") from error
    return parse_cookies(text)


def parse_cookies(text: str) -> tuple[SiteCookie, ...]:
    """All cookies of a text, as `written` gives it."""
    return tuple(cookie for line in text.splitlines() if (cookie := _parsed(line)) is not None)


def written(cookies: Iterable[SiteCookie]) -> str:
    """A file of Netscape's kind."""
    return HEAD + "".join(f"{cookie.line}\n" for cookie in cookies)


def of_site(cookies: Iterable[SiteCookie], names: Sequence[str]) -> tuple[SiteCookie, ...]:
    """Those of the hosts with these names, of what is below them, and of what is above them without being shared."""
    return tuple(cookie for cookie in cookies if any(_concerns(cookie, name) for name in names))


def registered_name(host: str) -> str:
    """The name that somebody registered, as far as a name tells: `b.co.uk` of `www.b.co.uk`."""
    labels = host.strip("[]").split(".")
    if _is_address(host) or len(labels) <= 2:
        return host
    shared = len(labels[-1]) == 2 and labels[-2] in SHARED
    return ".".join(labels[-3 if shared else -2 :])


def expired(cookies: Iterable[SiteCookie], now: float | None = None) -> tuple[SiteCookie, ...]:
    """Those whose time is over."""
    moment = time.time() if now is None else now
    return tuple(cookie for cookie in cookies if cookie.expires is not None and cookie.expires < moment)


def cookie_header(cookies: Iterable[SiteCookie], url: str) -> str | None:
    """What a browser with these cookies sends to a URL; None when that is nothing."""
    # As browsers do, and Python by itself does not: a cookie of one host is not for those below it.
    jar = CookieJar(DefaultCookiePolicy(strict_ns_domain=DefaultCookiePolicy.DomainStrictNonDomain))
    for cookie in cookies:
        jar.set_cookie(_as_library_has_it(cookie))
    try:
        request = urllib.request.Request(url)  # noqa: S310  (only asks the jar)
        jar.add_cookie_header(request)
    except ValueError:
        return None
    return request.get_header("Cookie")


def telling_values(cookies: Iterable[SiteCookie]) -> tuple[str, ...]:
    """The values by which a site would know the account: no words, no hosts, no short numbers."""
    return tuple(
        cookie.value
        for cookie in cookies
        if len(cookie.value) >= 2 * TELLING
        or (len(cookie.value) >= TELLING and any(map(str.isdigit, cookie.value)) and not cookie.value.isdigit())
    )


def _parsed(line: str) -> SiteCookie | None:
    http_only = line.startswith(HTTP_ONLY)
    fields = line.removeprefix(HTTP_ONLY).rstrip("\r\n").split("\t")
    if len(fields) == 6:  # browsers' extensions leave an empty value out
        fields.append("")
    if len(fields) != 7 or (line.startswith("#") and not http_only):
        return None
    domain, subdomains, path, secure, expires, name, value = fields
    bare = domain.strip().lower().removeprefix(".")
    if not bare or any(ord(character) < 0x20 or character == "\x7f" for character in "".join(fields)):
        return None
    if not name:  # so do curl and browsers: a cookie without a name has its value there
        name, value = value, ""
    return SiteCookie(
        domain=bare,
        subdomains=subdomains.upper() == "TRUE" or domain.startswith("."),
        path=path or "/",
        secure=secure.upper() == "TRUE",
        expires=int(float(expires)) or None if _is_number(expires) else None,
        name=name,
        value=value,
        http_only=http_only,
    )


def _concerns(cookie: SiteCookie, name: str) -> bool:
    if cookie.domain == name:
        return True
    if _is_address(name) or _is_address(cookie.domain):
        return False
    if cookie.domain.endswith(f".{name}"):
        return True
    return cookie.subdomains and name.endswith(f".{cookie.domain}") and "." in cookie.domain


def _is_address(host: str) -> bool:
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).isdecimal() and len(text) < 20


def _as_library_has_it(cookie: SiteCookie) -> Cookie:
    # The library knows a host without a dot by this ending.
    domain = cookie.domain if "." in cookie.domain or ":" in cookie.domain else f"{cookie.domain}.local"
    return Cookie(
        version=0,
        name=cookie.name,
        value=cookie.value,
        port=None,
        port_specified=False,
        domain=f".{domain}" if cookie.subdomains and not _is_address(domain) else domain,
        domain_specified=cookie.subdomains,
        domain_initial_dot=cookie.subdomains,
        path=cookie.path,
        path_specified=True,
        secure=cookie.secure,
        expires=cookie.expires,
        discard=cookie.expires is None,
        comment=None,
        comment_url=None,
        rest={"HttpOnly": ""} if cookie.http_only else {},
    )
