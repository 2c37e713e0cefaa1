"""Tells aria2 how fast it may be: all transfers together by the hour of the day, and those of a row."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from download_module.aria2c_calls import Ask
from download_module.live_transfers import Live
from download_module.transfer_queue import TransferQueue


@dataclass(slots=True)
class Rates:
    """Knows what aria2 was told, and tells it what has changed since."""

    ask: Ask
    queue: TransferQueue
    _told: int = 0  # bytes a second for all transfers; 0: no limit, which is how a daemon begins

    def forget(self) -> None:
        """The daemon may be another one, that was told nothing."""
        self._told = 0

    async def tell_overall(self) -> None:
        """Hold all transfers to what the limits say now.

        Raises:
            DaemonUnavailable: no answer.
        """
        rate = self.queue.limits.rate_at(datetime.now().astimezone())
        if rate != self._told:
            await self.ask([("aria2.changeGlobalOption", [{"max-overall-download-limit": str(rate)}])])
            self._told = rate

    async def tell_rows(self, running: Iterable[Live]) -> None:
        """Divide the rates of rows anew where parts began or ended.

        Raises:
            DaemonUnavailable: no answer.
        """
        changed = [(live, share) for live in running if (share := self.share_of(live)) != live.rate]
        await self.ask(
            [("aria2.changeOption", [live.gid, {"max-download-limit": str(rate)}]) for live, rate in changed]
        )
        for live, rate in changed:
            live.rate = rate

    def share_of(self, live: Live) -> int:
        """Bytes a second for one part: aria2 knows no rows, so a row's rate is divided evenly between its parts."""
        rate = self.queue.limits.rate_of_row(live.row.asked_rate)
        return max(rate // max(self.queue.running_of(live.row), 1), 1) if rate else 0
