"""One update of the packages of an environment at a time, and no library is imported while its files are replaced.

The locks lie beside the packages, because that is what they are for: several installations may share an environment.
"""

import asyncio
import contextlib
import fcntl
import os
import socket
import sysconfig
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from loguru import logger

from core.errors import ConfigurationError

PLACE = Path(sysconfig.get_paths()["purelib"])
PATIENCE = 120.0  # seconds that a start waits; an installer takes a few to replace files
LOOK_INTERVAL = 0.2  # seconds


@contextlib.contextmanager
def updating(packages: Path) -> Iterator[None]:
    """Be the only one who updates.

    Args:
        packages: the directory that they are installed in.

    Raises:
        ConfigurationError: somebody else does, and the sentence says who; or this user may not write there.
    """
    with _opened(_beside(packages, "update")) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            who = file.read().strip() or "a process that has just begun"
            raise ConfigurationError(
                f"Another update of this environment runs: {who}. Wait until it has ended; the lock goes with it."
            ) from None
        file.truncate(0)
        file.write(f"process {os.getpid()} on {socket.gethostname()}, since {datetime.now(UTC):%H:%M:%S} UTC")
        file.flush()
        yield
        file.truncate(0)


@contextlib.contextmanager
def replacing(packages: Path) -> Iterator[None]:
    """The files of packages change within this block."""
    with _opened(_beside(packages, "replacing")) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


async def packages_at_rest() -> None:
    """Return when no files are being replaced, or `PATIENCE` is over: then what is there must do."""
    loop = asyncio.get_running_loop()
    until = loop.time() + PATIENCE
    while _are_replaced(PLACE):
        if loop.time() > until:
            logger.warning("packages have been replaced for {:.0f} s; not waiting any longer", PATIENCE)
            return
        await asyncio.sleep(LOOK_INTERVAL)


def _are_replaced(packages: Path) -> bool:
    try:
        with _beside(packages, "replacing").open("r") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # never updated by us
        return False
    return False


def _opened(lock: Path) -> TextIO:
    try:
        return lock.open("a+", encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(
            f"This user can't write to {lock.parent} ({error.strerror}), so nothing can be updated there."
        ) from error


def _beside(packages: Path, what: str) -> Path:
    # Not among the packages: the time of that directory tells running processes that something was installed.
    return packages.parent / f"boss-bot-{what}.lock"
