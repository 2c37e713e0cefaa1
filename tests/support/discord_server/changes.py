"""Lets a test wait for a condition instead of for a time."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class Changes:
    """Wakes those who wait whenever anything in the server has changed."""

    def __init__(self) -> None:
        self._changed = asyncio.Event()

    def announce(self) -> None:
        self._changed.set()
        self._changed.clear()

    async def until(self, look: Callable[[], T | None], timeout: float, describe: Callable[[], str]) -> T:
        """Returns the first true value that look gives, now or after a change.

        Raises:
            TimeoutError: with the text of describe, which says what was there instead.
        """
        try:
            async with asyncio.timeout(timeout):
                while not (found := look()):
                    await self._changed.wait()
        except TimeoutError:
            raise TimeoutError(f"after {timeout} s: {describe()}") from None
        return found
