"""A directory for the files of one browser process, which goes with it, also when both were killed."""

import fcntl
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

PREFIX = "boss-bot-browser-"
UNLOCKED = "boss-bot-new-browser-"  # the first name, under which nobody takes it for that of a dead browser


class Home:
    """Holds the lock of a fresh directory; those of the dead are removed on the way."""

    def __init__(self) -> None:
        remove_dead()
        fresh = Path(tempfile.mkdtemp(prefix=UNLOCKED))
        self._lock = os.open(fresh, os.O_RDONLY)
        fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self.path = fresh.rename(fresh.with_name(PREFIX + fresh.name.removeprefix(UNLOCKED)))

    def close(self) -> None:
        """Remove it."""
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._lock)


def remove_dead() -> None:
    """Remove the directories of browsers that were killed."""
    for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError):  # locked, gone meanwhile, or somebody else's
            if path.lstat().st_uid != os.geteuid():
                continue
            lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(path, ignore_errors=True)
            finally:
                os.close(lock)
