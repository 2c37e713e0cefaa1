"""The token that makes its holder the owner: the one of the settings, or one that is printed and works once."""

import hmac
import secrets
from collections.abc import Callable

from core.file_links import hashed


class AdminToken:
    """Compares in constant time."""

    def __init__(self, fixed: str | None, announce: Callable[[str], None]) -> None:
        """Make it.

        Args:
            fixed: of the settings; None: tokens that work once.
            announce: shows such a token to whoever sits at the machine. It never goes into a log.
        """
        self._fixed = fixed
        self._announce = announce
        self._once: str | None = None

    @property
    def mark(self) -> str:
        """What logins by it carry: those by another token of the settings hold no longer."""
        return "once" if self._fixed is None else hashed(self._fixed)

    def begin(self) -> None:
        """Make and show the next token that works once, if that is the way here."""
        if self._fixed is None:
            self._once = secrets.token_urlsafe(18)
            self._announce(self._once)

    def admits(self, text: str) -> bool:
        """Whether this is the token; one that works once is used up by it."""
        expected = self._fixed or self._once or secrets.token_urlsafe(18)
        admitted = hmac.compare_digest(text.strip().encode("utf-8", "replace"), expected.encode())
        if admitted:
            self.begin()
        return admitted
