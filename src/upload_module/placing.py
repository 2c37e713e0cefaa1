"""Puts one file at one path: atomically, durably, and never over a file that is there."""

import errno
import os
import threading
from pathlib import Path

CHUNK = 1 << 20
# Another file system, or one without hard links, or a kernel that does not let us link what another user owns.
_NO_LINK = {errno.EXDEV, errno.EPERM, errno.EMLINK, errno.EOPNOTSUPP, errno.ENOSYS}


class StoppedError(Exception):
    """The copy was told to stop; nothing is left of it."""


def place(source: Path, target: Path, *, temporary: Path, stop: threading.Event) -> bool:
    """Give `source` the further name `target`, or copy it there by way of `temporary`, a path beside `target`.

    Returns False when something has that name already; it is left as it is.

    Raises:
        OSError: it can't be placed; neither `target` nor `temporary` exists then.
        StoppedError: `stop` was set in the middle of a copy.
    """
    placed = _linked(source, target)
    if placed is None:
        if target.exists():
            return False
        try:
            _copy(source, temporary, stop)
            placed = _linked(temporary, target)
            if placed is None:
                placed = _renamed(temporary, target)
        finally:
            temporary.unlink(missing_ok=True)
    if placed:
        _sync(target.parent)
    return placed


def same_bytes(one: Path, other: Path) -> bool:
    """Whether both are the same file, or ordinary files with the same content."""
    if one.samefile(other):
        return True
    if not other.is_file() or one.stat().st_size != other.stat().st_size:
        return False
    with one.open("rb") as left, other.open("rb") as right:
        while chunk := left.read(CHUNK):
            if chunk != right.read(CHUNK):
                return False
    return True


def _linked(source: Path, target: Path) -> bool | None:
    """True: done; False: the name is taken; None: links don't work here."""
    try:
        _sync(source)  # which may be in memory alone
        os.link(source, target, follow_symlinks=False)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno in _NO_LINK:
            return None
        raise
    return True


def _renamed(temporary: Path, target: Path) -> bool:
    try:
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY))  # takes the name: rename would overwrite
    except FileExistsError:
        return False
    temporary.replace(target)
    return True


def _copy(source: Path, temporary: Path, stop: threading.Event) -> None:
    with source.open("rb") as read, temporary.open("xb") as write:
        while chunk := read.read(CHUNK):
            if stop.is_set():
                raise StoppedError
            write.write(chunk)
        write.flush()
        os.fsync(write.fileno())


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
