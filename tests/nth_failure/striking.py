"""Counts operations inside of the runner and strikes at the n-th."""

import os
import signal
import threading
from pathlib import Path

from tests.nth_failure.plan import Trial


class Striking:
    """What it did is told by a file that outlives a kill."""

    def __init__(self, trial: Trial, record: Path) -> None:
        self.fault = trial.fault
        self._n = trial.n
        self._what = trial.what
        self._count = 0
        self._struck = False
        self._lock = threading.Lock()
        self._record = os.open(record, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def now(self, what: str) -> bool:
        """Count an operation; whether it is the one that fails. A kill before it happens here."""
        with self._lock:
            if self._what in (None, what):
                self._count += 1
            if self.fault is None:
                self._tell(f"saw {what}")
            if self.fault is None or self._count != self._n or self._what not in (None, what) or self._struck:
                return False
            self._struck = True
        self._tell(f"struck {what}")
        if self.fault == "kill-before":
            self.kill()
        return True

    def kill(self) -> None:
        """The end of this process."""
        os.kill(os.getpid(), signal.SIGKILL)

    def close(self) -> None:
        """Tell how many there were."""
        self._tell(f"counted {self._count}")

    def _tell(self, line: str) -> None:
        os.write(self._record, f"{' '.join(line.split())}\n".encode(errors="replace"))
