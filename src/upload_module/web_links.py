"""Links to files that stay where they are, and that the web page serves; see `LinkStore`."""

from datetime import UTC, datetime

from core.errors import UploadError
from core.file_links import FileLinks
from core.models import MediaFile
from upload_module.finished_files import checked
from upload_module.links import Link

ACTOR = "upload"


class WebLinks:
    """Implements `LinkStore`."""

    def __init__(self, links: FileLinks, *, base_url: str, seconds: int) -> None:
        """Make it.

        Args:
            links: the rows.
            base_url: where people reach the web page, without a slash at its end.
            seconds: until a link expires.
        """
        self._links = links
        self._base_url = base_url
        self._seconds = seconds

    async def keep(self, file: MediaFile) -> Link:
        """See `LinkStore`. A try before this one may have made a link as well: both work."""
        checked(file)
        made = await self._links.make(file.id, seconds=self._seconds, actor=ACTOR)
        if made is None:
            raise UploadError("This download was removed while it was delivered. Ask for the link again.")
        expires_at = datetime.fromisoformat(made.expires_at).replace(tzinfo=UTC)
        return Link(url=f"{self._base_url}/d/{made.token}", expires_at=expires_at)
