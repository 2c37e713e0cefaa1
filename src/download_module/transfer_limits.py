"""How much of the network transfers may take."""

from dataclasses import dataclass, field
from datetime import datetime

from download_module.rate_schedule import RateSchedule


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferLimits:
    """Rates are bytes a second, and 0 is no limit. How many rows run at once is the claim loop's affair."""

    rate: int = 0  # of all transfers together, at hours of which the schedule says nothing
    schedule: RateSchedule = field(default_factory=RateSchedule)
    row_rate: int = 0  # of each row
    host_connections: int = 64  # to one host at once, over all rows; one file takes up to 16 of them

    def rate_at(self, now: datetime) -> int:
        """What all transfers together may take at a local time."""
        planned = self.schedule.rate_at(now.time())
        return self.rate if planned is None else planned

    def rate_of_row(self, asked: int) -> int:
        """What a row may take whose site asks for `asked`: the lower of the two, where there are two."""
        return min(filter(None, (self.row_rate, asked)), default=0)
