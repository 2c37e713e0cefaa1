"""Looks at the running program all the time: who sees which secrets, and how soon each outcome is told."""

import asyncio
import contextlib
import sqlite3
import time
from dataclasses import dataclass, field

import psutil

from tests.torture.crowd import Crowd
from tests.torture.world import World

BEGUN = "⏳ ..."  # what the bot answers at once
EVERY = 0.25  # seconds
SIGNS = {"uploaded": "✅", "failed": "❌", "cancelled": "🚫"}


@dataclass(kw_only=True)
class Watch:
    """What was seen."""

    world: World
    crowd: Crowd
    secrets: set[str] = field(default_factory=set)
    leaks: set[str] = field(default_factory=set)  # by processes' arguments
    # Rows whose outcome is not told yet, since when; seconds, row and outcome of those that are. Seconds in which no
    # bot was connected do not count: the tormentor kills it, and how long a start takes depends on the machine.
    ended: dict[tuple[int, str], float] = field(default_factory=dict)
    waits: list[tuple[float, int, str]] = field(default_factory=list)
    connected: float = 0.0  # seconds in which a bot was
    looked_at: float = field(default_factory=time.monotonic)
    peaks: dict[str, int] = field(default_factory=dict)  # processes at once

    async def look(self) -> None:
        """Again and again, until cancelled."""
        self.secrets |= self.world.secrets
        while True:
            self.secrets |= self.world.own_secrets()
            self._look_at_processes()
            with contextlib.suppress(sqlite3.OperationalError):  # not there yet, or an admin's lock
                self.look_at_cards()
            await asyncio.sleep(EVERY)

    def _look_at_processes(self) -> None:
        living = self.crowd.living()
        self.peaks["processes"] = max(self.peaks.get("processes", 0), len(living))
        for process in living:
            with contextlib.suppress(psutil.Error):
                words = process.cmdline()
                if any(secret in word for secret in self.secrets for word in words):
                    self.leaks.add(f"arguments of {words[:4]}")

    def is_all_told(self) -> bool:
        """Whether no card shows less than there is to know."""
        return not self.ended and all(message.text != BEGUN for message in self.world.said())

    def look_at_cards(self) -> None:
        """Note which outcomes stand on their cards, and which do not yet."""
        passed, self.looked_at = time.monotonic() - self.looked_at, time.monotonic()
        self.connected += passed if self.world.discord.world.gateway.connected else 0.0
        now = self.connected
        cards = {message.id: message.text for message in self.world.said()}
        over: set[tuple[int, str]] = set()
        for number, status, card, parent in self.world.house.query(
            "SELECT id, status, progress_message_id, EXISTS (SELECT 1 FROM downloads AS c WHERE c.parent_id = d.id) "
            "FROM downloads AS d WHERE status IN ('uploaded', 'failed', 'cancelled') AND progress_message_id NOT NULL"
        ):
            if parent or card not in cards:
                continue
            outcome = (number, status)
            over.add(outcome)
            if SIGNS[status] not in cards[card].partition("\n")[0]:
                self.ended.setdefault(outcome, now)
            elif outcome in self.ended:
                self.waits.append((now - self.ended.pop(outcome), number, status))
        for gone in self.ended.keys() - over:  # tried again meanwhile
            del self.ended[gone]
