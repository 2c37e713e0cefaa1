"""Proof that a process of ours, and every child it started, is dead: the kernel gave up its file lock.

A heartbeat only says that somebody was silent for long; a lock that can be taken says that nobody is there. The open
file is inherited by children (`fd`), so a runner counts as alive while its aria2c or ffmpeg still runs, and what they
left on disk is adopted only afterwards.
"""

import fcntl
import os
import secrets
import socket
from pathlib import Path
from types import TracebackType


class Alive:
    """Holds the lock of this process under a name that no other process ever had."""

    def __init__(self, directory: Path, kind: str) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.name = f"{kind}@{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(3)}"
        self._directory = directory
        self._file = _lock_path(directory, self.name).open("w")
        fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)

    @property
    def fd(self) -> int:
        """The descriptor that children inherit."""
        return self._file.fileno()

    def proves_dead(self, name: str) -> bool:
        """Whether the process `name` and its children are certainly gone; False also when that can't be known."""
        return name != self.name and proves_dead(self._directory, name)

    def close(self) -> None:
        """Give up the lock. The empty file stays: what it proves is asked for later."""
        self._file.close()

    def __enter__(self) -> "Alive":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def proves_dead(directory: Path, name: str) -> bool:
    """As `Alive.proves_dead`, for who is no runner himself."""
    try:
        with _lock_path(directory, name).open("r") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (OSError, ValueError):  # ValueError: a name that a hand wrote and no file can have
        return False
    return True


def held_locks(directory: Path) -> list[str]:
    """The names of the processes that live, or whose children do."""
    held = []
    for path in sorted(directory.glob("*.lock")):
        with path.open("r") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                held.append(path.stem)
    return held


def _lock_path(directory: Path, name: str) -> Path:
    return directory / f"{name.replace('/', '_')}.lock"
