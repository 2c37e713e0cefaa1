"""How a client of the guard names itself: a username that says who it is, and a password that proves it.

The password is a HMAC of the username, so nobody has to be registered, and a guard that was started again knows
everybody.
"""

import hmac
import re
from base64 import b64decode
from dataclasses import dataclass
from typing import Self

_USERNAME = re.compile(r"(?P<client>[a-z][a-z0-9-]{0,31})\.(?P<download>\d{1,18}|-)(\.u(?P<upstream>\d{1,9}))?")


@dataclass(frozen=True, slots=True)
class Client:
    """Who asks: a kind of fetcher, for a download, by way of an upstream proxy that was registered under a number."""

    kind: str
    download_id: int | None = None
    upstream: int | None = None

    @property
    def username(self) -> str:
        """`aria2c.17`, `probe.-`, `ytdlp.17.u1`."""
        download = "-" if self.download_id is None else self.download_id
        return f"{self.kind}.{download}" + (f".u{self.upstream}" if self.upstream is not None else "")

    @classmethod
    def of(cls, username: str) -> Self | None:
        """The client that a username means, None when it means none."""
        found = _USERNAME.fullmatch(username)
        if found is None or not username.isascii():
            return None
        download, upstream = found["download"], found["upstream"]
        return cls(found["client"], None if download == "-" else int(download), int(upstream) if upstream else None)


def password_of(username: str, secret: bytes) -> str:
    """What proves a username."""
    return hmac.digest(secret, username.encode(), "sha256").hex()[:40]


def authenticated(header: bytes | None, secret: bytes) -> Client | None:
    """Who sent a `Proxy-Authorization` header, None when that is not proved."""
    scheme, _, encoded = (header or b"").strip().partition(b" ")
    if scheme.lower() != b"basic":
        return None
    try:
        username, _, password = b64decode(encoded.strip(), validate=True).decode("ascii").partition(":")
    except ValueError:
        return None
    right = hmac.compare_digest(password.encode(), password_of(username, secret).encode())
    return Client.of(username) if right else None
