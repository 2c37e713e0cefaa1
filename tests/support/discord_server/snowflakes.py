"""Discord's ids: milliseconds since 2015 in the upper bits, so that they sort by time."""

import time
from datetime import UTC, datetime

EPOCH_MS = 1_420_070_400_000


class Snowflakes:
    """Gives ids that are unique and rise, as those of one Discord channel do."""

    def __init__(self) -> None:
        self._last = 0

    def new(self) -> int:
        self._last = max(self._last + 1, (int(time.time() * 1000) - EPOCH_MS) << 22)
        return self._last


def timestamp(snowflake: int) -> str:
    return iso(datetime.fromtimestamp(((snowflake >> 22) + EPOCH_MS) / 1000, UTC))


def iso(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds")
