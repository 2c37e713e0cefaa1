"""Links for what can't be made to fit: the file goes into a store, and the channel gets an address that expires."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from core.models import Download, MediaFile
from upload_module.captions import caption
from upload_module.display_names import display_name, visible
from upload_module.upload_manager import in_units

MAX_TEXT = 2000  # characters; Discord's


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Where a file can be fetched from, and until when."""

    url: str
    expires_at: datetime


class LinkStore(Protocol):
    """Keeps files that are too large for the channel."""

    async def keep(self, file: MediaFile) -> Link:
        """Put a file there, unless it is there already, and name its address.

        Raises:
            UploadError: it could not be stored.
        """
        ...


def link_text(download: Download, file: MediaFile, link: Link, *, mention: int | None = None) -> str:
    """The text of the message that carries a link instead of a file.

    The address stands as it is: a link never shows another text than where it leads, and Discord plays what it can.
    """
    until = f"<t:{int(link.expires_at.astimezone(UTC).timestamp())}:f>"
    name = visible(display_name(Path(file.path).name)).replace("`", "'")
    told = f"`{name}` · {in_units(file.bytes, up=True)} · ⏳ {until}\n{link.url}"
    head = caption(download, 1, 1, mention=mention)
    return f"{head}\n{told}" if len(head) + len(told) < MAX_TEXT else told
