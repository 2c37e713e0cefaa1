"""Child processes that have imported their library already and answer one request after the other.

A library's import costs more than most extractions. A child that hangs, leaks or is killed costs only its own request;
each is replaced after a number of requests, or when it has grown, so that what it leaked goes too.
"""

import asyncio
import json
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from loguru import logger

from core.children import built_environment, end_child, start_child
from core.errors import ExtractionError
from core.locked_directory import LockedDirectory
from core.sandbox import Files, Network
from core.sandbox_network import GuardedNetwork
from download_module.extractors.child_memory import resident_bytes
from download_module.extractors.library_mark import library_mark, mark_at_rest

ChildNetwork = Network | GuardedNetwork
MAX_ANSWER = 32 * 1024 * 1024  # bytes
LOOK = 0.5  # seconds between looks at the memory of a child that works
DIRECTORY = "bb-child-"  # what the names of their directories begin with
LARGEST_FILE = 1024**3  # bytes
PROCESSES = 4096  # and threads, of all that are in one network; a browser takes some hundred
GRACE = 1.0  # seconds that an idle child has to end by itself
TOO_SLOW = "The site took too long to answer. The download is tried again."
TOO_HUNGRY = "This page needs more memory than this bot gives to one. Try another link."


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildLimits:
    """What a child may take, and how long it is kept."""

    timeout: float  # seconds for one request
    memory_bytes: int | None  # that it may write to, and each program that it starts too (RLIMIT_DATA)
    at_once: int = 3
    requests: int = 100  # after which it is replaced
    idle: float = 600.0  # seconds after which it is ended
    resident_bytes: int | None = None  # of it and all that it started together; above it, it is killed
    grown_bytes: int | None = None  # resident when it has answered; above it, it is replaced


@dataclass(slots=True, eq=False)
class _Child:
    process: asyncio.subprocess.Process
    directory: LockedDirectory  # the only one that it may write to
    libraries: int  # as `library_mark` was before it imported them
    answered: int = 0
    idle_since: float = 0.0
    hungry: bool = False  # killed because of its memory
    said: bytearray = field(default_factory=bytearray)  # the end of what it wrote to stderr
    listening: asyncio.Task[None] | None = None


class _DiedIdleError(Exception):
    """The child ended before it was asked: the request is for another one."""


