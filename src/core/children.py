"""Child processes that can be killed as a group, get a built environment, and have limits."""

import asyncio
import contextlib
import ctypes
import os
import resource
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

KEEP = (
    "PATH",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TZ",
    "SYSTEMROOT",
    "COVERAGE_PROCESS_CONFIG",
    "COVERAGE_PROCESS_START",
)
PR_SET_PDEATHSIG = 1  # linux/prctl.h
_libc = ctypes.CDLL(None)


def built_environment(**more: str) -> dict[str, str]:
    """An environment without tokens, proxies or the configuration of a home directory."""
    return {name: os.environ[name] for name in KEEP if name in os.environ} | more


async def start_child(
    argv: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    inherit: Sequence[int] = (),
    memory_bytes: int | None = None,
    data_bytes: int | None = None,
    outlives_us: bool = True,
    stdin: int | None = asyncio.subprocess.DEVNULL,
    stdout: int | None = asyncio.subprocess.PIPE,
    stderr: int | None = asyncio.subprocess.PIPE,
    line_limit: int = 2**16,
) -> asyncio.subprocess.Process:
    """Start a program in a process group of its own.

    Args:
        inherit: open descriptors that the child keeps, such as `Alive.fd`.
        memory_bytes: its address space at most (RLIMIT_AS).
        data_bytes: memory that it may write to at most (RLIMIT_DATA), for programs that reserve far more than they use.
        outlives_us: False: the kernel kills it when this thread ends, however that comes about; on Linux.
        line_limit: bytes that the stream readers buffer.
    """
    return await asyncio.create_subprocess_exec(
        *map(str, argv),
        cwd=cwd,
        env=dict(env) if env is not None else built_environment(),
        pass_fds=inherit,
        start_new_session=True,
        preexec_fn=_prepared(memory_bytes, data_bytes, outlives_us=outlives_us),
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        limit=line_limit,
    )


def _prepared(memory_bytes: int | None, data_bytes: int | None, *, outlives_us: bool) -> Callable[[], None] | None:
    if not memory_bytes and not data_bytes and outlives_us:
        return None

    def limit() -> None:
        if not outlives_us and sys.platform == "linux":
            _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if memory_bytes:
            resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
        if data_bytes:
            resource.setrlimit(resource.RLIMIT_DATA, (data_bytes, data_bytes))
        if memory_bytes or data_bytes:
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    return limit


async def end_child(process: asyncio.subprocess.Process, *, grace: float = 0.0) -> None:
    """End a child and its whole group: SIGTERM and `grace` seconds first when asked, then SIGKILL."""
    if grace and process.returncode is None:
        _signal_group(process, signal.SIGTERM)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(grace):
                await process.wait()
    _signal_group(process, signal.SIGKILL)
    await process.wait()


def _signal_group(process: asyncio.subprocess.Process, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)  # the group outlives its leader
