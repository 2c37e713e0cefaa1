"""Starts runners by forking a process that has imported everything: that takes most of the time of a short run.

`python -m tests.nth_failure.nursery` is the process; `Nursery` is its client.
"""

import asyncio
import contextlib
import ctypes
import json
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil

PR_SET_PDEATHSIG = 1  # linux/prctl.h


@dataclass(slots=True, kw_only=True)
class Runner:
    """A process that was forked."""

    pid: int
    output_path: Path
    ended: "asyncio.Future[int]" = field(repr=False)

    @property
    def running(self) -> bool:
        return not self.ended.done()

    @property
    def output(self) -> str:
        """What it said so far."""
        return self.output_path.read_text(errors="replace")

    def send(self, number: signal.Signals) -> None:
        """A signal; to nobody if it has ended."""
        if self.running:
            os.kill(self.pid, number)

    async def wait(self, timeout: float) -> int:
        """Its exit status, negative for a signal."""
        async with asyncio.timeout(timeout):
            return await asyncio.shield(self.ended)


class Nursery:
    """Forks runners."""

    def __init__(self) -> None:
        self._born: asyncio.Queue[int] = asyncio.Queue()
        self._ends: dict[int, asyncio.Future[int]] = {}
        self._one_at_a_time = asyncio.Lock()

    async def open(self, repository: Path) -> None:
        """Start it."""
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.nth_failure.nursery"),
            env=os.environ | {"PYTHONPATH": str(repository)},
            cwd=repository,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        self._hearing = asyncio.create_task(self._hear())

    async def close(self) -> None:
        """End it and all that it has forked."""
        assert self._process.stdin is not None
        for child in psutil.Process(self._process.pid).children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                child.kill()
        self._process.stdin.close()
        await self._process.wait()
        await self._hearing

    async def fork(self, environment: Mapping[str, str], directory: Path, output: Path) -> Runner:
        """A new runner."""
        assert self._process.stdin is not None
        order = {"environment": dict(environment), "directory": str(directory), "output": str(output)}
        async with self._one_at_a_time:
            self._process.stdin.write(json.dumps(order).encode() + b"\n")
            pid = await self._born.get()
        return Runner(pid=pid, output_path=output, ended=self._end_of(pid))

    def _end_of(self, pid: int) -> "asyncio.Future[int]":
        return self._ends.setdefault(pid, asyncio.get_running_loop().create_future())

    async def _hear(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            word, pid, *status = line.split()
            if word == b"born":
                self._ends.pop(int(pid), None)  # the system gives numbers again
                self._born.put_nowait(int(pid))
            else:
                self._end_of(int(pid)).set_result(int(status[0]))


def main() -> int:
    """Fork for each line of standard input."""
    from tests.nth_failure import runner  # everything that a runner needs

    runner.prepare()
    held = {signal.SIGCHLD}

    def reap(*_: object) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            _say(f"ended {pid} {os.waitstatus_to_exitcode(status)}")

    signal.signal(signal.SIGCHLD, reap)
    while line := sys.stdin.buffer.readline():
        signal.pthread_sigmask(signal.SIG_BLOCK, held)  # the birth is told before the end
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, held)
            _settle_in(json.loads(line))
            sys.exit(runner.main())
        _say(f"born {pid}")
        signal.pthread_sigmask(signal.SIG_UNBLOCK, held)
    return 0


def _settle_in(order: dict[str, object]) -> None:
    os.setsid()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # else it stays when the test itself is killed
    os.chdir(str(order["directory"]))
    assert isinstance(order["environment"], dict)
    os.environ.clear()
    os.environ.update(order["environment"])
    output = os.open(str(order["output"]), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)


def _say(line: str) -> None:
    os.write(1, f"{line}\n".encode())


if __name__ == "__main__":
    sys.exit(main())
