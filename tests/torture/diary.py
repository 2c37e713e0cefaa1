"""What was done to the program and when: for the traces of a run that failed, and for its figures."""

import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Diary:
    """One line a deed."""

    begun: float = field(default_factory=time.monotonic)
    lines: list[dict[str, Any]] = field(default_factory=list)

    def note(self, what: str, **more: Any) -> None:
        """Write down a deed of the tormentor's."""
        self.lines.append({"at": round(time.monotonic() - self.begun, 3), "what": what} | more)

    def counted(self, what: str, by: str) -> Counter[str]:
        """How often a deed was done, by one of its details."""
        return Counter(str(line[by]) for line in self.lines if line["what"] == what)
