"""What every extractor is: URL in, plan out. It knows no rows, no aria2 and no Discord."""

from typing import Protocol

from download_module.plan import DownloadPlan


class Extractor(Protocol):
    """Stage 2 for one kind of URL."""

    async def extract(self, url: str) -> DownloadPlan:
        """Find what there is to fetch behind a URL.

        Args:
            url: as it was asked for.

        Raises:
            UnsupportedUrl: not mine, or no media here: another extractor may be asked.
            BossBotError: any other is an answer: nobody else is asked.
        """
        ...
