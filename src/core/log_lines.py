"""The last lines of this process's log, kept in memory for its owner."""

from collections import deque
from typing import TYPE_CHECKING

from loguru import logger

if TYPE_CHECKING:
    from loguru import Message

KEPT = 200
LONGEST = 400  # characters of a line


class LogLines:
    """Remembers what is logged, as it is logged: without secrets."""

    def __init__(self) -> None:
        self._lines: deque[str] = deque(maxlen=KEPT)

    def listen(self, level: str = "INFO") -> None:
        """Begin; after logging was set up, which takes the secrets out of all messages."""
        # Tracebacks are left out: they are long, and the log itself has them.
        logger.add(self._note, level=level, format=_line, diagnose=False)

    def _note(self, message: "Message") -> None:
        self._lines.append(str(message).strip()[:LONGEST])

    def newest(self, count: int) -> list[str]:
        """The last lines, oldest first."""
        return list(self._lines)[-count:]


def _line(_record: object) -> str:
    return "{time:HH:mm:ss} {level: <7} {message}{extra[shown]}"
