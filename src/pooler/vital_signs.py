"""Which runners hang although their processes live: they never get ready, or give no sign of life any more."""

import asyncio
import os
import socket
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass

from loguru import logger

from core.database import DatabaseFault
from core.models import RunnerState
from core.presence import Presence
from core.queries import Runner
from pooler.supervisor import Supervisor

START_PATIENCE = 120.0  # seconds until a process must be ready; the database may be migrated or locked meanwhile
SILENT_LEASES = 3  # leases without a sign of life
LOOKS = 3  # in a lease
OWN_SILENCE = 3  # times our own beat; while we can't write ourselves, nobody's silence means anything


@dataclass(slots=True)
class _Seen:
    """What was seen of a child, and since when nothing new."""

    sign: tuple[RunnerState, str] | None
    since: float


class VitalSigns:
    """Judges the children of this process by the table `runners`."""

    def __init__(self, *, lease: float, beat: float, start_patience: float) -> None:
        """The times are seconds.

        Args:
            lease: how long a silent runner keeps its rows.
            beat: between signs of life of this process.
            start_patience: until a child must be ready.
        """
        self._silence = SILENT_LEASES * lease
        self._own_silence = max(OWN_SILENCE * beat, 2.0)  # the table counts whole seconds
        self._start_patience = start_patience
        self._seen: dict[int, _Seen] = {}

    def hung(self, rows: Sequence[Runner], children: Collection[int], now: float) -> dict[int, str]:
        """Those of the children that hang, and why we think so.

        Args:
            rows: of all processes, as they are now.
            children: process ids.
            now: seconds of a clock that only goes forward.
        """
        here = socket.gethostname()
        # A process of an earlier container may have had the same name and number: the newest counts.
        newest = {row.pid: row for row in sorted(rows, key=lambda row: row.started_at) if row.host == here}
        own = newest.get(os.getpid())
        can_judge = own is not None and own.seconds_silent <= self._own_silence
        self._seen = {pid: self._seen[pid] for pid in children if pid in self._seen}
        found = {}
        for pid in children:
            row = newest.get(pid)
            sign = None if row is None or row.state is RunnerState.STARTING else (row.state, row.heartbeat_at)
            seen = self._seen.setdefault(pid, _Seen(sign, now))
            if sign != seen.sign or not can_judge:
                self._seen[pid] = _Seen(sign, now)
            elif sign is None and now - seen.since > self._start_patience:
                found[pid] = f"it did not get ready within {self._start_patience:.0f} s"
            elif sign is not None and now - seen.since > self._silence:
                found[pid] = f"it gave no sign of life for {self._silence:.0f} s"
        return found


async def watch_over(
    supervisor: Supervisor,
    presence: Presence,
    look: Callable[[], Awaitable[Sequence[Runner]]],
    *,
    lease: float,
    beat: float,
) -> None:
    """Kill what hangs, and say in the table what the supervisor has trouble with; until cancelled."""
    signs = VitalSigns(lease=lease, beat=beat, start_patience=START_PATIENCE)
    while True:
        await asyncio.sleep(lease / LOOKS)
        try:
            rows = await look()
        except (DatabaseFault, OSError) as error:
            logger.debug("could not look for runners that hang: {!r}", error)
            continue
        for pid, why in signs.hung(rows, supervisor.living, time.monotonic()).items():
            supervisor.kill(pid, why)
        troubles = "; ".join(supervisor.troubles.values())
        await presence.set_state(RunnerState.WAITING if troubles else RunnerState.READY, troubles or None)
