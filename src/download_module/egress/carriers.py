"""Ways to carry bytes from one socket to another: within the kernel where that is possible, else by copying.

Measured on two cores with 16 connections, see benchmarks/guard.py.
"""

import contextlib
import fcntl
import os
import socket
import sys
from typing import Protocol

PIPE_BYTES = 256 * 1024  # of the 64 MiB that the kernel gives the pipes of a user
BUFFER_BYTES = 256 * 1024
SPARE = 8  # that are kept for the next one in need


class Carrier(Protocol):
    """Holds what was taken from one socket until the other has it all."""

    held: int  # bytes

    def take(self, source: socket.socket) -> int:
        """Take what is there, only while nothing is held; how many bytes: 0 at the end. BlockingIOError: none yet."""
        ...

    def give(self, target: socket.socket) -> None:
        """Give what is held. BlockingIOError: the other side takes no more for now."""
        ...

    def close(self) -> None:
        """Let go of what it holds."""
        ...


class Pipe:
    """Moves pages by splice(2) through a pipe: the bytes never pass through this process."""

    def __init__(self) -> None:
        self._out, self._in = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self.held = 0
        with contextlib.suppress(OSError):  # this user has too many; the usual 64 KiB do too
            fcntl.fcntl(self._in, fcntl.F_SETPIPE_SZ, PIPE_BYTES)

    def take(self, source: socket.socket) -> int:
        """See `Carrier`."""
        self.held = os.splice(source.fileno(), self._in, PIPE_BYTES, flags=os.SPLICE_F_NONBLOCK | os.SPLICE_F_MOVE)
        return self.held

    def give(self, target: socket.socket) -> None:
        """See `Carrier`."""
        while self.held:
            self.held -= os.splice(self._out, target.fileno(), self.held, flags=os.SPLICE_F_NONBLOCK | os.SPLICE_F_MOVE)

    def close(self) -> None:
        """See `Carrier`."""
        os.close(self._in)
        os.close(self._out)


class Buffer:
    """Copies through memory, where there is no splice."""

    def __init__(self) -> None:
        self._memory = memoryview(bytearray(BUFFER_BYTES))
        self._begin = 0
        self.held = 0

    def take(self, source: socket.socket) -> int:
        """See `Carrier`."""
        self._begin = 0
        self.held = source.recv_into(self._memory)
        return self.held

    def give(self, target: socket.socket) -> None:
        """See `Carrier`."""
        while self.held:
            given = target.send(self._memory[self._begin : self._begin + self.held])
            self._begin += given
            self.held -= given

    def close(self) -> None:
        """See `Carrier`."""
        self._memory.release()


class Carriers:
    """Carriers that are lent to whoever has bytes under way: the thousands of connections that are still need none."""

    def __init__(self, kind: type[Pipe] | type[Buffer] | None = None) -> None:
        self._kind = kind or (Pipe if sys.platform == "linux" else Buffer)
        self._spare: list[Carrier] = []

    def lend(self) -> Carrier:
        """An empty one."""
        return self._spare.pop() if self._spare else self._kind()

    def take_back(self, carrier: Carrier) -> None:
        """Keep it for the next, unless there are enough or it holds what nobody will take."""
        if carrier.held or len(self._spare) >= SPARE:
            carrier.close()
        else:
            self._spare.append(carrier)
