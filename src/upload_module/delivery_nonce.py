"""The nonce of a message: says when and in which epoch it was first tried, and is never used for another message."""

import secrets
import time
from dataclasses import dataclass
from typing import Self

MAX_LENGTH = 25  # Discord's
_EPOCHS = 0x100000


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryNonce:
    """Eight hexadecimal digits of time, the epoch, ten random digits."""

    text: str
    tried_at: float  # seconds since 1970
    epoch: int

    @classmethod
    def new(cls, epoch: int) -> Self:
        """A nonce that no message ever had."""
        now, epoch = int(time.time()), epoch % _EPOCHS
        return cls(text=f"{now:08x}-{epoch:x}-{secrets.token_hex(5)}", tried_at=now, epoch=epoch)

    @classmethod
    def read(cls, text: str | None) -> Self | None:
        """The nonce that a file was committed under, None for none or for something else that stands there."""
        parts = (text or "").split("-")
        if text is None or len(text) > MAX_LENGTH or [len(part) for part in parts][::2] != [8, 10]:
            return None
        try:
            return cls(text=text, tried_at=int(parts[0], 16), epoch=int(parts[1], 16))
        except ValueError:
            return None

    @property
    def age(self) -> float:
        """Seconds since it was first tried; a clock that was set back makes it old, not young."""
        age = time.time() - self.tried_at
        return age if age >= 0 else float("inf")
