"""Child processes that have imported their library already and answer one request after the other.

A library's import costs more than most extractions. A child that hangs, leaks or is killed costs only its own request;
each is replaced after a number of requests, so that what it leaked goes too.
"""

import asyncio
import json
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from loguru import logger

from core.children import built_environment, end_child, start_child
from core.errors import ExtractionError

MAX_ANSWER = 32 * 1024 * 1024  # bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildLimits:
    """What a child may take, and how long it is kept."""

    timeout: float  # seconds for one request
    memory_bytes: int | None  # address space
    at_once: int = 3
    requests: int = 100  # after which it is replaced
    idle: float = 600.0  # seconds after which it is ended


@dataclass(slots=True, eq=False)
class _Child:
    process: asyncio.subprocess.Process
    answered: int = 0
    idle_since: float = 0.0
    said: bytearray = field(default_factory=bytearray)  # the end of what it wrote to stderr
    listening: asyncio.Task[None] | None = None


class WarmChildren:
    """A few children that run the same module; see `child_loop.serve`."""

    def __init__(self, module: str, limits: ChildLimits, *, inherit: tuple[int, ...] = ()) -> None:
        self._module = module
        self._limits = limits
        self._inherit = inherit
        self._free: list[_Child] = []
        self._turn = asyncio.Semaphore(limits.at_once)
        self._closer: asyncio.Task[None] | None = None

    async def ask(self, request: Mapping[str, Any]) -> bytes:
        """The answer of a child, one line of JSON.

        Raises:
            ExtractionError: no answer in time, or the child ended over it.
        """
        async with self._turn:
            child = self._free.pop() if self._free else await self._start()
            try:
                answer = await self._answer(child, request)
            except BaseException:
                await asyncio.shield(self._end(child))
                raise
            child.answered += 1
            if child.answered >= self._limits.requests:
                await asyncio.shield(self._end(child))
            else:
                child.idle_since = time.monotonic()
                self._free.append(child)
                if self._closer is None or self._closer.done():
                    self._closer = asyncio.create_task(self._close_idle(), name="idle children")
            return answer

    async def close(self) -> None:
        """End all children."""
        if self._closer is not None:
            self._closer.cancel()
        while self._free:
            await self._end(self._free.pop())

    async def _answer(self, child: _Child, request: Mapping[str, Any]) -> bytes:
        stdin, stdout = child.process.stdin, child.process.stdout
        assert stdin, "started with pipes"
        assert stdout, "started with pipes"
        try:
            async with asyncio.timeout(self._limits.timeout):
                stdin.write(json.dumps(request).encode() + b"\n")
                await stdin.drain()
                line = await stdout.readline()
        except TimeoutError as error:
            raise ExtractionError("The site took too long to answer. The download is tried again.") from error
        except (ConnectionError, ValueError) as error:  # it ended; the answer is too long
            raise self._gave_none(child) from error
        if not line.endswith(b"\n"):
            raise self._gave_none(child)
        return line

    def _gave_none(self, child: _Child) -> ExtractionError:
        tail = bytes(child.said).decode(errors="replace")
        logger.bind(module=self._module, status=child.process.returncode).error("a child gave no answer: {}", tail)
        return ExtractionError()

    async def _start(self) -> _Child:
        process = await start_child(
            (sys.executable, "-m", self._module),
            env=built_environment(HOME="/nonexistent", PYTHONSAFEPATH="1"),
            inherit=self._inherit,
            memory_bytes=self._limits.memory_bytes,
            stdin=asyncio.subprocess.PIPE,
            line_limit=MAX_ANSWER,
        )
        child = _Child(process)
        child.listening = asyncio.create_task(_keep_tail(child), name="child's stderr")
        return child

    async def _end(self, child: _Child) -> None:
        await end_child(child.process)
        if child.listening is not None:
            child.listening.cancel()
            with suppress(asyncio.CancelledError):
                await child.listening

    async def _close_idle(self) -> None:
        while self._free:
            await asyncio.sleep(self._limits.idle / 4)
            too_old = time.monotonic() - self._limits.idle
            for child in [child for child in self._free if child.idle_since < too_old]:
                self._free.remove(child)
                await self._end(child)


async def _keep_tail(child: _Child) -> None:
    assert child.process.stderr is not None, "started with pipes"
    while chunk := await child.process.stderr.read(4096):
        child.said += chunk
        del child.said[:-2000]
