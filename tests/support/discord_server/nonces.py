"""Remembers which message an enforced nonce made."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from .errors import ApiError, Refusal

if TYPE_CHECKING:
    from .messages import Message
    from .settings import Settings


class Nonces:
    """De-duplicates by author and nonce for the window of the settings.

    A message that was deleted meanwhile is not made again: Discord answers "Unknown Message", on purpose
    (discord-api-docs pull request 6647).
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._made: dict[tuple[int, str], tuple[Message, float]] = {}

    def find(self, author_id: int, nonce: str) -> Message | None:
        """The message that this nonce made a short time ago.

        Raises:
            ApiError: 10008, it was deleted since.
        """
        message, made_at = self._made.get((author_id, nonce), (None, 0.0))
        if message is None or time.monotonic() - made_at > self._settings.nonce_window:
            return None
        if message.deleted:
            raise ApiError(Refusal.UNKNOWN_MESSAGE)
        return message

    def remember(self, author_id: int, nonce: str, message: Message) -> None:
        self._made[author_id, nonce] = (message, time.monotonic())
