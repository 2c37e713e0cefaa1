"""What ran in earlier campaigns: a file with one line a trial, so that the next one goes on where the last stopped."""

import json
from pathlib import Path

from tests.nth_failure.plan import Trial
from tests.nth_failure.trial import Outcome


class Done:
    """Trials whose fault struck and broke nothing: the others have proved nothing yet."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._keys: set[str] = set()
        if path is not None and path.exists():
            lines = map(json.loads, path.read_text().splitlines())
            self._keys = {Trial.from_json(line["trial"]).key for line in lines if line["struck"] and not line["broken"]}

    def __contains__(self, trial: Trial) -> bool:
        return trial.key in self._keys

    def add(self, outcome: Outcome) -> None:
        """Write down how one ended, at once: the campaign itself may be killed."""
        if outcome.struck and not outcome.broken:
            self._keys.add(outcome.trial.key)
        if self._path is None:
            return
        line = {
            "trial": outcome.trial.as_json(),
            "struck": outcome.struck,
            "broken": outcome.broken,
            "failed_with": outcome.failed_with,
            "seconds": round(outcome.seconds, 1),
        }
        with self._path.open("a") as file:
            file.write(f"{json.dumps(line)}\n")
