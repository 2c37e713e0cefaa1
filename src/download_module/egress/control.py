"""What runner and guard tell each other: lines of JSON over a socket pair, and with some of them a listening socket."""

import json
import socket
from collections import deque
from collections.abc import Mapping
from typing import Any

CHUNK = 65536
MOST_SOCKETS = 64  # with one read


class ControlEnd:
    """One end of the pair. Nothing here waits."""

    def __init__(self, end: socket.socket) -> None:
        end.setblocking(False)
        self._end = end
        self._received = bytearray()
        self._sockets: deque[int] = deque()

    def fileno(self) -> int:
        """The descriptor, to wait for."""
        return self._end.fileno()

    def send(self, message: Mapping[str, Any], listener: socket.socket | None = None) -> bool:
        """Tell the other side; False when it has gone, or has not read for long."""
        line = json.dumps({**message, "socket": listener is not None}).encode() + b"\n"
        try:
            if listener is None:
                return self._end.send(line) == len(line)
            return socket.send_fds(self._end, [line], [listener.fileno()]) == len(line)
        except OSError:
            return False

    def receive(self) -> list[tuple[dict[str, Any], socket.socket | None]]:
        """All that came.

        Raises:
            EOFError: the other side has gone.
        """
        self._read()
        messages: list[tuple[dict[str, Any], socket.socket | None]] = []
        *lines, rest = self._received.split(b"\n")
        self._received = rest
        for line in lines:
            message = json.loads(line)
            listener = socket.socket(fileno=self._sockets.popleft()) if message["socket"] else None
            messages.append((message, listener))
        return messages

    def _read(self) -> None:
        while True:
            try:
                chunk, descriptors, _, _ = socket.recv_fds(self._end, CHUNK, MOST_SOCKETS)
            except (BlockingIOError, InterruptedError):
                return
            except OSError as error:
                raise EOFError from error
            self._sockets += descriptors
            if not chunk:
                if self._received.endswith(b"\n"):
                    return  # its last words; the next call finds the end
                raise EOFError
            self._received += chunk

    def close(self) -> None:
        """Hang up."""
        self._end.close()
        while self._sockets:
            socket.close(self._sockets.popleft())
