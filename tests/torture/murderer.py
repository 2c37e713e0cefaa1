"""Kills, ends or stops a random process of the program at random moments."""

import asyncio
import contextlib
import random
import signal
import time
from dataclasses import dataclass, field

import psutil

from tests.support.processes import wait_until
from tests.torture.crowd import MAINS, Crowd, kind_of
from tests.torture.diary import Diary
from tests.torture.world import LEASE

# How likely each kind is chosen while one of it is there.
WEIGHTS = {"bot": 0.6, "download": 1, "upload": 1, "aria2c": 1, "guard": 1, "extractor": 2, "ffmpeg": 4, "browser": 1}
SHORTEST, LONGEST = 0.1, 1.0  # seconds between two rounds
ORDERLY = 0.25  # of the rounds end the process with SIGTERM
STOPPED_AT_ONCE = 2
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
    stopped: set[asyncio.Task[None]] = field(default_factory=set)

    async def work(self, rounds: int, stops: int) -> None:
        """Do it; nobody is left stopped."""
        deeds = [True] * stops + [False] * (rounds - stops)
        self.chance.shuffle(deeds)
        for number, is_stop in enumerate(deeds):
            await asyncio.sleep(self.chance.uniform(SHORTEST, LONGEST))
            if is_stop:
                await self._stop_one(number)
            else:
                await self._kill_one(number)
        await asyncio.gather(*self.stopped)

    async def _kill_one(self, number: int) -> None:
        await self._strike(number, signal.SIGTERM if self.chance.random() < ORDERLY else signal.SIGKILL)

    async def _stop_one(self, number: int) -> None:
        while len(self.stopped) >= STOPPED_AT_ONCE:
            await asyncio.wait(self.stopped, return_when=asyncio.FIRST_COMPLETED)
        victim = await self._strike(number, signal.SIGSTOP)
        task = asyncio.create_task(_let_go(victim, LEASE * self.chance.uniform(1.2, 1.8)))
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
            self.diary.note("deed", round=number, signal=deed.name, kind=kind, pid=victim.pid)
            return victim

        struck = await wait_until(strike, PATIENCE, every=0.05, description="somebody to kill")
        assert struck is not None
        return struck

    def _somebody(self) -> psutil.Process | None:
        kinds = {kind: there for kind, there in self.crowd.by_kind().items() if kind in WEIGHTS}
        if not kinds:
            return None
        kind = self.chance.choices(list(kinds), [WEIGHTS[kind] for kind in kinds])[0]
        victim = self.chance.choice(sorted(kinds[kind], key=lambda one: one.pid))
        is_young = kind in MAINS.values() and time.time() - victim.create_time() < self.childhood
        return None if is_young and self.chance.random() < MERCY else victim


async def _let_go(victim: psutil.Process, seconds: float) -> None:
    try:
        await asyncio.sleep(seconds)
    finally:
        with contextlib.suppress(psutil.NoSuchProcess):
            victim.send_signal(signal.SIGCONT)
