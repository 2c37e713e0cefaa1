"""Kills, ends or stops a random process of the program at random moments."""

import asyncio
import contextlib
import random
import signal
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import psutil

from tests.support.processes import wait_until
from tests.torture.crowd import MAINS, Crowd, kind_of
from tests.torture.diary import Diary
from tests.torture.world import LEASE

# How likely each kind is chosen while one of it is there; the more seldom, the more often it was hit before, so that
# those who live for a moment only get their share.
WEIGHTS = {"bot": 0.3, "download": 1, "upload": 1, "aria2c": 1, "guard": 1, "extractor": 2, "ffmpeg": 4, "browser": 3}
RAREST, AT_LEAST = "browser", 2  # of the last rounds are for it, where it was not hit before
LURED_WITHIN = 30.0  # seconds
SHORTEST, LONGEST = 0.1, 0.9  # seconds between two rounds
ORDERLY = 0.25  # of the rounds end the process with SIGTERM
STOPPED_AT_ONCE = 2
HANGS, HANGING = 0.05, 4.0  # of the stops, and for so many leases: the supervisor kills a runner after three
MERCY = 0.95  # at each look, of which there are twenty a second
PATIENCE = 60.0  # seconds


@dataclass(kw_only=True)
class Murderer:
    """Every round is one deed; the stops are spread among them.

    A main process that is just starting is spared most times: else, on a busy machine, nothing would ever be at work.
    """

    crowd: Crowd
    chance: random.Random
    diary: Diary
    childhood: float  # seconds that a start takes here
    lure: Callable[[], Awaitable[None]]  # has the rarest kind started
    stopped: set[asyncio.Task[None]] = field(default_factory=set)
    struck: Counter[str] = field(default_factory=Counter)  # deeds by kind

    async def work(self, rounds: int, stops: int) -> None:
        """Do it; nobody is left stopped."""
        deeds = [True] * stops + [False] * (rounds - stops)
        self.chance.shuffle(deeds)
        for number, is_stop in enumerate(deeds):
            await asyncio.sleep(self.chance.uniform(SHORTEST, LONGEST))
            if number >= rounds - AT_LEAST and self.struck[RAREST] < AT_LEAST:
                await self._wait_for_rarest()
            if is_stop:
                await self._stop_one(number)
            else:
                await self._kill_one(number)
        await asyncio.gather(*self.stopped)

    async def _wait_for_rarest(self) -> None:
        await self.lure()
        with contextlib.suppress(TimeoutError):  # on a busy machine it takes longer than anybody wants to wait
            await wait_until(lambda: RAREST in self.crowd.by_kind(), LURED_WITHIN, every=0.1, description=RAREST)

    async def _kill_one(self, number: int) -> None:
        await self._strike(number, signal.SIGTERM if self.chance.random() < ORDERLY else signal.SIGKILL)

    async def _stop_one(self, number: int) -> None:
        while len(self.stopped) >= STOPPED_AT_ONCE:
            await asyncio.wait(self.stopped, return_when=asyncio.FIRST_COMPLETED)
        victim = await self._strike(number, signal.SIGSTOP)
        leases = HANGING if self.chance.random() < HANGS else self.chance.uniform(1.2, 1.8)
        task = asyncio.create_task(_let_go(victim, LEASE * leases))
        self.stopped.add(task)
        task.add_done_callback(self.stopped.discard)

    async def _strike(self, number: int, how: signal.Signals) -> psutil.Process:
        """Do it to somebody."""

        def strike() -> psutil.Process | None:
            victim = self._somebody()
            if victim is None:
                return None
            kind = kind_of(victim)
            deed = signal.SIGKILL if (kind, how) == ("guard", signal.SIGTERM) else how  # it ignores the other one
            try:
                victim.send_signal(deed)
            except psutil.NoSuchProcess:  # it was faster
                return None
            self.struck[kind] += 1
            self.diary.note("deed", round=number, signal=deed.name, kind=kind, pid=victim.pid)
            return victim

        struck = await wait_until(strike, PATIENCE, every=0.05, description="somebody to kill")
        assert struck is not None
        return struck

    def _somebody(self) -> psutil.Process | None:
        kinds = {kind: there for kind, there in self.crowd.by_kind().items() if kind in WEIGHTS}
        if not kinds:
            return None
        if RAREST in kinds and self.struck[RAREST] < AT_LEAST:
            kinds = {RAREST: kinds[RAREST]}
        kind = self.chance.choices(list(kinds), [WEIGHTS[kind] / (1 + self.struck[kind]) for kind in kinds])[0]
        victim = self.chance.choice(sorted(kinds[kind], key=lambda one: one.pid))
        is_young = kind in MAINS.values() and time.time() - victim.create_time() < self.childhood
        return None if is_young and self.chance.random() < MERCY else victim


async def _let_go(victim: psutil.Process, seconds: float) -> None:
    try:
        await asyncio.sleep(seconds)
    finally:
        with contextlib.suppress(psutil.NoSuchProcess):
            victim.send_signal(signal.SIGCONT)
