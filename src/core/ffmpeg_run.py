"""Runs ffmpeg on files of ours: no network, no other files, limits, progress; cancelled it ends within a second."""

import asyncio
import os
import signal
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

from loguru import logger

from core.children import end_child, start_child, was_killed
from core.errors import ChecksumMismatch, DiskFull, ProgramEnded, TooLarge
from core.sandbox import Files, Network

Report = Callable[[str, float | None], None]  # what is being done, and how many percent of it are
TIMEOUT = 1800.0  # seconds, for work that encodes nothing
ENCODE_TIMEOUT = 4 * 3600.0
MEMORY = 6 * 1024**3  # bytes of address space
LARGEST_FILE = 64 * 1024**3  # bytes
THREADS = 4096  # it makes some for each core and stream
TAIL = 65536  # bytes of what ffmpeg says that are kept
# What it says when an input breaks off; it takes that for the input's end, and is content.
BROKEN = ("partial file", "File ended prematurely", "Error during demuxing")
TOO_LONG = "File too large"
SIGNALLED = 255  # its exit status when it ends in order after SIGTERM
FULL = ("No space left on device", "Disk quota exceeded")
# Newer versions look at the names of segments; ours are all "<number>.part".
PICKY = (("allowed_extensions", "ALL"), ("allowed_segment_extensions", "ALL"), ("extension_picky", "0"))


def silent(_activity: str, _percent: float | None) -> None:
    """A report that nobody reads."""


class Ffmpeg:
    """The program ffmpeg."""

    def __init__(self, *, inherit: tuple[int, ...] = (), niceness: int = 0) -> None:
        """Make it; `inherit` are descriptors that each child keeps, `niceness` is added to that of ours."""
        self._inherit = inherit
        self._niceness = niceness
        self._hls_options: tuple[str, ...] | None = None

    async def hls_options(self) -> tuple[str, ...]:
        """What the installed version needs to read a playlist of ours."""
        if self._hls_options is None:
            child = await start_child(
                ["ffmpeg", "-hide_banner", "-h", "demuxer=hls"], stderr=asyncio.subprocess.DEVNULL
            )
            try:
                known = (await child.communicate())[0].decode()
            finally:
                await asyncio.shield(end_child(child))
            if was_killed(child.returncode):
                raise ProgramEnded
            options = [(f"-{name}", value) for name, value in PICKY if f"-{name} " in known]
            self._hls_options = tuple(word for option in options for word in option)
        return self._hls_options

    async def run(
        self,
        arguments: Sequence[str],
        *,
        activity: str,
        reads: Sequence[Path] = (),
        writes: Sequence[Path] = (),
        seconds: float | None = None,
        report: Report = silent,
        cwd: Path | None = None,
        timeout: float | None = None,
    ) -> None:
        """Run it to its end.

        Args:
            arguments: inputs and outputs.
            activity: what it does, in a word.
            reads: the files that it is given, or directories of them.
            writes: the directories of what it makes.
            seconds: how long the result will be, for the percentage.
            report: called about twice a second.
            cwd: its working directory.
            timeout: seconds, `TIMEOUT` when not given.

        Raises:
            ChecksumMismatch: ffmpeg could not read what it was given, or took too long.
            TooLarge: what it makes has no end.
            DiskFull: there is no room for the result.
            ProgramEnded: it was killed.
        """
        most = TIMEOUT if timeout is None else timeout
        child = await start_child(
            ["ffmpeg", "-nostdin", "-v", "error", "-nostats", "-progress", "pipe:1", "-y", *arguments],
            cwd=cwd,
            inherit=self._inherit,
            network=Network.NONE,
            files=Files(reads=tuple(reads), writes=tuple(writes)),
            memory_bytes=MEMORY,
            cpu_seconds=int(most * (os.cpu_count() or 1)) + 1,
            file_bytes=LARGEST_FILE,
            processes=THREADS,
            niceness=self._niceness,
            outlives_us=False,  # it ignores a closed pipe, and would encode for hours for nobody
        )
        assert child.stdout is not None
        assert child.stderr is not None
        try:
            async with asyncio.timeout(most):
                said, _ = await asyncio.gather(_tail(child.stderr), _follow(child.stdout, activity, seconds, report))
                status = await child.wait()
        except TimeoutError as error:
            raise ChecksumMismatch("The media could not be put together in time.") from error
        finally:
            await asyncio.shield(end_child(child))
        if any(full in said for full in FULL):  # also when it ends with 0
            raise DiskFull
        if status == -signal.SIGXFSZ or TOO_LONG in said:
            raise TooLarge("What would be made of this media has no end. Ask for a part of it.")
        if was_killed(status) or status == SIGNALLED:
            raise ProgramEnded
        if status != 0 or _broke_off(said, arguments):
            logger.bind(status=status, activity=activity).warning("ffmpeg: {}", said[-2000:])
            raise ChecksumMismatch("This media could not be put together: it arrived damaged.")


def _broke_off(said: str, arguments: Sequence[str]) -> bool:
    names = tuple(f"{name}: " for option, name in pairwise(arguments) if option == "-i")
    return any(line.startswith(names) or any(words in line for words in BROKEN) for line in said.splitlines())


async def _tail(stream: asyncio.StreamReader) -> str:
    """The end of what is said: damaged media can make ffmpeg say gigabytes."""
    kept = b""
    while more := await stream.read(2**16):
        kept = (kept + more)[-TAIL:]
    return kept.decode(errors="replace")


async def _follow(stream: asyncio.StreamReader, activity: str, seconds: float | None, report: Report) -> None:
    async for line in stream:
        name, _, value = line.decode(errors="replace").strip().partition("=")
        if name == "out_time_us" and value.lstrip("-").isdecimal():
            done = max(0.0, int(value) / 1_000_000)
            report(activity, min(100.0, 100.0 * done / seconds) if seconds else None)
