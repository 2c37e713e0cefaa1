"""When Discord is to be left alone: it restricts an address after 10,000 answers of 401, 403 or 429 in 10 minutes."""

import time

from loguru import logger

from core.errors import DestinationBusy, DestinationUnavailable
from upload_module.courier import LOOK_AGAIN
from upload_module.discord_refusals import ASKS_TO_WAIT, UNSAID

REFUSED = "Discord refuses the bot's token. The files are kept and sent when an admin has set a valid one."


class Silence:
    """What a refused token, or a wait that is meant for our address, means for all further requests."""

    def __init__(self) -> None:
        self._refused_until = 0.0  # monotonic
        self._quiet_until = 0.0  # monotonic

    def check(self) -> None:
        """Before any request.

        Raises:
            UploadError: it has to be kept for a while; says for how long.
        """
        now = time.monotonic()
        if now < self._refused_until:
            raise DestinationUnavailable(REFUSED, retry_after=LOOK_AGAIN)
        if now < self._quiet_until:
            raise DestinationBusy(ASKS_TO_WAIT, retry_after=self._quiet_until - now)

    def refused(self) -> DestinationUnavailable:
        """The token was not taken: say it once, and look again after a while."""
        if time.monotonic() >= self._refused_until:
            logger.error("Discord refuses the token. Deliveries to Discord wait; set a valid BOSS_BOT_DISCORD_TOKEN.")
        self._refused_until = time.monotonic() + LOOK_AGAIN
        return DestinationUnavailable(REFUSED, retry_after=LOOK_AGAIN)

    def asked_for(self, seconds: float | None) -> None:
        """All requests have to wait."""
        self._quiet_until = time.monotonic() + (seconds or UNSAID)
