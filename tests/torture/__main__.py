"""`python -m tests.torture --rounds 100 --seed 7 [--stops 25] [--keep DIR]`: torment the program, and judge it."""

import argparse
import asyncio
import contextlib
import random
import sys
import tempfile
from pathlib import Path

from tests.torture.run import Report, torture

STOPS = 0.23  # of the rounds: 300 of 1,300


def main() -> int:
    """Run it once; the exit status is 1 when a rule broke."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument("--rounds", type=int, default=100, help="deeds: kill -9, SIGTERM or SIGSTOP of a process")
    parser.add_argument("--seed", type=int, default=None, help="of everything random; default: random, and printed")
    parser.add_argument("--stops", type=int, default=None, help="how many of the rounds stop it longer than a lease")
    parser.add_argument("--keep", type=Path, default=None, help="where the traces go when a rule breaks")
    given = parser.parse_args()
    seed = random.SystemRandom().randrange(10**6) if given.seed is None else given.seed
    stops = round(given.rounds * STOPS) if given.stops is None else given.stops
    keep = given.keep or Path(tempfile.gettempdir()) / f"torture-{seed}"
    print(f"seed {seed}, {given.rounds} rounds, {stops} of them stops", flush=True)  # noqa: T201
    with (
        tempfile.TemporaryDirectory(prefix="t-") as directory,
        (Path(directory) / "output").open("w") as output,
        contextlib.redirect_stdout(output),  # each of hundreds of processes tells its end
    ):
        report = asyncio.run(torture(Path(directory), seed=seed, rounds=given.rounds, stops=stops, keep=keep))
    show(report, keep)
    return int(bool(report.faults))


def show(report: Report, keep: Path) -> None:
    """What happened, and what broke."""
    lines = [
        f"deeds: {dict(report.deeds.most_common())}",
        f"troubles of the site and of Discord: {report.troubles}; main processes started: {report.starts}",
        f"rows: {report.asked}, files delivered: {report.files}; {dict(sorted(report.outcomes.items()))}",
        f"longest wait of an outcome for its card: {report.longest_untold:.1f} s; seconds: {report.seconds}",
    ]
    for rule, faults in report.faults.items():
        lines += [f"BROKEN {rule}", *(f"    {fault}" for fault in faults[:20])]
    lines.append(f"traces: {keep}; again: --seed {report.seed}" if report.faults else "all nine rules held")
    print("\n".join(lines))  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
