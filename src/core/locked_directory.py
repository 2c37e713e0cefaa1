"""A directory for what a process keeps while it runs; it goes with the process, also when that was killed."""

import fcntl
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

PREFIXES = ("bb-chromium-", "bb-child-", "bb-gallery-dl-", "bb-index-", "bb-looks-")  # of all that are made


class LockedDirectory:
    """Holds the lock of a fresh directory; those of the dead are removed on the way."""

    def __init__(self, prefix: str) -> None:
        """Make it among the temporary files; its name begins with `prefix`."""
        remove_dead(prefix)
        # The first name is one under which nobody takes it for that of a dead process.
        fresh = Path(tempfile.mkdtemp(prefix=f"new-{prefix}"))
        self._lock = os.open(fresh, os.O_RDONLY)
        fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self.path = fresh.rename(fresh.with_name(fresh.name.removeprefix("new-")))

    def close(self) -> None:
        """Remove it."""
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._lock)


def remove_dead(*prefixes: str) -> None:
    """Remove the directories of processes that were killed: those with these prefixes, or all of ours."""
    there = Path(tempfile.gettempdir())
    for path in [path for prefix in prefixes or PREFIXES for path in there.glob(f"{prefix}*")]:
        with suppress(OSError):  # locked, gone meanwhile, or somebody else's
            if path.lstat().st_uid != os.geteuid():
                continue
            lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(path, ignore_errors=True)
            finally:
                os.close(lock)
