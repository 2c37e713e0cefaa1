"""Rows whose runner is dead: found at once where that is proved, else by their lease."""

import time

from loguru import logger

from core.alive import Alive
from core.store import Store

CLOCK_WAS_SET = 5.0  # seconds; less can be a busy machine


class Abandoned:
    """Takes back rows of one stage. Told of this runner's own heartbeats, so that it knows what silence means."""

    def __init__(self, store: Store, alive: Alive, *, lease: float, heartbeat_interval: float) -> None:
        self._store = store
        self._alive = alive
        self._lease = lease
        self._gap = max(lease / 2, 3 * heartbeat_interval)  # an idle runner beats half as often
        self._grace = 2 * heartbeat_interval
        self._beaten = self._steady_since = time.monotonic()
        self._clock: float | None = None  # seconds between the database's clock and one that nobody sets

    def beaten(self) -> None:
        """This runner wrote a heartbeat."""
        now = time.monotonic()
        if now - self._beaten > self._gap:
            self._steady_since = now
        self._beaten = now

    async def take_back(self) -> None:
        """Give the rows of dead runners to whoever claims them next, and tidy up behind hand edits."""
        await self._store.remains.tidy()
        dead = [name for name in await self._store.remains.holders() if self._alive.proves_dead(name)]
        if dead:
            given = await self._store.give_back("its runner died", runners_gone=dead)
            await self._store.sign_off(*dead)
            logger.bind(runners=", ".join(dead), rows=given).warning("took back the rows of dead runners")
        await self._look_at_the_clock()
        if self._silence_means_death():
            given = await self._store.give_back("its runner was silent for too long", lease=self._lease)
            if given:
                logger.bind(rows=given).warning("took back rows without a heartbeat")

    async def _look_at_the_clock(self) -> None:
        """After the clock was set, every heartbeat seems old or to come: all runners get time to beat once more."""
        clock = await self._store.remains.clock() - time.monotonic()
        moved = 0.0 if self._clock is None else clock - self._clock
        self._clock = clock
        if abs(moved) < CLOCK_WAS_SET:
            return
        logger.warning("the clock was set by {:+.0f} s", moved)
        self._steady_since = time.monotonic()
        if moved < 0:
            await self._store.remains.try_again_now()

    def _silence_means_death(self) -> bool:
        # While an admin's shell locks the database, or after this process was stopped, nobody could beat, this
        # runner no more than the others: they get time to do it first.
        now = time.monotonic()
        return now - self._beaten <= self._gap and now - self._steady_since >= self._grace
