"""Every error that a download can end in, each with a sentence for the member who asked.

    BossBotError
      ExtractionError       UnsupportedUrl  ForbiddenTarget  MediaNotFound (RemovedMedia)  LoginRequired (PrivateMedia
                            AgeRestricted  SiteBlocks)  GeoRestricted  DrmProtected  LiveNotSupported  RateLimited
      TransferError         DaemonUnavailable  SourceExpired  SourceUnreachable  TooLarge  QuotaExceeded
                            DiskFull  ChecksumMismatch  AlreadyTransferring  SiteBusy (SiteDown  SameIsFetched)
      UploadError           FileTooLarge  DestinationGone  DestinationForbidden  DestinationUnavailable
                            SendFailed (DestinationBusy)  DeliveryUnclear  CompressionFailed  VirusFound
                            ScannerUnavailable
      DatabaseLost          DatabaseReplaced  DatabaseUpgraded  DatabaseDamaged: the process ends
      ProgramEnded          ffmpeg, ffprobe or a decoder was killed: by the system, short of memory, or by a person
      RowChanged            somebody else took or changed the row while it was worked on
      RequestRefused        what was asked for can't be taken: nothing was written
        OverLimit           a member has all that he may have
        OverQuota           a server or member has fetched all that it may for now
      ConfigurationError    a setting is wrong: the admin reads this, not the member
      Unexpected            a fault of ours; the log has the traceback

`str(error)` is the sentence. Foreign errors become one of these once, at the edge of the adapter that met them.
"""

from collections.abc import Callable
from typing import ClassVar


class BossBotError(Exception):
    """The root. `transient`: another try may succeed. `costs_attempt`: the try counts."""

    transient: ClassVar[bool] = False
    costs_attempt: ClassVar[bool] = True
    sentence: ClassVar[str] = "Something went wrong."

    def __init__(self, sentence: str | None = None, *, retry_after: float | None = None) -> None:
        super().__init__(sentence or self.sentence)
        self.retry_after = retry_after  # seconds that the other side asked for

    @property
    def kind(self) -> str:
        """The class's name, as the column `error_kind` has it."""
        return type(self).__name__


class ExtractionError(BossBotError):
    """Stage 2 found nothing to fetch. As itself: the site answered something not understood."""

    transient = True
    sentence = "The site could not be read. Try again later, or try another link."


class UnsupportedUrl(ExtractionError):
    """No extractor knows this kind of URL."""

    transient = False
    sentence = (
        "This kind of link is not supported. Send a link to a page or a file that starts with http:// or https://."
    )


class ForbiddenTarget(ExtractionError):
    """The address is not on the public internet."""

    transient = False
    sentence = "This address is not allowed. Only addresses on the public internet can be fetched."


class MediaNotFound(ExtractionError):
    """The page is there, media is not; or nothing is there at all."""

    transient = False
    sentence = "There is no media behind this link. Check that it opens in a browser."


class RemovedMedia(MediaNotFound):
    """It was there once."""

    sentence = "This media was removed or does not exist any more."


class LoginRequired(ExtractionError):
    """The media is private."""

    transient = False
    sentence = "This media is private or needs a login."


class PrivateMedia(LoginRequired):
    """Only its owner, and whom he chose, may see it."""

    sentence = "This media is private."


class AgeRestricted(LoginRequired):
    """The site wants to know how old we are."""

    sentence = "This media is only for adults and the site wants a login for it. Without one it can't be fetched."


class SiteBlocks(LoginRequired):
    """The site takes us for a robot."""

    sentence = "The site takes this bot for a robot and wants a login. Try again later, or another link."


class GeoRestricted(ExtractionError):
    """The site does not serve this country."""

    transient = False
    sentence = "The site does not offer this media in the country where this bot runs."


class DrmProtected(ExtractionError):
    """Copy-protected."""

    transient = False
    sentence = "This media is copy-protected and can't be downloaded."


class LiveNotSupported(ExtractionError):
    """A live stream that has not ended."""

    transient = False
    sentence = "This is a live stream. Try again when it has ended."


class RateLimited(ExtractionError):
    """The site wants fewer requests; `retry_after` when it says how long."""

    transient = True
    sentence = "The site asks for fewer requests. The download goes on later by itself."


class TransferError(BossBotError):
    """Stage 3 did not get the bytes."""

    transient = True
    sentence = "The transfer failed."


class DaemonUnavailable(TransferError):
    """aria2c does not answer. Not the fault of the link, so it costs no attempt."""

    costs_attempt = False
    sentence = "The download engine is restarting. The download goes on by itself."


class SourceExpired(TransferError):
    """The media's address is no longer valid: a fresh extraction gives a new one."""

    sentence = "The address of the media expired."


class SourceUnreachable(TransferError):
    """The server does not answer, or answers with a fault of its own."""

    sentence = "The server of this media does not answer."


class TooLarge(TransferError):
    """More bytes than the admin allows."""

    transient = False
    sentence = "This media is larger than this bot may fetch."


class QuotaExceeded(TransferError):
    """The member or guild has had its share."""

    transient = False
    sentence = "The limit for today is reached. Try again tomorrow."