class WarmChildren:
    """A few children that run the same module; see `child_loop.serve`."""

    def __init__(
        self,
        module: str,
        limits: ChildLimits,
        *,
        network: ChildNetwork = Network.HOST,
        reads: tuple[Path, ...] = (),
        browser: bool = False,
        inherit: tuple[int, ...] = (),
    ) -> None:
        """Start none yet.

        Args:
            module: what they run.
            limits: of each.
            network: what they reach.
            reads: what they may read beside programs and libraries.
            browser: they start one, which has a sandbox of its own.
            inherit: descriptors that they keep open.
        """
        self._module = module
        self._limits = limits
        self._network = network
        self._reads = reads
        self._browser = browser
        self._inherit = inherit
        self._free: list[_Child] = []
        self._turn = asyncio.Semaphore(limits.at_once)
        self._closer: asyncio.Task[None] | None = None
        self._closed = False

    async def ask(self, request: Mapping[str, Any]) -> bytes:
        """The answer of a child, one line of JSON. Whoever is cancelled over it kills the child.

        Raises:
            ExtractionError: no answer in time, or the child ended over it.
        """
        async with self._turn:
            while True:
                child = await self._taken()
                try:
                    answer = await self._answer(child, request)
                except _DiedIdleError:
                    await asyncio.shield(self._kill(child))
                    continue
                except BaseException:
                    await asyncio.shield(self._kill(child))
                    raise
                await asyncio.shield(self._put_back(child))
                return answer

    async def _taken(self) -> _Child:
        """A free child, or a new one; what imported its library before an update is ended."""
        while self._free:
            if (child := self._free.pop()).libraries == library_mark():
                return child
            await self._end(child)
        return await self._start()

    async def close(self) -> None:
        """End all children; one that still works is ended when it has answered."""
        self._closed = True
        if self._closer is not None:
            self._closer.cancel()
        free, self._free[:] = list(self._free), []
        await asyncio.gather(*(self._end(child) for child in free))

    async def _put_back(self, child: _Child) -> None:
        child.answered += 1
        grown = self._limits.grown_bytes
        worn = child.answered >= self._limits.requests
        if worn or (grown is not None and resident_bytes(child.process.pid) > grown):
            await self._end(child)
            child = await self._start()  # it imports while nobody waits for it
        if self._closed:
            await self._end(child)
            return
        child.idle_since = time.monotonic()
        self._free.append(child)
        if self._closer is None or self._closer.done():
            self._closer = asyncio.create_task(self._close_idle(), name="idle children")

    async def _answer(self, child: _Child, request: Mapping[str, Any]) -> bytes:
        stdout = child.process.stdout
        assert stdout, "started with pipes"
        watch = asyncio.create_task(self._watch(child), name="child's memory")
        try:
            async with asyncio.timeout(self._limits.timeout):
                await self._hand_over(child, json.dumps(request).encode() + b"\n")
                line = await stdout.readline()
        except TimeoutError as error:
            raise ExtractionError(TOO_SLOW) from error
        except (ConnectionError, ValueError) as error:  # it ended; the answer is too long
            raise self._gave_none(child) from error
        finally:
            watch.cancel()
        if not line.endswith(b"\n"):
            raise self._gave_none(child)
        return line

    async def _hand_over(self, child: _Child, request: bytes) -> None:
        """Return when the child has said, with an empty line, that it has the request."""
        stdin, stdout = child.process.stdin, child.process.stdout
        assert stdin, "started with pipes"
        assert stdout, "started with pipes"
        try:
            stdin.write(request)
            await stdin.drain()
            taken = await stdout.readline()
        except ConnectionError:
            taken = b""
        if not taken and child.idle_since:
            raise _DiedIdleError
        if taken != b"\n":
            raise self._gave_none(child)

    async def _watch(self, child: _Child) -> None:
        limit = self._limits.resident_bytes
        while limit is not None:
            await asyncio.sleep(LOOK)
            if resident_bytes(child.process.pid) > limit:
                child.hungry = True
                await end_child(child.process)
                return

    def _gave_none(self, child: _Child) -> ExtractionError:
        about = logger.bind(module=self._module, status=child.process.returncode, hungry=child.hungry)
        about.error("a child gave no answer: {}", child.said.decode(errors="replace"))
        return ExtractionError(TOO_HUNGRY if child.hungry else None)

    async def _start(self) -> _Child:
        libraries, directory = await mark_at_rest(), LockedDirectory(DIRECTORY)
        try:
            process = await start_child(
                (sys.executable, "-m", self._module),
                env=built_environment(HOME="/nonexistent", PYTHONSAFEPATH="1", TMPDIR=str(directory.path)),
                inherit=self._inherit,
                network=self._network,
                files=Files(reads=self._reads, writes=(directory.path,), sandboxes=self._browser),
                data_bytes=self._limits.memory_bytes,
                file_bytes=LARGEST_FILE,
                processes=PROCESSES,
                stdin=asyncio.subprocess.PIPE,
                line_limit=MAX_ANSWER,
            )
        except BaseException:
            directory.close()
            raise
        child = _Child(process, directory, libraries)
        child.listening = asyncio.create_task(_keep_tail(child), name="child's stderr")
        return child

    async def _kill(self, child: _Child) -> None:
        await self._end(child, grace=0.0)

    async def _end(self, child: _Child, *, grace: float = GRACE) -> None:
        await end_child(child.process, grace=grace)
        assert child.process.stdin, "started with pipes"
        assert child.listening, "since it was started"
        child.process.stdin.close()
        with suppress(OSError):  # what it never read
            await child.process.stdin.wait_closed()
        with suppress(TimeoutError):
            async with asyncio.timeout(GRACE):  # a program that left the group may hold the pipe
                await child.listening
        await asyncio.to_thread(child.directory.close)

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
