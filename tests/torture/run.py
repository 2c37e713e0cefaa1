"""One run: the program starts, is used and tormented, is left in peace, ends, and is judged."""

import asyncio
import random
import sqlite3
import time
from collections import Counter
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from tests.support.processes import wait_until
from tests.torture.crowd import Crowd, adopt_orphans
from tests.torture.keeper import MAINS, Keeper
from tests.torture.members import Members
from tests.torture.murderer import Murderer
from tests.torture.rules import Evidence, breaches
from tests.torture.rules_of_downloads import is_over, rows_of
from tests.torture.rules_of_the_host import load_of, not_given_back, stray_files
from tests.torture.traces import keep_traces
from tests.torture.trouble import Trouble
from tests.torture.watch import Watch
from tests.torture.world import World, open_world

READY_WITHIN = 120.0  # seconds
SETTLED_WITHIN = 240.0
TOLD_WITHIN = 90.0  # more than the rule allows: that it took too long is to be seen, not to be guessed
QUIET_WITHIN = 30.0
SWEPT_WITHIN = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a run has shown."""

    seed: int
    deeds: Counter[str]  # by kind and signal
    troubles: int
    asked: int
    outcomes: Counter[str]  # rows by shape and how they ended
    files: int  # delivered
    starts: int
    longest_untold: float
    seconds: dict[str, float]
    faults: dict[str, list[str]]


async def torture(directory: Path, *, seed: int, rounds: int, stops: int, keep: Path | None) -> Report:
    """Do it once, in `directory`; `keep` gets the traces when a rule breaks."""
    adopt_orphans()
    clock = Clock()
    async with open_world(directory, seed) as world:
        crowd = Crowd(strangers={one.pid for one in psutil.Process().children(recursive=True)})  # tracker, seeder
        keeper = Keeper(world=world, crowd=crowd)
        members = Members(world=world, chance=random.Random(f"members {seed}"))
        watch = Watch(world=world, crowd=crowd)
        evidence = Evidence(world=world, members=members, watch=watch, crowd=crowd)
        async with keeper.keeping():
            await _begin(world, crowd)
            evidence.before = load_of(crowd)
            clock.note("start")
            async with _meanwhile(watch.look()):
                async with _meanwhile(members.act(), Trouble(world, random.Random(f"trouble {seed}")).make()):
                    chance = random.Random(f"murderer {seed}")
                    childhood = clock.seconds["start"]
                    murderer = Murderer(
                        crowd=crowd,
                        chance=chance,
                        diary=world.diary,
                        childhood=childhood,
                        lure=members.ask_for_browser,
                    )
                    await murderer.work(rounds, stops)
                clock.note("torture")
                await _settle(world, members, watch)
                await _quiet(crowd, evidence)
                clock.note("settling")
        await _end(keeper, crowd, evidence)
        faults = breaches(evidence)
        clock.note("end")
        if faults and keep is not None:
            keep_traces(evidence, faults, keep)
        return _report(world, keeper, watch, seed, clock, faults)


async def _begin(world: World, crowd: Crowd) -> None:
    await world.discord.wait_until_ready(READY_WITHIN)
    ready = "SELECT count(*) FROM runners WHERE kind IN ('download', 'upload') AND state = 'ready'"
    await wait_until(lambda: world.house.query(ready) == [(4,)], READY_WITHIN, description="four runners")
    children = {"aria2c", "guard"}  # of each download runner, once their launchers have become what they are
    await wait_until(lambda: all(len(crowd.by_kind().get(kind, ())) == 2 for kind in children), READY_WITHIN)


async def _settle(world: World, members: Members, watch: Watch) -> None:
    """Wait until all is over and told. What never ends is for the rules to say."""

    async def over() -> bool:
        rows = rows_of(world)
        if any(row["paused"] for row in rows):  # also by a button that was pressed while the bot was down
            await members.relent()
        return all(map(is_over, rows))

    with suppress(TimeoutError):
        await wait_until(over, SETTLED_WITHIN, every=0.25, description="rows")
        await wait_until(watch.is_all_told, TOLD_WITHIN, every=0.25, description="outcomes")


async def _quiet(crowd: Crowd, evidence: Evidence) -> None:
    """Wait until nothing is held that was not held before."""

    async def back() -> bool:
        evidence.after = load_of(crowd)
        return not any(not_given_back(evidence.before, evidence.after, []))

    with suppress(TimeoutError):
        await wait_until(back, QUIET_WITHIN, every=0.25, description="idle processes")
    evidence.left += [f"{one.pid} {one.name()}, whose parent is gone" for one in crowd.orphans()]


async def _end(keeper: Keeper, crowd: Crowd, evidence: Evidence) -> None:
    """A fresh runner sweeps what is to be swept; then all end."""
    place = MAINS.index("download")
    await keeper.end(place)
    await keeper.start(place, "download")
    await keeper.running[place].wait_for_output("runner is ready", READY_WITHIN)
    with suppress(TimeoutError):
        await wait_until(lambda: not any(stray_files(keeper.world)), SWEPT_WITHIN, description="a sweep")
    await asyncio.gather(*(keeper.end(place) for place in keeper.running))
    try:
        await wait_until(lambda: not crowd.living(), 10, description="the end of all")
    except TimeoutError:
        evidence.left += [f"{one.pid} {one.cmdline()[:6]}" for one in crowd.living()]


@asynccontextmanager
async def _meanwhile(*doings: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Do these in the background; a failure of theirs is one of the block."""
    tasks = [asyncio.create_task(doing) for doing in doings]
    try:
        yield
    finally:
        failed = [task for task in tasks if task.done()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for task in failed:
            task.result()


class Clock:
    """Seconds of each part of a run."""

    def __init__(self) -> None:
        self._since = time.monotonic()
        self.seconds: dict[str, float] = {}

    def note(self, part: str) -> None:
        now = time.monotonic()
        self.seconds[part], self._since = round(now - self._since, 1), now


def _end_of(row: sqlite3.Row) -> str:
    return str(row["error_kind"] if row["status"] == "failed" else row["status"])


def _report(
    world: World, keeper: Keeper, watch: Watch, seed: int, clock: Clock, faults: dict[str, list[str]]
) -> Report:
    deeds = Counter(f"{line['kind']} {line['signal']}" for line in world.diary.lines if line["what"] == "deed")
    rows = rows_of(world)
    shapes = {url: link.shape for url, link in world.site.links.items()}
    return Report(
        seed=seed,
        deeds=deeds,
        troubles=len(world.diary.counted("trouble", "where")),
        asked=len(rows),
        outcomes=Counter(f"{shapes.get(row['url'], '?')} {_end_of(row)}" for row in rows),
        files=sum(len(message.attachments) for message in world.said()),
        starts=keeper.starts,
        longest_untold=max((wait for wait, _, _ in watch.waits), default=0.0),
        seconds=clock.seconds,
        faults=faults,
    )
