"""Real programs as child processes of a test, ended with all that they started when the test ends."""

import asyncio
import contextlib
import inspect
import os
import signal
import socket
import subprocess
import sys
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar, overload

import psutil

_MARK = "BOSS_BOT_TEST_PROCESSES"
_SHOWN = 20_000

T = TypeVar("T")


@overload
async def wait_until(
    condition: Callable[[], Awaitable[T]],
    timeout: float = ...,
    *,
    description: str | Callable[[], str] = ...,
    every: float = ...,
) -> T: ...
@overload
async def wait_until(
    condition: Callable[[], T],
    timeout: float = ...,
    *,
    description: str | Callable[[], str] = ...,
    every: float = ...,
) -> T: ...
async def wait_until(
    condition: Callable[[], Any],
    timeout: float = 30.0,
    *,
    description: str | Callable[[], str] = "",
    every: float = 0.02,
) -> Any:
    """Calls `condition`, sync or async, until it answers something true, and returns that.

    Args:
        condition: Its exceptions pass through.
        timeout: Seconds.
        description: What is waited for; a function, to tell what was seen last, is called only on failure.
        every: Seconds between two calls.

    Raises:
        TimeoutError: With the description and the last answer.
    """
    loop = asyncio.get_running_loop()
    until = loop.time() + timeout
    while True:
        answer = condition()
        value = await answer if inspect.isawaitable(answer) else answer
        if value:
            return value
        if loop.time() >= until:
            text = (description() if callable(description) else description) or inspect.getsource(condition).strip()
            raise TimeoutError(f"Not within {timeout} s: {text} (last answer: {value!r})")
        await asyncio.sleep(every)


async def gone(process: int | psutil.Process, timeout: float = 30.0) -> None:
    """Waits until that process has ended; one that nobody reaped counts as ended."""
    try:
        watched = psutil.Process(process) if isinstance(process, int) else process
    except psutil.NoSuchProcess:
        return
    await wait_until(lambda: _ended(watched), timeout, description=lambda: f"the end of {watched}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A running child process; its output, both streams, is in a file."""

    name: str
    process: asyncio.subprocess.Process
    output_path: Path

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def running(self) -> bool:
        return self.process.returncode is None and not _ended(self._psutil())

    @property
    def returncode(self) -> int | None:
        """The exit status, negative for a signal; None while it runs."""
        return self.process.returncode

    @property
    def output(self) -> str:
        """What it has written so far."""
        return self.output_path.read_text(errors="replace")

    def children(self, *, recursive: bool = True) -> list[psutil.Process]:
        """The living processes below it."""
        if self.process.returncode is not None:  # its number may be somebody else's by now
            return []
        try:
            below = self._psutil().children(recursive=recursive)
        except psutil.NoSuchProcess:
            return []
        return [child for child in below if not _ended(child)]

    def send(self, number: signal.Signals) -> None:
        """Sends a signal, SIGSTOP and SIGCONT for example; to nobody if it has ended."""
        if self.process.returncode is None:
            self.process.send_signal(number)

    async def wait(self, timeout: float = 30.0) -> int:
        """Waits for its end and returns the exit status."""
        try:
            return await asyncio.wait_for(self.process.wait(), timeout)
        except TimeoutError:
            raise TimeoutError(f"{self.name} still runs after {timeout} s.\n{self.output[-2000:]}") from None

    async def kill(self, timeout: float = 30.0) -> int:
        """SIGKILL, for this process alone; its children live on, as they would after a crash."""
        self.send(signal.SIGKILL)
        return await self.wait(timeout)

    async def terminate(self, timeout: float = 30.0) -> int:
        """SIGTERM, and the exit status that follows."""
        self.send(signal.SIGTERM)
        return await self.wait(timeout)

    async def wait_for_output(self, text: str, timeout: float = 30.0) -> None:
        """Waits until it has written that text; fails at once if it ends without."""

        def seen() -> bool:
            ended = self.process.returncode is not None
            if text in self.output:
                return True
            if ended:
                raise AssertionError(f"{self.name} ended without {text!r}:\n{self.output[-2000:]}")
            return False

        await wait_until(seen, timeout, description=lambda: f"{text!r} in:\n{self.output[-2000:]}")

    def _psutil(self) -> psutil.Process:
        return psutil.Process(self.process.pid)


class Programs:
    """Starts programs, and at exit kills what is left of them, children and orphans included.

    Whatever they start is known by a mark in the environment, which is inherited also by processes that became
    sessions of their own or lost their parent. Output is written to stdout at exit: pytest shows it for tests
    that fail.
    """

    def __init__(self, directory: Path) -> None:
        """Keeps the files with the output in `directory`."""
        self._directory = directory
        self._mark = uuid.uuid4().hex
        self._started: list[Program] = []
        self._known: set[psutil.Process] = set()

    async def __aenter__(self) -> Self:
        self._directory.mkdir(parents=True, exist_ok=True)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        while left := self.left():
            for process in left:
                _kill(process)
            await asyncio.sleep(0.01)
        for program in self._started:
            await program.process.wait()
            sys.stdout.write(f"--- {program.name}: exit status {program.returncode}\n{program.output[-_SHOWN:]}\n")

    async def start(
        self,
        argv: Sequence[str | Path],
        env: Mapping[str, str | None] | None = None,
        cwd: Path | None = None,
        *,
        name: str | None = None,
    ) -> Program:
        """Starts a program.

        Args:
            argv: The command line.
            env: Added to this process's environment; None takes a variable away.
            cwd: Its working directory.
            name: For messages and the name of the output file.
        """
        changes = {**(env or {}), _MARK: self._mark}
        merged = {key: value for key, value in {**os.environ, **changes}.items() if value is not None}
        label = name or Path(argv[0]).name
        path = self._directory / f"{len(self._started)}-{label}.log"
        with path.open("wb") as output:
            process = await asyncio.create_subprocess_exec(
                *map(str, argv),
                env=merged,
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        program = Program(name=label, process=process, output_path=path)
        self._started.append(program)
        return program

    def left(self) -> list[psutil.Process]:
        """The living processes that these programs are or have started, orphans included."""
        for program in self._started:
            if program.returncode is None:  # by itself too: nginx, for one, writes over its environment
                with contextlib.suppress(psutil.NoSuchProcess):  # ended, and about to be told so
                    self._known.add(psutil.Process(program.pid))
            self._known.update(program.children())
        marked = {process for process in psutil.process_iter() if self._is_marked(process)}
        self._known |= marked
        return [process for process in self._known if not _ended(process)]

    def _is_marked(self, process: psutil.Process) -> bool:
        try:
            return process.environ().get(_MARK) == self._mark
        except (psutil.Error, OSError):
            return False


def free_port(host: str = "127.0.0.1") -> int:
    """A TCP port of that address on which nobody listens now."""
    with socket.socket() as sock:
        sock.bind((host, 0))
        return int(sock.getsockname()[1])


def _ended(process: psutil.Process) -> bool:
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def _kill(process: psutil.Process) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        process.kill()
