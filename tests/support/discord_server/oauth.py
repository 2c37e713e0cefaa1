"""Logins of people at other sites: which applications there are, whom the browser belongs to, what was granted."""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .people import User


@dataclass(frozen=True, slots=True)
class Grant:
    """A code that waits for its token."""

    user: User
    redirect_uri: str
    challenge: str
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Access:
    """What a token opens."""

    user: User
    scopes: frozenset[str]


@dataclass(slots=True)
class Consent:
    """One application with OAuth2; ``person`` is who sits before the browser and says yes, None says no."""

    client_id: str = "1234567890"
    client_secret: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    redirects: list[str] = field(default_factory=list)
    person: User | None = None
    codes: dict[str, Grant] = field(default_factory=dict)
    tokens: dict[str, Access] = field(default_factory=dict)

    def grant(self, redirect_uri: str, challenge: str, scopes: frozenset[str]) -> str:
        """A code for the person; it works once."""
        assert self.person is not None
        code = secrets.token_urlsafe(16)
        self.codes[code] = Grant(self.person, redirect_uri, challenge, scopes)
        return code

    def redeem(self, code: str, verifier: str, redirect_uri: str) -> str | None:
        """The token for a code, None when anything about it is wrong."""
        granted = self.codes.pop(code, None)
        if granted is None or granted.redirect_uri != redirect_uri or granted.challenge != challenge_of(verifier):
            return None
        token = secrets.token_urlsafe(24)
        self.tokens[token] = Access(granted.user, granted.scopes)
        return token

    def who(self, authorization: str | None, scope: str) -> User | None:
        """Whom a header ``Bearer ...`` speaks for, if it may say so much of him."""
        kind, _, token = (authorization or "").partition(" ")
        access = self.tokens.get(token) if kind == "Bearer" else None
        return access.user if access is not None and scope in access.scopes else None


def challenge_of(verifier: str) -> str:
    """RFC 7636, S256."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
