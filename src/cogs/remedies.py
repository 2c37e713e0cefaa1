"""What can be done about a failure, and by whom: a table by the classes of `core/errors.py`."""

from dataclasses import dataclass

import core.errors
from cogs.actions import Action
from cogs.language import later
from core.errors import BossBotError
from core.models import Download

RETRY, LOWER, AUDIO, HELP = Action.RETRY, Action.LOWER, Action.AUDIO, Action.HELP
LONG = 1800  # seconds; a video that is longer than this is not helped by a smaller picture alone


@dataclass(frozen=True, slots=True)
class Remedy:
    """Who can do something, in one sentence, and the buttons that do it."""

    who: str
    actions: tuple[Action, ...] = ()


ADMIN_LOGIN = later("The bot's admin can add a login for this site.")
TOO_LONG = Remedy(
    later("It is too long for one message. Ask for a part of it with `clip`, or take only the sound."),
    (AUDIO, LOWER, HELP),
)
BY_KIND: dict[str, Remedy] = {
    "AgeRestricted": Remedy(ADMIN_LOGIN, (HELP,)),
    "PrivateMedia": Remedy(later("Only its owner can share it. Ask for a public link."), (HELP,)),
    "LoginRequired": Remedy(ADMIN_LOGIN, (HELP,)),
    "SiteBlocks": Remedy(later("It often works later. The bot's admin can add a login for this site."), (RETRY, HELP)),
    "GeoRestricted": Remedy(later("The bot's admin can set a proxy in another country for this site."), (HELP,)),
    "DrmProtected": Remedy(later("Nobody can change that here.")),
    "LiveNotSupported": Remedy(later("You can try again when the stream is over."), (RETRY,)),
    "RemovedMedia": Remedy(later("Nobody can bring it back. Look for it elsewhere.")),
    "MediaNotFound": Remedy(later("Open the link in a browser: is there something to play?"), (RETRY,)),
    "ForbiddenTarget": Remedy(later("Send a link to a public site.")),
    "UnsupportedUrl": Remedy(later("Send a link to the page or the file itself.")),
    "RateLimited": Remedy(later("You can try again in an hour; many requests make it longer."), (RETRY,)),
    "ExtractionError": Remedy(later("You can try again later."), (RETRY, HELP)),
    "TooLarge": Remedy(later("You can ask for less of it, or a moderator for a higher limit."), (LOWER, AUDIO, HELP)),
    "QuotaExceeded": Remedy(later("You can ask again tomorrow, or a moderator for a higher limit."), (HELP,)),
    "DiskFull": Remedy(later("The bot's admin has to make room."), (RETRY, HELP)),
    "TransferError": Remedy(later("You can try again; nothing that is here already is fetched twice."), (RETRY, HELP)),
    "FileTooLarge": Remedy(later("You can take it in a lower quality, or only the sound."), (LOWER, AUDIO, HELP)),
    "CompressionFailed": Remedy(later("You can take it in a lower quality, or only the sound."), (LOWER, AUDIO, HELP)),
    "DestinationGone": Remedy(later("Ask again in a place that exists.")),
    "DestinationForbidden": Remedy(later("A moderator can give the bot these permissions."), (RETRY, HELP)),
    "DeliveryUnclear": Remedy(later("If nothing is there, you can have it sent again."), (RETRY,)),
    "VirusFound": Remedy(later("The bot's admin can look at the file."), (HELP,)),
    "UploadError": Remedy(later("The files are kept; you can have them sent again."), (RETRY, HELP)),
    "RequestRefused": Remedy(later("Ask again with other options.")),
    "BossBotError": Remedy(later("You can try again. The bot's admin finds the details in the log."), (RETRY, HELP)),
}


def remedy_of(download: Download) -> Remedy:
    """What can be done about a failed download; that of the nearest class that the table knows."""
    known = nearest(download.error_kind or "")
    if known in ("FileTooLarge", "CompressionFailed") and (download.duration_seconds or 0) > LONG:
        return TOO_LONG
    return BY_KIND[known]


def nearest(kind: str) -> str:
    """The class in the table that is nearest to a class of errors."""
    found = getattr(core.errors, kind, BossBotError)
    if not (isinstance(found, type) and issubclass(found, BossBotError)):
        found = BossBotError
    return next(one.__name__ for one in found.__mro__ if one.__name__ in BY_KIND)
