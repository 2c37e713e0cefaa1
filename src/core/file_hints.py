"""Told by the kernel that somebody writes to a directory (inotify), so that an idle process need not look for it."""

import asyncio
import os
import sys
from pathlib import Path

from loguru import logger

# Seconds after a write in which to look often: SQLite writes its log first, and shows the commit a moment later. A
# commit that is seen ends this for no other: the log of the next may be written already.
ALERT = 1.0
# Seconds between looks meanwhile: first the one, then as many as went by since the write, at last the other.
FIRST_LOOK, LAST_LOOK = 0.004, 0.1


class FileHints:
    """Waits for writes to the files of one directory."""

    def __init__(self, directory: Path) -> None:
        """Begin to listen.

        Raises:
            OSError: the kernel has no inotify, or no watch left.
        """
        from asyncinotify import Inotify, Mask  # only installed on Linux

        self._inotify = Inotify()
        self._inotify.add_watch(directory, Mask.MODIFY | Mask.CREATE | Mask.MOVED_TO)
        self._written = asyncio.Event()
        self._written_at = float("-inf")
        self._loop: asyncio.AbstractEventLoop | None = None

    @classmethod
    def of(cls, directory: Path) -> "FileHints | None":
        """Hints for a directory, None where there is no such thing."""
        if sys.platform != "linux":
            return None
        try:
            return cls(directory)
        except (ImportError, OSError) as error:
            logger.info("looking at the database by the clock: {}", error)
            return None

    async def wait(self, timeout: float) -> None:
        """Return when it is time to look: soon after a write, or after `timeout` seconds."""
        loop = asyncio.get_running_loop()
        if self._loop is None:
            self._loop = loop
            loop.add_reader(self._inotify.fd, self._read)
        age = loop.time() - self._written_at
        if age < ALERT:
            await asyncio.sleep(min(max(age, FIRST_LOOK), LAST_LOOK, timeout))
            return
        self._written.clear()
        try:
            async with asyncio.timeout(timeout):
                await self._written.wait()
        except TimeoutError:
            return

    def close(self) -> None:
        """Stop listening."""
        if self._loop is not None:
            self._loop.remove_reader(self._inotify.fd)
        self._inotify.close()

    def _read(self) -> None:
        os.read(self._inotify.fd, 65536)  # what was written does not matter: the database says whether it counts
        self._written_at = asyncio.get_running_loop().time()
        self._written.set()
