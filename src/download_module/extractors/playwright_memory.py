"""The memory of this process and all that it started, read from /proc: address space says nothing of a browser."""

import os
import re
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

PROC = Path("/proc")
# What the kernel can't take back: not the program's own file, which all of its processes share.
_HELD = re.compile(r"^(?:RssAnon|RssShmem):\s+(\d+) kB", re.MULTILINE)


def held_by(pids: Iterator[int]) -> dict[int, int]:
    """Bytes of each process that still runs."""
    held = {}
    for pid in pids:
        with suppress(OSError):
            status = (PROC / str(pid) / "status").read_text()
            held[pid] = 1024 * sum(int(kilobytes) for kilobytes in _HELD.findall(status))
    return held


def descendants() -> Iterator[int]:
    """The processes below this one."""
    children: dict[int, list[int]] = {}
    for entry in PROC.iterdir():
        if entry.name.isdigit():
            with suppress(OSError, ValueError, IndexError):
                stat = (entry / "stat").read_text()
                parent = int(stat.rpartition(")")[2].split()[1])
                children.setdefault(parent, []).append(int(entry.name))
    waiting = [os.getpid()]
    while waiting:
        found = children.get(waiting.pop(), [])
        waiting += found
        yield from found


def end_largest_over(limit: int) -> bool:
    """Kill the largest descendant when all of them together hold more than `limit` bytes; whether that was so."""
    held = held_by(descendants())
    if sum(held.values()) <= limit:
        return False
    with suppress(ProcessLookupError):
        os.kill(max(held, key=lambda pid: held[pid]), signal.SIGKILL)
    return True
