"""Starts the main processes, and each of them again as soon as it has died; the bot starts two of its own."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from tests.support.processes import Program
from tests.torture.crowd import Crowd
from tests.torture.world import World

MAINS = ("bot", "download", "upload")  # beside the two runners that the bot keeps alive
LONGEST_PAUSE = 0.5  # seconds before a dead one is started again
END_WITHIN = 20.0


@dataclass(kw_only=True)
class Keeper:
    """What a service manager does."""

    world: World
    crowd: Crowd
    running: dict[int, Program] = field(default_factory=dict)  # by place in MAINS
    starts: int = 0

    @contextlib.asynccontextmanager
    async def keeping(self) -> AsyncIterator[None]:
        """Keep all of them alive within; they are left running afterwards."""
        tasks = [asyncio.create_task(self._keep(place, kind)) for place, kind in enumerate(MAINS)]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _keep(self, place: int, kind: str) -> None:
        chance = random.Random(f"{place}")  # its own, so that the order of deaths does not change other choices
        while True:
            program = self.running.get(place)
            if program is None or program.returncode is not None:
                await self.start(place, kind)
                continue
            await program.process.wait()
            await asyncio.sleep(chance.uniform(0, LONGEST_PAUSE))

    async def start(self, place: int, kind: str) -> None:
        """Start one; it need not be ready when this returns."""
        more = {"BOSS_BOT_START_RUNNERS": "true"} if kind == "bot" else {}
        (self.running[place],) = await self.world.house.start(kind, **more)
        self.crowd.mains.add(self.running[place].pid)
        self.starts += 1

    async def end(self, place: int) -> int:
        """End one in order; its exit status."""
        return await self.running[place].terminate(END_WITHIN)
