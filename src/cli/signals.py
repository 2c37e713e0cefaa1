"""Ctrl-C and SIGTERM as something to ask for, so that there is time to clean up."""

import asyncio
import contextlib
import signal
import time
from collections.abc import Iterator


class Asked:
    """Whether, and how long ago, somebody asked this process to stop."""

    def __init__(self) -> None:
        self.status: int | None = None  # the exit status that a shell expects after this signal
        self._since = 0.0
        self._new = False

    def stop(self, number: signal.Signals) -> None:
        """Note a signal. A second one is obeyed at once."""
        self.status = 128 + number
        self._since = time.monotonic()
        self._new = True
        for each in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().remove_signal_handler(each)

    def is_new(self) -> bool:
        """Whether somebody asked since the last call."""
        new, self._new = self._new, False
        return new

    def longer_ago_than(self, seconds: float) -> bool:
        """Whether somebody asked, and that much time went by."""
        return self.status is not None and time.monotonic() - self._since > seconds


@contextlib.contextmanager
def asked_to_stop() -> Iterator[Asked]:
    """Listen for SIGINT and SIGTERM during the block."""
    loop = asyncio.get_running_loop()
    asked = Asked()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, asked.stop, number)
    try:
        yield asked
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
