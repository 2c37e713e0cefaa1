"""When a runner has to end: a signal, or the end of the process that started it."""

import asyncio
import gc
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable

from loguru import logger

from core.database import sqlite_path
from core.errors import DatabaseLost
from pooler import systemd

PARENT_PIPE = "BOSS_BOT_PARENT_PIPE"  # set by the supervisor: stdin is a pipe that closes when it dies
# Seconds in which a further signal is an echo of the first: a child that is forked but not yet replaced by its program
# shares our wake-up descriptor, and passes on what its process group was sent.
ECHO = 0.5
BEGIN_ANEW = 75  # exit status: nothing is wrong with the program, start it again (EX_TEMPFAIL of sysexits.h)
WRONG_SETTINGS = 2  # exit status: a person has to correct the settings
DAMAGED = 3  # exit status: a person has to act first
AWAY = 30.0  # seconds in which a database that was moved away may be put back


class Stopping:
    """Turns the first signal into an orderly end, and a later one into an end at once."""

    def __init__(self) -> None:
        self.event = asyncio.Event()
        self._asked_at = 0.0

    def ask(self, why: str) -> None:
        """Stop, because of `why`."""
        if not self.event.is_set():
            logger.info("stopping: {}", why)
            systemd.tell("STOPPING=1")
            self._asked_at = time.monotonic()
            self.event.set()
        elif time.monotonic() - self._asked_at > ECHO:
            logger.warning("asked again to stop: leaving at once; leases give the rows to others")
            os._exit(1)

    def watch_parent(self) -> None:
        """Stop when standard input closes."""
        loop = asyncio.get_running_loop()

        def readable() -> None:
            if os.read(sys.stdin.fileno(), 1) == b"":  # nobody writes there: readable means closed
                loop.remove_reader(sys.stdin.fileno())
                if not self.event.is_set():
                    self.ask("the process that started this runner ended, or wants it to")

        loop.add_reader(sys.stdin.fileno(), readable)


async def after_loss(error: DatabaseLost, database_url: str) -> int:
    """The exit status of a process that lost its database; not before there is a file again.

    A start makes the database where there is none, and would be in the way of the one that a person puts there.
    """
    path = sqlite_path(database_url)
    until = time.monotonic() + AWAY
    while path is not None and not path.exists() and time.monotonic() < until:  # noqa: ASYNC110  (nobody tells of it)
        await asyncio.sleep(0.1)
    if error.put_log_aside is not None:
        error.put_log_aside()
    return BEGIN_ANEW if error.begins_anew else DAMAGED


def run_until_stopped(main: Callable[[asyncio.Event], Awaitable[int]]) -> int:
    """Run `main` with an event that is set by SIGTERM, SIGINT or the parent's end; its exit status."""

    async def run() -> int:
        stopping = Stopping()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stopping.ask, number.name)
        if os.environ.get(PARENT_PIPE):
            stopping.watch_parent()
        return await main(stopping.event)

    try:
        return asyncio.run(run())
    finally:
        gc.freeze()  # else the interpreter looks through all objects once more: half a second of CPU at each end
