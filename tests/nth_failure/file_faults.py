"""The n-th file operation of our own process fails, by Python's audit events: before anything is done."""

import builtins
import errno
import io
import os
import re
import sys
import threading
from pathlib import Path
from typing import Any

from tests.nth_failure.striking import Striking

ERRORS = {"no-space": errno.ENOSPC, "io": errno.EIO, "denied": errno.EACCES}
PLACED = ("os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.truncate")
CHANCE = re.compile(r"[0-9a-f]{6,}|\d{2,}")  # process ids, random names
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND


def fail_file_operations(striking: Striking, below: Path) -> None:
    """Let operations below a directory count and fail."""
    fails_later = threading.local()  # what is being opened by this thread

    def seen(event: str, arguments: tuple[Any, ...]) -> None:
        if not _counts(event, arguments, below) or (striking.fault == "no-write" and event != "open"):
            return
        if striking.now(f"{event} {_readable(arguments[0], below)}"):
            if striking.fault == "no-write":
                fails_later.here = True
                return
            number = ERRORS[str(striking.fault)]
            raise OSError(number, os.strerror(number), str(arguments[0]))

    real_open, real_sync = io.open, os.fsync

    def opened(*arguments: Any, **more: Any) -> Any:
        stream = real_open(*arguments, **more)
        if fails_later.__dict__.pop("here", False):
            full = os.open("/dev/full", os.O_WRONLY)
            os.dup2(full, stream.fileno())
            os.close(full)
        return stream

    def fsync(file: Any) -> None:
        seen("os.fsync", (f"/proc/self/fd/{file if isinstance(file, int) else file.fileno()}",))
        real_sync(file)

    io.open = builtins.open = opened
    os.fsync = fsync  # type: ignore[assignment]  # the same with a wider type
    sys.addaudithook(seen)


def _counts(event: str, arguments: tuple[Any, ...], below: Path) -> bool:
    if event == "open":
        return bool((arguments[2] or 0) & WRITES) and _is_below(arguments[0], -1, below)
    if event == "os.fsync":
        return Path(arguments[0]).readlink().is_relative_to(below)
    if event in PLACED:
        directories = [one for one in arguments[1:] if isinstance(one, int) and one >= 0]
        return _is_below(arguments[0], directories[-1] if directories and event != "os.mkdir" else -1, below)
    return False


def _readable(path: Any, below: Path) -> str:
    """The same for the same operation of another run."""
    return CHANCE.sub("#", os.fsdecode(path).removeprefix(str(below)).removeprefix("/") or ".")


def _is_below(path: Any, directory: int, below: Path) -> bool:
    if not isinstance(path, str | bytes | os.PathLike):
        return False
    where = Path(os.fsdecode(path))
    if directory >= 0:  # rmtree names what it removes by the directory it has open
        where = Path(f"/proc/self/fd/{directory}").readlink() / where
    return where.is_relative_to(below)
