"""What every extractor is: URL and wish in, plan out. It knows no rows, no aria2 and no Discord."""

from dataclasses import dataclass, field
from typing import Protocol

from core.options import Options, parse_options
from download_module.plan import DownloadPlan
from download_module.way_out import STRAIGHT, WayOut


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is wanted of a URL."""

    options: Options = field(default_factory=lambda: parse_options({}))
    limit_bytes: int | None = None  # what the destination takes as one file; None: anything
    max_items: int = 100  # entries of a playlist, files of a gallery; more are cut off
    max_live_seconds: float = 3600.0
    way_out: WayOut = STRAIGHT  # through which all that is asked for it goes


ANYTHING = Wish()


class Extractor(Protocol):
    """Stage 2 for one kind of URL."""

    async def extract(self, url: str, wish: Wish = ANYTHING) -> DownloadPlan:
        """Find what there is to fetch behind a URL.

        Args:
            url: as it was asked for.
            wish: what of it is wanted.

        Raises:
            UnsupportedUrl: not mine, or no media here: another extractor may be asked.
            BossBotError: any other is an answer: nobody else is asked.
        """
        ...

    async def close(self) -> None:
        """End what it keeps running (child processes)."""
        ...
