"""A text as a file for a library or program that wants the path of one: without a name on disk, so it is never left."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def unnamed_file(text: str = "") -> Iterator[int]:
    """The descriptor of a file with this text, gone with its last user; `path_of` gives its path."""
    # In memory where there is such a thing: a sandbox that shows no directory still lets it be opened.
    if hasattr(os, "memfd_create"):
        file = os.fdopen(os.memfd_create("boss-bot"), "w", encoding="utf-8")
    else:
        file = tempfile.TemporaryFile("w", encoding="utf-8")  # noqa: SIM115  (closed below)
    with file:
        file.write(text)
        file.flush()
        os.lseek(file.fileno(), 0, os.SEEK_SET)  # where /dev/fd shares the position, as on macOS
        yield file.fileno()


def path_of(descriptor: int) -> str:
    """A path by which this process can open it, and a child that inherits it."""
    return f"/dev/fd/{descriptor}"
