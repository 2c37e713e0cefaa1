"""What a child process may reach: which layers this machine has, and how a program is started behind them."""

import base64
import functools
import json
import os
import subprocess
import sys
import sysconfig
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from loguru import logger

PROBE_TIMEOUT = 30.0  # seconds, on a machine that is busy
_HERE = Path(__file__).parent
# What programs are made of and need to know. Not in it: homes, data, the network's sockets in /run, temporary files.
_SYSTEM = (
    *("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/opt", "/etc", "/proc", "/sys"),
    *("/nix/store", "/gnu/store", "/snap", "/run/current-system", "/var/cache/fontconfig", "/var/lib/ca-certificates"),
)
_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")


class Network(StrEnum):
    """What of the network a child reaches. The third kind is a `GuardedNetwork`."""

    HOST = "host"  # all that this process does
    NONE = "none"  # nothing, not even this machine


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """What a child finds on disk beside the system's programs and ours. A directory stands for all below it."""

    reads: tuple[Path, ...] = ()
    writes: tuple[Path, ...] = ()  # and reads
    sandboxes: bool = False  # it is a browser: the sandbox that it makes itself stands behind ours, and needs /proc


@dataclass(frozen=True, slots=True, kw_only=True)
class Layers:
    """What this machine can do; for what it can't, the reason."""

    namespaces: bool  # children can have a network of their own
    files: bool  # children can be kept from files, and from other processes
    why_no_namespaces: str = ""
    why_no_files: str = ""


_probing = threading.Lock()


def layers() -> Layers:
    """The layers that work here: tried once, which takes about a tenth of a second."""
    with _probing:
        return _probed()


def launched(
    argv: Sequence[str],
    *,
    parent: int | None = None,
    network: str | tuple[int, int] | None = None,
    files: Files | None = None,
    sandboxes: bool = False,
    limits: dict[str, int] | None = None,
    niceness: int = 0,
) -> list[str]:
    """The command line that confines itself and becomes `argv`; see `sandbox_launcher.become` for the arguments."""
    rules = {
        "parent": parent,
        "network": network,
        "files": None if files is None else _paths(argv[0], files),
        "sandboxes": sandboxes,
        "limits": limits or {},
        "niceness": niceness,
    }
    return _launcher(f"become(**{rules!r})", *argv)


def network_maker(descriptor: int, port: int) -> list[str]:
    """The command line of `sandbox_launcher.make_network`."""
    return _launcher(f"make_network({descriptor:d}, {port:d})")


def _launcher(call: str, *argv: str) -> list[str]:
    # Imported, not run as a script, so that it is compiled once. Its directory comes last: it holds names like `logs`.
    code = f"import sys; sys.path.append({str(_HERE)!r}); import sandbox_launcher; sandbox_launcher.{call}"
    return [sys.executable, "-I", "-S", "-c", code, *argv]


def _paths(program: str, files: Files) -> tuple[list[str], list[str]]:
    writes = [*_DEVICES, *_measured(), *map(str, files.writes)]
    if files.sandboxes:
        writes.append("/proc")
    return [*_programs(), str(Path(program).resolve()), *map(str, files.reads)], writes


@functools.cache
def _measured() -> tuple[str, ...]:
    """Where children of ours leave what coverage.py measured of them; nowhere but under the tests of this project."""
    try:
        config = json.loads(base64.b64decode(os.environ["COVERAGE_PROCESS_CONFIG"]))
        return (str(Path(config["data_file"]).parent),)
    except (KeyError, ValueError):
        return ()


@functools.cache
def _programs() -> tuple[str, ...]:
    """The system, Python, its packages, and us: never the working directory, where a `.env` may lie."""
    packages = [path for path in sys.path if Path(path).name in ("site-packages", "dist-packages")]
    ours = (sys.prefix, sys.base_prefix, *sysconfig.get_paths().values(), str(_HERE.parent), *packages)
    return (*_SYSTEM, *dict.fromkeys(ours))


@functools.cache
def _probed() -> Layers:
    if sys.platform != "linux":
        why = "only Linux has them"
        return Layers(namespaces=False, files=False, why_no_namespaces=why, why_no_files=why)
    why_no_namespaces = _failure(launched([sys.executable, "-I", "-S", "-c", "pass"], network="none"))
    working = [sys.executable, "-c", "import ctypes, ssl"]
    why_no_files = "the kernel has no Landlock, or an old one" if not _has_landlock() else ""
    why_no_files = why_no_files or _failure(launched(working, files=Files()))
    found = Layers(
        namespaces=not why_no_namespaces,
        files=not why_no_files,
        why_no_namespaces=why_no_namespaces,
        why_no_files=why_no_files,
    )
    about = logger.bind(namespaces=why_no_namespaces or "yes", landlock=why_no_files or "yes")
    if found.namespaces and found.files:
        about.debug("children are sandboxed")
    else:
        about.warning("children run without a part of their sandbox; `bossbotctl doctor` says what to do")
    return found


def _has_landlock() -> bool:
    from core.sandbox_launcher import landlock_version

    return landlock_version() > 0


def _failure(command: Sequence[str]) -> str:
    """Why it does not work; empty when it does."""
    try:
        done = subprocess.run(
            command,
            env={"PATH": os.environ.get("PATH", os.defpath)},  # a probe needs none of our secrets
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PROBE_TIMEOUT,
            check=False,
        )
    except (OSError, subprocess.SubprocessError) as error:
        return str(error)
    lines = done.stderr.strip().splitlines()
    return "" if done.returncode == 0 else (lines[-1] if lines else f"exit status {done.returncode}")
