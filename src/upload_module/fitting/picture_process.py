"""Runs `picture_child`: a stranger's picture is decoded in a process that can't take more than it is given."""

import asyncio
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loguru import logger

from core.children import built_environment, end_child, start_child, was_killed
from core.errors import CompressionFailed, DiskFull, ProgramEnded
from core.sandbox import Files, Network
from upload_module.fitting.fit import FitRules

MODULE = "upload_module.fitting.picture_child"
MEMORY = 3 * 1024**3  # bytes of address space
CPU_SECONDS = 600
LARGEST_FILE = 2 * 1024**3  # bytes
THREADS = 256
LOOK_TIMEOUT = 60.0  # seconds, on a machine that is busy


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a picture is."""

    format: str  # as Pillow names it
    width: int  # pixels, as they are stored
    height: int
    frames: int
    animated: bool
    see_through: bool  # an animation whose first frame is not all opaque


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureProcess:
    """Starts one child for each job; a job that is cancelled ends its child at once."""

    rules: FitRules
    inherit: tuple[int, ...] = ()  # descriptors that each child keeps

    async def look(self, file: Path) -> Look:
        """What a picture is, by its header.

        Raises:
            CompressionFailed: nothing can be done with it; the sentence says why.
        """
        return Look(**(await self._run("look", file, timeout=LOOK_TIMEOUT))["looked"])

    async def fit(self, file: Path, limit_bytes: int, target: Path, tell: Callable[[float], None]) -> Path:
        """Make a still picture of at most `limit_bytes`; the file, which is `target` with a suffix.

        Args:
            file: the picture.
            limit_bytes: bytes.
            target: where to, without a suffix.
            tell: called with percents.

        Raises:
            CompressionFailed: as for `look`.
            DiskFull: there is no room for it.
        """
        return Path((await self._run("fit", file, limit_bytes, target, tell))["made"])

    async def convert(self, file: Path, limit_bytes: int, target: Path, tell: Callable[[float], None]) -> Path:
        """As `fit`, into a format that everybody can see, no larger than it must be to look the same."""
        return Path((await self._run("convert", file, limit_bytes, target, tell))["made"])

    async def shrink(self, file: Path, limit_bytes: int, target: Path, tell: Callable[[float], None]) -> Path:
        """As `fit`, for an animation, of which a smaller animated WebP is made."""
        return Path((await self._run("shrink", file, limit_bytes, target, tell))["made"])

    async def _run(
        self,
        do: str,
        file: Path,
        limit_bytes: int = 0,
        target: Path | None = None,
        tell: Callable[[float], None] | None = None,
        *,
        timeout: float | None = None,
    ) -> dict[str, Any]:
        job = {
            "do": do,
            "file": str(file.absolute()),
            "target": str(target),
            "limit": limit_bytes,
            "min_quality": self.rules.min_picture_quality,
        }
        began = time.monotonic()
        child = await start_child(
            [sys.executable, "-m", MODULE],
            env=built_environment(HOME="/nonexistent", PYTHONSAFEPATH="1"),
            inherit=self.inherit,
            network=Network.NONE,
            files=Files(reads=(file.absolute(),), writes=(target.absolute().parent,) if target else ()),
            memory_bytes=MEMORY,
            cpu_seconds=CPU_SECONDS,
            file_bytes=LARGEST_FILE,
            processes=THREADS,
            niceness=self.rules.niceness,
            outlives_us=False,
            stdin=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            async with asyncio.timeout(self.rules.timeout if timeout is None else timeout):
                answer, said = await asyncio.gather(_answer(child, job, tell or (lambda _: None)), _tail(child.stderr))
                status = await child.wait()
        except TimeoutError as error:
            raise CompressionFailed("This picture takes too long to be worked on.") from error
        finally:
            await asyncio.shield(end_child(child))
        if "refused" in answer:
            logger.bind(do=do).info("{} {}", answer["refused"], said.strip()[-500:])
            raise CompressionFailed(answer["refused"])
        if not answer:
            if "No space left on device" in said:
                raise DiskFull
            if was_killed(status) and time.monotonic() - began < CPU_SECONDS:  # else the limit did it
                raise ProgramEnded
            logger.bind(status=status, do=do).warning("the picture's process ended: {}", said[-2000:])
            raise CompressionFailed("This picture could not be worked on. Ask for a smaller version of it.")
        return dict(answer)


async def _answer(
    child: asyncio.subprocess.Process, job: dict[str, Any], tell: Callable[[float], None]
) -> dict[str, Any]:
    assert child.stdin is not None, "started with pipes"
    assert child.stdout is not None, "started with pipes"
    child.stdin.write(json.dumps(job).encode() + b"\n")
    answer: dict[str, Any] = {}
    async for line in child.stdout:
        said = json.loads(line)
        if "percent" in said:
            tell(said["percent"])
        else:
            answer = said
    return answer


async def _tail(stream: asyncio.StreamReader | None) -> str:
    assert stream is not None, "started with pipes"
    kept = b""
    while more := await stream.read(2**16):
        kept = (kept + more)[-(2**16) :]
    return kept.decode(errors="replace")
