"""Child processes that can be killed as a group, get a built environment, have limits, and reach what they need."""

import asyncio
import contextlib
import os
import shutil
import signal
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from core.sandbox import Files, Layers, Network, launched, layers
from core.sandbox_network import GuardedNetwork

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


def built_environment(**more: str) -> dict[str, str]:
    """An environment without tokens, proxies or the configuration of a home directory."""
    return {name: os.environ[name] for name in KEEP if name in os.environ} | more


async def start_child(
    argv: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    inherit: Sequence[int] = (),
    network: Network | GuardedNetwork = Network.HOST,
    files: Files | None = None,
    memory_bytes: int | None = None,
    data_bytes: int | None = None,
    cpu_seconds: int | None = None,
    file_bytes: int | None = None,
    processes: int | None = None,
    open_files: int | None = None,
    niceness: int = 0,
    outlives_us: bool = True,
    stdin: int | None = asyncio.subprocess.DEVNULL,
    stdout: int | None = asyncio.subprocess.PIPE,
    stderr: int | None = asyncio.subprocess.PIPE,
    line_limit: int = 2**16,
) -> asyncio.subprocess.Process:
    """Start a program in a process group of its own.

    `network` and `files` hold as far as this machine can confine a child: see `core.sandbox.layers`.

    Args:
        inherit: open descriptors that the child keeps, such as `Alive.fd`.
        network: what it reaches.
        files: what it finds on disk; its working directory, when given, may be read too. None: whatever we do.
        memory_bytes: its address space at most (RLIMIT_AS).
        data_bytes: memory that it may write to at most (RLIMIT_DATA), for programs that reserve far more than they use.
        cpu_seconds: processor time at most, after which it is killed.
        file_bytes: of a file that it writes at most.
        processes: and threads that it may have at once with all that it starts; only in a network of its own, where
            those of others do not count, and not when root starts it, whom no such limit holds.
        open_files: descriptors at most.
        niceness: added to ours.
        outlives_us: False: the kernel kills it when this thread ends, however that comes about; on Linux.
        line_limit: bytes that the stream readers buffer.

    Raises:
        FileNotFoundError: there is no such program.
    """
    environment = dict(env) if env is not None else built_environment()
    found = await asyncio.to_thread(layers) if files is not None or network is not Network.HOST else None
    entered = await network.enter() if isinstance(network, GuardedNetwork) else None
    own_network = entered is not None or (network is Network.NONE and found is not None and found.namespaces)
    limits = {
        "RLIMIT_AS": memory_bytes,
        "RLIMIT_DATA": data_bytes,
        "RLIMIT_CPU": cpu_seconds,
        "RLIMIT_FSIZE": file_bytes,
        "RLIMIT_NOFILE": open_files,
        "RLIMIT_NPROC": processes if own_network else None,
        "RLIMIT_CORE": 0,
    }
    words = [_program(str(argv[0]), environment, cwd), *map(str, argv[1:])]
    if found is not None or niceness or not outlives_us or any(limits.values()):
        browser = files is not None and files.sandboxes
        seen = _seen(files, cwd, found, own_network=own_network)
        words = launched(
            words,
            parent=None if outlives_us else os.getpid(),
            network=entered or _without(network, namespaces=own_network),
            files=seen,
            sandboxes=browser and (own_network or os.geteuid() != 0),
            limits={name: limit for name, limit in limits.items() if limit is not None},
            niceness=niceness,
        )
    return await asyncio.create_subprocess_exec(
        *words,
        cwd=cwd,
        env=environment,
        pass_fds=(*inherit, *(entered or ())),
        start_new_session=True,
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        limit=line_limit,
    )


def _program(name: str, environment: Mapping[str, str], cwd: Path | None) -> str:
    """Its absolute path, as it would be found."""
    path = shutil.which(name, path=environment.get("PATH", os.defpath))
    if path is None:
        raise FileNotFoundError(f"{name} is not installed")
    return str((cwd or Path.cwd()) / path)


def _seen(files: Files | None, cwd: Path | None, found: Layers | None, *, own_network: bool) -> Files | None:
    if files is None or found is None or not found.files:
        return None
    if files.sandboxes and not own_network:
        if os.geteuid() != 0:
            return None  # its own sandbox is the better one, and may need a setuid program, which ours would refuse
        files = replace(files, sandboxes=False)  # as root it has none without namespaces
    return replace(files, reads=(*files.reads, cwd)) if cwd else files


def _without(network: Network | GuardedNetwork, *, namespaces: bool) -> str | None:
    if network is not Network.NONE:
        return None
    return "none" if namespaces else "no tcp"


def was_killed(status: int | None) -> bool:
    """Whether a child ended because somebody wanted it to: the system, short of memory, or a person."""
    return status in (-signal.SIGKILL, -signal.SIGTERM)


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
