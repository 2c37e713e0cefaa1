"""Counts, makes a trial of every operation, and runs them side by side."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from core import migrate
from core.database import Database
from download_module.library_matchers import load_patterns
from tests.nth_failure.done import Done
from tests.nth_failure.house import Workshop
from tests.nth_failure.nursery import Nursery
from tests.nth_failure.plan import FAULTS, ONLY_OF_COMMITS, Kind, Trial
from tests.nth_failure.shapes import SHAPES, Fair, Shape, fair
from tests.nth_failure.trial import Outcome, run_trial

FEW = 4  # what happens more often goes on by the clock: no run has as many as another
REPOSITORY = Path(__file__).parents[2]


@dataclass(slots=True)
class Campaign:
    """All trials of some kinds and shapes."""

    directory: Path
    fair: Fair
    workshop: Workshop
    jobs: int
    tell: Callable[[str], None]
    done: Done = field(default_factory=Done)
    shapes: dict[str, Shape] = field(default_factory=dict)
    _number: int = 0

    async def count(self, kind: Kind, shape: str) -> Outcome:
        """A run without a fault, which says how many operations there are.

        Raises:
            AssertionError: it does not even hold without one.
        """
        outcome = await self.run_one(Trial(kind=kind, shape=shape))
        assert not outcome.broken, str(outcome)
        return outcome

    async def run(self, trials: Iterable[Trial]) -> list[Outcome]:
        """Run those that were not run yet, several at once."""
        waiting = iter([trial for trial in trials if trial not in self.done])
        outcomes: list[Outcome] = []

        async def work() -> None:
            for trial in waiting:
                outcome = await self.run_one(trial)
                outcomes.append(outcome)
                self.done.add(outcome)
                self.tell(str(outcome))

        await asyncio.gather(*(work() for _ in range(self.jobs)))
        return outcomes

    async def run_one(self, trial: Trial) -> Outcome:
        """Run one of them."""
        if trial.shape not in self.shapes:
            self.shapes[trial.shape] = await SHAPES[trial.shape](self.fair)
        self._number += 1
        name = f"{self._number:04}-{trial.kind}-{trial.shape}-{trial.fault or 'count'}-{trial.n}"
        return await run_trial(trial, self.shapes[trial.shape], self.directory / name, self.workshop)


def trials_of(kind: Kind, shape: str, numbers: Iterable[int], faults: Sequence[str] = ()) -> list[Trial]:
    """One for each n and fault; all faults of the kind where none is named."""
    return [Trial(kind=kind, shape=shape, fault=fault, n=n) for n in numbers for fault in faults or FAULTS[kind]]


def distinct(kind: Kind, shape: str, operations: Sequence[str], faults: Sequence[str] = ()) -> list[Trial]:
    """One for each operation that reads like no other, at its first and its last time."""
    times = Counter(operations)
    return [
        Trial(kind=kind, shape=shape, fault=fault, n=n, what=what)
        for what, count in times.items()
        for n in sorted({1, count if count <= FEW else 1})
        for fault in faults or FAULTS[kind]
        if makes_a_difference(kind, fault, what)
    ]


def makes_a_difference(kind: Kind, fault: str, what: str) -> bool:
    """Whether an operation that fails so leaves something else behind than when it fails in another way."""
    if kind is Kind.SQL and fault in ONLY_OF_COMMITS:
        return what.startswith("COMMIT")
    return fault != "no-write" or what.startswith("open")


def sample(trials: Sequence[Trial], size: int, seed: int) -> list[Trial]:
    """Some of them, the same for the same seed."""
    return random.Random(seed).sample(trials, min(size, len(trials)))


@asynccontextmanager
async def opened(
    directory: Path, *, jobs: int, tell: Callable[[str], None], done: Path | None = None
) -> AsyncIterator[Campaign]:
    """Everything that trials share; `done` is a file with those that were run before."""
    directory.mkdir(parents=True, exist_ok=True)
    migrated = directory / "migrated.db"
    database = Database(f"sqlite+aiosqlite:///{migrated}")
    await migrate.upgrade(database)
    await database.close()
    await load_patterns(directory / "patterns")
    nursery = Nursery()
    await nursery.open(REPOSITORY)
    try:
        async with fair(directory / "media") as servers:
            workshop = Workshop(nursery=nursery, migrated=migrated, patterns=directory / "patterns")
            yield Campaign(directory, servers, workshop, jobs, tell, Done(done))
    finally:
        await nursery.close()
