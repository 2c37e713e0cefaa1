"""When a runner has to end: a signal, or the end of the process that started it."""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable

from loguru import logger

PARENT_PIPE = "BOSS_BOT_PARENT_PIPE"  # set by the supervisor: stdin is a pipe that closes when it dies


def run_until_stopped(main: Callable[[asyncio.Event], Awaitable[int]]) -> int:
    """Run `main` with an event that is set by SIGTERM, SIGINT or the parent's end; its exit status."""

    async def run() -> int:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, _hear, stop, number.name)
        if os.environ.get(PARENT_PIPE):
            loop.add_reader(sys.stdin.fileno(), _hear_parent, loop, stop)
        return await main(stop)

    return asyncio.run(run())


def _hear(stop: asyncio.Event, why: str) -> None:
    if stop.is_set():
        logger.warning("asked again to stop: leaving at once; leases give the rows to others")
        os._exit(1)
    logger.info("stopping: {}", why)
    stop.set()


def _hear_parent(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    if os.read(sys.stdin.fileno(), 1) == b"":  # nobody writes there: readable means closed
        loop.remove_reader(sys.stdin.fileno())
        logger.info("stopping: the process that started this runner ended")
        stop.set()
