"""What the owner may do to the processes of this machine: restart them, and read the bot's log."""

import asyncio

from core.log_lines import LogLines
from pooler.supervisor import Supervisor


class House:
    """The processes that the bot started, and the bot itself."""

    def __init__(self) -> None:
        self.log = LogLines()
        self.restart_wanted = False
        self._supervisor: Supervisor | None = None
        self._stop: asyncio.Event | None = None

    def open(self, stop: asyncio.Event, supervisor: Supervisor | None) -> None:
        """Begin.

        Args:
            stop: ends the bot when it is set.
            supervisor: of the runners; None where they are somebody else's.
        """
        self._stop, self._supervisor = stop, supervisor
        self.log.listen()

    @property
    def has_runners(self) -> bool:
        """Whether the runners were started here, and so can be restarted here."""
        return self._supervisor is not None

    def restart_runners(self, kind: str | None = None) -> None:
        """End the runners of a kind, `download` or `upload`, or all; they give their rows back and begin anew."""
        if self._supervisor is not None:
            self._supervisor.restart(kind)

    def restart_all(self) -> None:
        """End the bot and its runners as a signal does, and begin anew with the same command."""
        self.restart_wanted = True
        if self._stop is not None:
            self._stop.set()
