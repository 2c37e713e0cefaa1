"""What the guard reports: which targets it refused for which download, and which connections it ended."""

from collections.abc import Mapping
from typing import Any

from loguru import logger

KEPT = 1000  # downloads


class Reports:
    """Logs each refusal once, and remembers the last of each download."""

    def __init__(self) -> None:
        self.refused: dict[int, str] = {}  # host and port, by download
        self._logged: set[tuple[int | None, str]] = set()

    def note(self, report: Mapping[str, Any]) -> None:
        """Take in one report of the guard."""
        download, target = report["download"], report["target"]
        about = logger.bind(download=download, client=report["client"], target=target)
        if "refused" not in report:
            about.warning("the egress guard ended a connection: {}", report["ended"])
            return
        if len(self._logged) > KEPT:
            self._logged.clear()
        if (download, target) not in self._logged:  # a page may try thousands of times
            self._logged.add((download, target))
            about.bind(why=report["refused"]).warning("the egress guard refused a target")
        if download is not None:
            self.refused.pop(download, None)
            self.refused[download] = target
            if len(self.refused) > KEPT:
                del self.refused[next(iter(self.refused))]

    def forget(self, download: int) -> None:
        """A new try begins."""
        self.refused.pop(download, None)
        self._logged = {logged for logged in self._logged if logged[0] != download}
