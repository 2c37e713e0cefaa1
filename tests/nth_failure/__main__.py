"""Runs every trial there is: `python -m tests.nth_failure --kind sql --shape direct --every 1`.

Without arguments that are some ten thousands, and hours. `--distinct --once` is the short way through all of them:
each operation that reads like no other at its place in our code, in the first shape that has it. The exit status says
whether anything is broken; what is, stays in `--keep` with its database and its logs.
"""

import argparse
import asyncio
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tests.nth_failure.campaign import Campaign, distinct, opened, sample, trials_of
from tests.nth_failure.plan import FAULTS, Kind
from tests.nth_failure.shapes import SHAPES
from tests.nth_failure.trial import Outcome


def main() -> int:
    """Run what was asked for; 1 when a rule is broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.nth_failure", description=__doc__)
    parser.add_argument("--kind", action="append", choices=list(FAULTS), help="which operations (default: all)")
    parser.add_argument("--shape", action="append", choices=list(SHAPES), help="which download (default: all)")
    parser.add_argument("--fault", action="append", default=[], help="which way to fail (default: all of the kind)")
    parser.add_argument("--every", type=int, default=1, help="every n, or every so many-th (default: 1)")
    parser.add_argument(
        "--distinct", action="store_true", help="each statement or path that reads like no other, not n"
    )
    parser.add_argument("--once", action="store_true", help="with --distinct: not what an earlier shape did as well")
    parser.add_argument("--only", default="", help="with --distinct: operations with these words")
    parser.add_argument("--first", type=int, default=1, help="the first n (default: 1)")
    parser.add_argument("--last", type=int, help="the last n (default: as many as were counted)")
    parser.add_argument("--sample", type=int, help="only so many trials of each kind and shape, chosen by --seed")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2, help="trials at once (default: 2)")
    parser.add_argument("--done", type=Path, help="a file of trials that held; they are left out, new ones added")
    parser.add_argument("--keep", type=Path, help="where what is broken stays (default: a temporary directory)")
    asked = parser.parse_args()
    if asked.keep is not None:
        asked.keep.mkdir(parents=True, exist_ok=True)
    directory = Path(tempfile.mkdtemp(prefix="nth-failure-", dir=asked.keep))
    return asyncio.run(_run(asked, directory))


async def _run(asked: argparse.Namespace, directory: Path) -> int:
    async with opened(directory, jobs=asked.jobs, tell=_say, done=asked.done) as campaign:
        broken = 0
        for kind in map(Kind, asked.kind or FAULTS):
            known: set[str] = set()  # operations of the shapes before
            for shape in asked.shape or SHAPES:
                broken += await _all_of(campaign, kind, shape, asked, known)
    _say(f"{broken} broken; they are in {directory}" if broken else "nothing is broken")
    return 1 if broken else 0


async def _all_of(campaign: Campaign, kind: Kind, shape: str, asked: argparse.Namespace, known: set[str]) -> int:
    dry = await campaign.count(kind, shape)
    count = dry.counted
    faults = [fault for fault in asked.fault if fault in FAULTS[kind]]
    if asked.distinct and dry.operations:
        wanted = [one for one in dry.operations if asked.only in one and not (asked.once and one in known)]
        trials = distinct(kind, shape, wanted, faults)
    else:
        trials = trials_of(kind, shape, range(asked.first, (asked.last or count) + 1, asked.every), faults)
    known.update(dry.operations)
    if asked.sample is not None:
        trials = sample(trials, asked.sample, asked.seed)
    _say(f"{kind} {shape}: {count} operations, {len(trials)} trials")
    return _sum_up(f"{kind} {shape}", count, await campaign.run(trials))


def _sum_up(name: str, count: int, outcomes: Sequence[Outcome]) -> int:
    broken = [outcome for outcome in outcomes if outcome.broken]
    struck = sum(bool(outcome.struck) for outcome in outcomes)
    failed = Counter(outcome.failed_with for outcome in outcomes if outcome.failed_with)
    runs = f"N {count}, {len(outcomes)} runs, {struck} faults struck"
    _say(f"= {name}: {runs}, {len(broken)} broken, failed and mended {dict(failed)}")
    return len(broken)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
