"""Keeps the guard's process alive: started, introduced to its work, watched, started again when it dies or hangs."""

import asyncio
import contextlib
import socket
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from loguru import logger

from core.children import built_environment, end_child, start_child
from download_module.egress.control import ControlEnd

FIRST_BACKOFF = 0.05  # seconds
MAX_BACKOFF = 2.0
HEALTHY_AFTER = 10.0
PING_INTERVAL = 1.0
HUNG_AFTER = 3  # pings without an answer
STARTED_WITHIN = 30.0  # seconds, on a machine that is very busy

Message = Mapping[str, Any]
Introduction = Iterable[tuple[Message, socket.socket | None]]


class GuardKeeper:
    """One process at a time."""

    def __init__(
        self,
        introduction: Callable[[], Introduction],
        note: Callable[[Message], None],
        *,
        inherit: tuple[int, ...] = (),
    ) -> None:
        """Make it.

        Args:
            introduction: all that a new process must be told.
            note: is given what the process reports.
            inherit: descriptors that it keeps open.
        """
        self._introduction = introduction
        self._note = note
        self._inherit = inherit
        self._process: asyncio.subprocess.Process | None = None
        self._control: ControlEnd | None = None
        self._answered = asyncio.Event()
        self._is_up = False  # has answered once
        self._tasks: list[asyncio.Task[None]] = []
        self._listening: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """The process id of the guard that runs now."""
        return self._process.pid if self._process and self._process.returncode is None else None

    async def start(self) -> None:
        """Start it, and keep it running until `stop`.

        Raises:
            TimeoutError: it does not come up.
        """
        await self._spawn()
        self._tasks = [
            asyncio.create_task(self._keep(), name="egress guard"),
            asyncio.create_task(self._watch(), name="egress guard's health"),
        ]
        async with asyncio.timeout(STARTED_WITHIN):
            while not self._is_up:
                await self._answered.wait()

    async def stop(self) -> None:
        """End it, and whatever goes through it."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._hang_up()
        if self._process:
            await end_child(self._process)
        if self._listening:
            await self._listening

    def tell(self, message: Message, listener: socket.socket | None = None) -> None:
        """One that has gone or hangs does not hear it: the next one is introduced to everything."""
        if self._control is not None:
            self._control.send(message, listener)

    def hear(self) -> None:
        """Take in what it has said until now."""
        if self._control is None:
            return
        try:
            heard = self._control.receive()
        except EOFError:
            self._hang_up()
            return
        for message, _ in heard:
            if message["say"] == "pong":
                self._is_up = True
                self._answered.set()
            else:
                self._note(message)

    async def _keep(self) -> None:
        backoff = FIRST_BACKOFF
        while True:
            assert self._process is not None, "started before it is kept"
            began = time.monotonic()
            status = await self._process.wait()
            self._hang_up()
            backoff = FIRST_BACKOFF if time.monotonic() - began > HEALTHY_AFTER else min(backoff * 2, MAX_BACKOFF)
            logger.bind(status=status).error("the egress guard ended; starting it again in {} s", backoff)
            await asyncio.sleep(backoff)
            await self._spawn_again()

    async def _spawn_again(self) -> None:
        while True:
            try:
                return await self._spawn()
            except OSError as error:  # being upgraded, or no processes or descriptors left
                logger.error("could not start the egress guard: {}", error)
                await asyncio.sleep(MAX_BACKOFF)

    async def _watch(self) -> None:
        """Kill it when it hangs; `_keep` starts it again."""
        missed = 0
        while True:
            watched = self._process
            self._answered.clear()
            self.tell({"say": "ping"})
            await asyncio.sleep(PING_INTERVAL)
            missed = 0 if self._answered.is_set() or self._process is not watched else missed + 1
            patience = HUNG_AFTER if self._is_up else STARTED_WITHIN / PING_INTERVAL
            if missed >= patience and watched is not None and watched.returncode is None:
                logger.bind(pid=watched.pid).error("killing the egress guard: it does not answer")
                await end_child(watched)
                missed = 0

    async def _spawn(self) -> None:
        ours, theirs = socket.socketpair()
        with contextlib.closing(theirs), contextlib.ExitStack() as failing:
            failing.callback(ours.close)
            self._process = await start_child(
                (sys.executable, "-m", "download_module.egress.guard_child", str(theirs.fileno())),
                env=built_environment(HOME="/nonexistent", PYTHONSAFEPATH="1"),
                inherit=(*self._inherit, theirs.fileno()),
                outlives_us=False,
                stdout=asyncio.subprocess.DEVNULL,
            )
            failing.pop_all()
        self._control = ControlEnd(ours)
        self._is_up = False
        asyncio.get_running_loop().add_reader(ours.fileno(), self.hear)
        self._listening = asyncio.create_task(_log_stderr(self._process), name="egress guard's stderr")
        for message, listener in self._introduction():
            self.tell(message, listener)
        self.tell({"say": "ping"})
        logger.bind(pid=self._process.pid).info("started the egress guard")

    def _hang_up(self) -> None:
        if self._control is not None:
            asyncio.get_running_loop().remove_reader(self._control.fileno())
            self._control.close()
            self._control = None


async def _log_stderr(process: asyncio.subprocess.Process) -> None:
    assert process.stderr is not None, "started with a pipe"
    with contextlib.suppress(ValueError):  # a line without end
        while line := await process.stderr.readline():
            logger.bind(pid=process.pid).error("the egress guard says: {}", line.decode(errors="replace").rstrip())
