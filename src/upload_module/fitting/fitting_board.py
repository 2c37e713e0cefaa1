"""How far the fitting of one download is: what its fitters report, as one line of its row."""

import asyncio
import time
from collections.abc import Sequence
from typing import Any

from loguru import logger

from core.database import DatabaseFault
from core.models import Download
from core.store import Store
from upload_module.fitting.fit import Report
from upload_module.fitting.planner import Planned

EVERY = 0.5  # seconds between two writes
ENOUGH = 2.0  # percent after which the time that is left can be told from the time that is gone


class FittingBoard:
    """Gathers the reports of all files that are made at once."""

    def __init__(self, work: Sequence[Planned]) -> None:
        self._work = work
        self._percent: dict[int, float] = {}  # by the file's id, of those that are begun
        self._seconds_left: float | None = None
        self._began = time.monotonic()

    def report_of(self, planned: Planned) -> Report:
        """What the fitter of one file calls."""

        def report(_done: str, percent: float | None, seconds_left: float | None) -> None:
            self._percent[planned.file.id] = min(max(percent or 0.0, 0.0), 100.0)
            self._seconds_left = seconds_left

        return report

    def ended(self, planned: Planned) -> None:
        """One file is made, or can't be."""
        self._percent[planned.file.id] = 100.0

    def as_columns(self) -> dict[str, Any]:
        """What is written into the row."""
        total = len(self._work)
        underway = [planned for planned in self._work if self._percent.get(planned.file.id, 0.0) < 100.0]
        shown = underway[0] if underway else self._work[-1]
        number = min(total - len(underway) + 1, total)
        percent = sum(self._percent.values()) / total
        return {
            "activity": shown.says(f"{number}/{total}" if total > 1 else ""),
            "progress": round(percent, 1),
            "eta_seconds": self._left(percent),
        }

    def _left(self, percent: float) -> int | None:
        if len(self._work) == 1:
            return None if self._seconds_left is None else max(round(self._seconds_left), 0)
        if percent < ENOUGH:
            return None
        return round((time.monotonic() - self._began) * (100.0 - percent) / percent)

    async def keep(self, store: Store, download: Download) -> None:
        """Write it into the row again and again, until cancelled."""
        written: dict[str, Any] = {}
        while True:
            now = self.as_columns()
            if now != written:
                try:
                    await store.write(download, **now)
                except (DatabaseFault, OSError) as error:  # the next one says it better
                    logger.bind(download=download.id).warning("could not write how far it is: {}", error)
                written = now
            await asyncio.sleep(EVERY)
