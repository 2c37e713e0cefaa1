"""A file system of a few MiB, for what happens when it is full."""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

MIB = 1024 * 1024


@contextlib.contextmanager
def small_disk(place: Path, mib: int) -> Iterator[Path]:
    """Mounts a file system of `mib` MiB in memory; skips the test where that is not allowed."""
    mount = shutil.which("mount")
    place.mkdir()
    command = [mount or "mount", "-t", "tmpfs", "-o", f"size={mib}m", "tmpfs", str(place)]
    if mount is None or os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("only root may mount a small file system, and not everywhere")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)


def fill(disk: Path, leave: int = 0) -> Path:
    """Takes all room but `leave` bytes; the file that does it."""
    ballast = disk / "ballast"
    ballast.touch()  # before the look: its entry takes room, too
    size = max(0, shutil.disk_usage(disk).free - leave)
    with contextlib.suppress(OSError), ballast.open("wb") as file:
        for _ in range(0, size, MIB):
            file.write(bytes(min(MIB, size - file.tell())))
            file.flush()
    return ballast
