"""How far a piece of work with several passes is, and how long it will still take."""

import time
from collections.abc import Sequence

from core.ffmpeg_run import Report as PassReport
from upload_module.fitting.fit import Report


class WorkCourse:
    """Tells one report of all passes together."""

    def __init__(self, report: Report, shares: Sequence[float]) -> None:
        """Begin; `shares` are the parts of the whole that the passes take, 1 together."""
        self._report = report
        self._shares = shares
        self._began = time.monotonic()

    def of_pass(self, number: int) -> PassReport:
        """The report of one pass, the first being 0; one beyond the last does the last one over again."""
        number = min(number, len(self._shares) - 1)
        before, share = sum(self._shares[:number]), self._shares[number]

        def report(activity: str, percent: float | None) -> None:
            if percent is None:
                self._report(activity, None, None)
                return
            done = before + share * percent / 100
            passed = time.monotonic() - self._began
            self._report(activity, 100 * done, passed * (1 - done) / done if done > 0 else None)

        return report
