"""Whether a file is still what was fetched; blocking, for threads."""

import hashlib
from pathlib import Path

from core.models import MediaFile

GONE, CHANGED, DAMAGED = "file is gone", "file has another size", "file has other bytes"
UNREADABLE = "file can't be read"  # which proves nothing: a right, the network or the disk may come back


def fault_of(file: MediaFile, *, sums: bool) -> str | None:
    """What is not as it was written down; None: nothing.

    Args:
        file: as it was fetched.
        sums: whether to read it and compare its checksum; else its size alone.
    """
    path = Path(file.path)
    try:
        if path.stat().st_size != file.bytes:
            return CHANGED
        if sums and file.sha256 and sha256_of(path) != file.sha256:
            return DAMAGED
    except FileNotFoundError:
        return GONE
    except (OSError, ValueError):  # ValueError: a NUL byte in a hand-edited path
        return UNREADABLE
    return None


def sha256_of(path: Path) -> str:
    """The checksum of a file, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
