"""A hundred kills and stops of a program at work, with trouble everywhere; the nine rules hold afterwards.

In a process of its own, which adopts the orphans of the program. TORTURE_SEED repeats a run, TORTURE_ROUNDS makes it
longer.
"""

import os
import sys
from pathlib import Path

import pytest

from tests.support.processes import Programs

ROUNDS = os.environ.get("TORTURE_ROUNDS", "100")
SEED = os.environ.get("TORTURE_SEED", "20261121")
CHECKOUT = Path(__file__).parents[2]


@pytest.mark.timeout(600)
async def test_nothing_is_lost_doubled_or_left_whatever_dies(tmp_path: Path, programs: Programs) -> None:
    command = (sys.executable, "-m", "tests.torture", "--rounds", ROUNDS, "--seed", SEED, "--keep", tmp_path / "traces")
    # Coverage of processes that are killed is not written, and measuring it would slow down what is timed.
    unmeasured = {"COVERAGE_PROCESS_CONFIG": None, "COVERAGE_PROCESS_START": None}
    run = await programs.start(command, unmeasured, CHECKOUT, name="torture")
    assert await run.wait(570) == 0, run.output
    assert "all nine rules held" in run.output