class DiskFull(TransferError):
    """No room. Waiting helps, and it is nobody's fault."""

    costs_attempt = False
    sentence = "The disk of this bot is full. The download goes on when there is room."

    def __init__(
        self, sentence: str | None = None, *, needed: int | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(sentence, retry_after=retry_after)
        self.needed = needed  # bytes, where that is known


class AlreadyTransferring(TransferError):
    """Another row fetches the same torrent; a peer can be only one of them."""

    costs_attempt = False
    sentence = "The same torrent is being fetched by another download. This one follows it."


class SiteBusy(TransferError):
    """As many downloads from this site run as the admin allows at once; the row waits for its turn."""

    costs_attempt = False
    sentence = "Other downloads from this site are running. This one waits for its turn."


class SiteDown(SiteBusy):
    """The site fails for everybody and is left alone for a while; see core/site_health.py."""

    sentence = "This site fails for everybody at the moment. The download goes on by itself."


class SameIsFetched(SiteBusy):
    """Another download fetches the same media at this moment; see core/first.py."""

    sentence = "The same media is being fetched by another download. This one waits for it."

    def __init__(
        self,
        sentence: str | None = None,
        *,
        first: int | None = None,
        key: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        told = None if first is None else f"the same media is being fetched as #{first}"
        super().__init__(sentence or told, retry_after=retry_after)
        self.first = first
        self.key = key


class ChecksumMismatch(TransferError):
    """What arrived is not what was promised."""

    sentence = "The file arrived damaged."


class ProgramEnded(BossBotError):
    """A program that worked on the files was killed from outside: it says nothing about them."""

    transient = True
    sentence = "The program that works on this media was ended. It is tried again."


class UploadError(BossBotError):
    """The files are here but not there."""

    sentence = "The files could not be delivered."


class FileTooLarge(UploadError):
    """Over the limit of the destination."""

    sentence = "The file is larger than this server's upload limit."


class DestinationGone(UploadError):
    """The channel or folder no longer exists."""

    sentence = "The place where the files should go no longer exists."


class DestinationForbidden(UploadError):
    """We may not write there."""

    sentence = "This bot may not send files there. It needs the permissions Send Messages and Attach Files."


class DestinationUnavailable(UploadError):
    """Nothing can be delivered there until an admin acts. Not the fault of the download, so it costs no attempt."""

    transient = True
    costs_attempt = False
    sentence = "The destination is not available now. The delivery goes on by itself."


class SendFailed(UploadError):
    """The destination did not take the files this time."""

    transient = True
    sentence = "The files could not be sent."


class DestinationBusy(SendFailed):
    """The destination takes nothing now, whatever it is: it asks to wait, or is down. So it costs no attempt."""

    costs_attempt = False
    sentence = "Discord takes no files at the moment. The delivery goes on by itself."


class DeliveryUnclear(UploadError):
    """Sent once without an answer, and nobody can look whether it arrived: only a person may send again."""

    sentence = (
        "The files may have been posted already, but this bot can't look: it needs the permission Read Message "
        "History. Look into the channel; if they are missing, retry this download and they are sent once more."
    )


class CompressionFailed(UploadError):
    """ffmpeg or Pillow could not make the file fit."""

    sentence = "The file could not be made to fit."


class VirusFound(UploadError):
    """The virus scanner knows a file. Nothing of the download is delivered."""

    sentence = "This download was refused: the virus scanner found something in it. Nothing of it was delivered."


class ScannerUnavailable(UploadError):
    """A file could not be scanned, and the admin wants none delivered that is not. Not the fault of the download."""

    transient = True
    costs_attempt = False
    sentence = "The virus scanner of this bot does not answer. The delivery goes on by itself when it does."


class DatabaseLost(BossBotError):
    """This process must not go on with its database: it writes nothing more and ends."""

    transient = True
    costs_attempt = False
    begins_anew: ClassVar[bool] = True  # another start may go on
    put_log_aside: Callable[[], None] | None = None  # before that start, where the file is gone
    sentence = "The database of this bot can't be used any more. Ask again in a minute."


class DatabaseReplaced(DatabaseLost):
    """Its file is gone, or another one; or its contents are those of a backup."""

    sentence = "The database of this bot was replaced while it was in use. The bot begins anew: ask again in a minute."


class DatabaseUpgraded(DatabaseLost):
    """Its schema is that of another version of the program."""

    sentence = "The database of this bot was upgraded by a newer version. This one ends: ask again in a minute."


class DatabaseDamaged(DatabaseLost):
    """SQLite found contents that can't be right."""

    begins_anew = False
    sentence = (
        "The database of this bot is damaged. Its admin has to stop it, look with `bossbotctl db check`, and put a "
        "backup back with `bossbotctl db restore`."
    )


class RowChanged(BossBotError):
    """The row is no longer ours, or its files were replaced. Whoever has it now goes on."""

    transient = True
    costs_attempt = False
    sentence = "This download was changed while its files were delivered. The delivery goes on by itself."


class RequestRefused(BossBotError):
    """A request that can't be taken; the sentence says why and what to do."""


class OverLimit(RequestRefused):
    """A member has all that he may have."""

    sentence = "You have all that your limit here allows."
    what = ""  # of him is counted; see `core.limits.Limited`
    limit = 0


class OverQuota(RequestRefused):
    """A server or member has fetched all that it may for now; the sentence says until when."""

    sentence = "The limit for today is reached. Try again tomorrow."


class ConfigurationError(BossBotError):
    """A setting, a program or the environment is not as it must be."""


class Unexpected(BossBotError):
    """A fault of ours. Tried again, because many are passing."""

    transient = True
    sentence = "Something unexpected happened. The admin finds the details in the log."
