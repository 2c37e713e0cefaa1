"""What can be made to fail, and which trials there are: one for every operation, every way to fail, every shape."""

import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Self


class Kind(StrEnum):
    """Which operations are counted."""

    SQL = "sql"  # statements and commits that reach SQLite
    RPC = "rpc"  # JSON-RPC requests to aria2c
    HTTP = "http"  # requests to Discord
    FILE = "file"  # what our own process opens for writing, makes, renames, removes or syncs below its directories


FAULTS: dict[Kind, tuple[str, ...]] = {
    Kind.SQL: ("locked", "full", "io", "lost", "kill-before", "kill-after"),
    Kind.RPC: ("timeout", "reset", "lost", "error", "aria2c-before", "aria2c-after", "kill-before", "kill-after"),
    Kind.HTTP: (
        "429",
        "500-before",
        "500-after",
        "503-before",
        "503-after",
        "reset-body",
        "reset-after",
        "timeout-before",
        "timeout-after",
        "kill-before",
        "kill-after",
    ),
    # A kill after an operation is one before the next, as far as files can tell.
    Kind.FILE: ("no-space", "io", "denied", "no-write", "kill-before"),
}
# What is rolled back leaves the same behind, whether it was done or not; a kill after it is one before the next.
ONLY_OF_COMMITS = ("lost", "kill-after")
MEANING = {
    "full": "the disk is full",
    "io": "an I/O error",
    "lost": "it is done, and its answer is an error or none",
    "no-write": "what is opened can be written to, but the disk is full",
    "aria2c-before": "aria2c is killed before it hears",
    "aria2c-after": "aria2c is killed before it answers",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One run of the program with one fault; without `fault` a dry run that counts."""

    kind: Kind
    shape: str
    fault: str | None = None
    n: int = 0  # from 1
    what: str | None = None  # count only operations that read like this: the n-th of them fails

    def __str__(self) -> str:
        return f"{self.kind} {self.shape} {self.fault or 'count'} {self.n}{' of its kind' if self.what else ''}"

    @property
    def key(self) -> str:
        """The same for the same trial of another campaign."""
        return json.dumps(self.as_json())

    def as_json(self) -> dict[str, Any]:
        """For the runner's environment."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """What `as_json` gave."""
        return cls(**data | {"kind": Kind(data["kind"])})
