"""A sample of all trials, about fifty seconds of CPU time; `python -m tests.nth_failure` runs every one of them.

`NTH_FAILURE_SEED` chooses another sample.
"""

import os
import sys
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.nth_failure.campaign import Campaign, distinct, opened, sample, trials_of
from tests.nth_failure.plan import FAULTS, Kind, Trial

pytestmark = [pytest.mark.timeout(600), pytest.mark.asyncio(loop_scope="module")]
# Few of what is slow, more of what is fast and matters most: the delivery, which must happen once.
SAMPLES = [
    (Kind.HTTP, "delivery", FAULTS[Kind.HTTP], 6),
    (Kind.SQL, "delivery", FAULTS[Kind.SQL], 6),
    (Kind.SQL, "direct", ("io", "lost", "kill-before", "kill-after"), 3),
    (Kind.RPC, "direct", ("reset", "lost", "aria2c-before", "kill-after"), 2),
    (Kind.FILE, "direct", ("no-space", "kill-before", "no-write"), 3),
]
# What these found is mended.
ONCE_BROKEN = [
    Trial(kind=Kind.FILE, shape="direct", fault="no-space", n=1, what="os.remove film.mp4"),  # stayed for ever
    Trial(kind=Kind.FILE, shape="direct", fault="io", n=1, what="os.remove data/aria2/aria2-#.conf"),  # exit status 1
]


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")  # which pytest shows when it matters


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def campaign(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Campaign]:
    async with opened(tmp_path_factory.mktemp("nth"), jobs=2, tell=_say) as campaign:
        yield campaign


@pytest.mark.parametrize(("kind", "shape", "faults", "size"), SAMPLES, ids=lambda value: str(value)[:8])
async def test_one_fault_changes_nothing_about_how_it_ends(
    campaign: Campaign, kind: Kind, shape: str, faults: tuple[str, ...], size: int
) -> None:
    seed = int(os.environ.get("NTH_FAILURE_SEED", "1"))
    dry = await campaign.count(kind, shape)
    everything = (
        distinct(kind, shape, dry.operations, faults)
        if dry.operations
        else trials_of(kind, shape, range(1, dry.counted + 1), faults)
    )
    chosen = sample(everything, size, seed)
    campaign.tell(f"{kind} {shape}: {dry.counted} operations, {len(chosen)} of {len(everything)} trials, seed {seed}")
    outcomes = await campaign.run(chosen)
    assert [str(outcome) for outcome in outcomes if outcome.broken] == []
    struck = sum(bool(outcome.struck) for outcome in outcomes)
    assert struck > len(outcomes) / 2, "a run may be over before the n-th, but not most of them"


async def test_what_once_was_broken_holds(campaign: Campaign) -> None:
    outcomes = await campaign.run(ONCE_BROKEN)
    assert [str(outcome) for outcome in outcomes if outcome.broken] == []
    assert all(outcome.struck for outcome in outcomes), "they name operations that are there"
