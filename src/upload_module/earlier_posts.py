"""Whether the message that a download is the same as is still there; Discord alone can tell."""

import re
from typing import Protocol

from core.earlier import UNSAME, Earlier
from core.errors import DestinationForbidden
from core.models import Download, Settlement, Status
from upload_module.posts import Place

_MESSAGE = re.compile(r"https://discord\.com/channels/(@me|\d+)/(\d+)/(\d+)")


class Looks(Protocol):
    """What of the bot is needed."""

    async def is_there(self, place: Place, message_id: int) -> bool:
        """Whether a message exists.

        Raises:
            DestinationForbidden: it can't be read.
        """
        ...


class EarlierPosts:
    """Ends rows that were not fetched because their media was posted before."""

    def __init__(self, bot: Looks, earlier: Earlier) -> None:
        self._bot = bot
        self._earlier = earlier

    async def settle(self, claim: Download) -> Settlement:
        """Uploaded when the message is there; else back to the start: fetched, and the message known to be gone.

        One that can't be read is not gone: a permission may be missing for a moment.

        Raises:
            UploadError: Discord did not answer.
        """
        found = _MESSAGE.fullmatch(claim.same_url or "")
        if found is not None and claim.same_as is not None:
            place = Place(channel_id=int(found[2]), guild_id=claim.guild_id, reply_to=None)
            try:
                if await self._bot.is_there(place, int(found[3])):
                    return Settlement(Status.UPLOADED, {"attempts": 0, "progress": 100.0})
            except DestinationForbidden:
                anew = {"attempts": 0, "progress": 0, **UNSAME, "same_as": claim.same_as}
                return Settlement(Status.PENDING, anew)
            await self._earlier.forget_message(claim.same_as, int(found[3]))
        return Settlement(Status.PENDING, {"attempts": 0, "progress": 0, **UNSAME})
