"""One trial: start, fail, start again as a supervisor would, and look at what is there at the end."""

import contextlib
import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.nth_failure.house import House, Workshop, opened
from tests.nth_failure.http_faults import http_fault
from tests.nth_failure.plan import Kind, Trial
from tests.nth_failure.rules import broken_rules, left_on_disk, rows_of
from tests.nth_failure.shapes import Shape
from tests.support.discord_server import PlannedFault
from tests.support.processes import wait_until


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What came of a trial."""

    trial: Trial
    struck: str = ""  # what failed; empty when the program never came that far
    counted: int = 0
    operations: list[str] = field(default_factory=list)  # of a dry run, in their order
    starts: int = 0
    seconds: float = 0.0
    failed_with: str = ""  # the kind of a final error that a person's retry mended
    broken: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        end = "; ".join(self.broken) or (
            f"failed with {self.failed_with}, mended by a retry" if self.failed_with else "ok"
        )
        return f"{self.trial}: {end} ({self.seconds:.1f} s, {self.starts} starts) [{self.struck[:90]}]"


async def run_trial(trial: Trial, shape: Shape, directory: Path, workshop: Workshop) -> Outcome:
    """Run it in a directory of its own, which is removed unless something is broken."""
    began = time.monotonic()
    outcome = Outcome(trial=trial)
    async with opened(trial, shape, directory, workshop) as house:
        planned: PlannedFault | None = None
        if trial.kind is Kind.HTTP and trial.fault is not None:
            fault = http_fault(trial.fault, house.kill)
            planned = house.discord.fail("*", "/**", fault, skip=trial.n - 1)
        house.ask()
        await house.start()
        if await house.until_over() == "failed":
            row, _ = rows_of(house.database)
            outcome.failed_with = str(row["error_kind"])
            again = "downloaded" if row["failed_stage"] == "upload" else "pending"
            house.write("UPDATE downloads SET status = ? WHERE status = 'failed'", again)
            if await house.until_over() == "failed":
                outcome.broken.append(f"2: fails again: {rows_of(house.database)[0]['error']}")
        outcome.broken += await house.stop()
        if left_on_disk(house.downloads):
            await _sweep(house)
        _tell(outcome, house, planned)
    if not outcome.broken:
        shutil.rmtree(directory)
    outcome.seconds = time.monotonic() - began
    return outcome


async def _sweep(house: House) -> None:
    """Let a healthy runner's janitor remove what a dead one left."""
    await house.start(both=True)
    with contextlib.suppress(TimeoutError):  # a rule says so
        await wait_until(lambda: not left_on_disk(house.downloads), 10)
    await house.stop()


def _tell(outcome: Outcome, house: House, planned: PlannedFault | None) -> None:
    outcome.starts = len(house.outputs)
    record = house.record.read_text().splitlines() if house.record.exists() else []
    outcome.struck = next((line.removeprefix("struck ") for line in record if line.startswith("struck")), "")
    outcome.counted = next((int(line.split()[1]) for line in record if line.startswith("counted")), 0)
    outcome.operations = [line.removeprefix("saw ") for line in record if line.startswith("saw ")]
    if house.trial.kind is Kind.HTTP:
        outcome.counted = len(house.discord.log)
        if planned is not None and planned.struck:
            hit = house.discord.log[house.trial.n - 1]
            outcome.struck = f"{hit.method} {hit.path}"
    if house.proxy is not None:
        outcome.counted, outcome.struck = house.proxy.count, house.proxy.struck
    outcome.broken += broken_rules(
        database=house.database,
        downloads=house.downloads,
        shape=house.shape,
        messages=house.channel.messages,
        said="".join(program.output for program in house.outputs),
        secret=house.discord.token,
    )
