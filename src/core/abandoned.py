"""Rows whose runner is dead: found at once where that is proved, else by their lease."""

import time

from loguru import logger

from core.alive import Alive
from core.store import Store


class Abandoned:
    """Takes back rows of one stage. Told of this runner's own heartbeats, so that it knows what silence means."""

    def __init__(self, store: Store, alive: Alive, *, lease: float, heartbeat_interval: float) -> None:
        self._store = store
        self._alive = alive
        self._lease = lease
        self._gap = max(lease / 2, 3 * heartbeat_interval)  # an idle runner beats half as often
        self._grace = 2 * heartbeat_interval
        self._beaten = self._steady_since = time.monotonic()

    def beaten(self) -> None:
        """This runner wrote a heartbeat."""
        now = time.monotonic()
        if now - self._beaten > self._gap:
            self._steady_since = now
        self._beaten = now

    async def take_back(self) -> None:
        """Give the rows of dead runners to whoever claims them next, and tidy up behind hand edits."""
        await self._store.tidy()
        dead = [name for name in await self._store.holders() if self._alive.proves_dead(name)]
        if dead:
            given = await self._store.give_back("its runner died", runners_gone=dead)
            await self._store.sign_off(*dead)
            logger.bind(runners=", ".join(dead), rows=given).warning("took back the rows of dead runners")
        if self._silence_means_death():
            given = await self._store.give_back("its runner was silent for too long", lease=self._lease)
            if given:
                logger.bind(rows=given).warning("took back rows without a heartbeat")

    def _silence_means_death(self) -> bool:
        # While an admin's shell locks the database, or after this process was stopped, nobody could beat, this
        # runner no more than the others: they get time to do it first.
        now = time.monotonic()
        return now - self._beaten <= self._gap and now - self._steady_since >= self._grace
