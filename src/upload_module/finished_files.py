"""The files of `downloaded` rows on disk: checked before a delivery, removed after it; see `core/layout.py`."""

import asyncio
import stat
from pathlib import Path

from loguru import logger

from core.errors import UploadError
from core.layout import STAGING, Layout
from core.models import Download, MediaFile
from core.trash import Trash
from upload_module.display_names import display_name


class FinishedFiles:
    """One directory a download."""

    def __init__(self, download_dir: Path) -> None:
        self._layout = Layout(download_dir)
        self._trash = Trash(self._layout.root / STAGING / "trash")

    def owns(self, directory: Path) -> bool:
        """Whether a directory is one whose content is removed sooner or later."""
        return self._layout.owns(directory)

    async def remove(self, download: Download) -> None:
        """Remove what is left of a download; a directory that can't be removed is logged, not an error.

        By way of the trash: what a fault of the disk leaves there is removed by the next sweep of any runner.
        """
        for directory in self._layout.homes(download):
            try:
                await asyncio.to_thread(self._trash.put, directory)
                await asyncio.to_thread(self._trash.empty)
            except OSError as error:
                logger.bind(download=download.id).warning("could not remove {}: {}", directory, error.strerror)


def checked(file: MediaFile) -> Path:
    """The path of a file that is still as it was recorded.

    Raises:
        UploadError: it is gone, changed, or no ordinary file.
    """
    path, name = Path(file.path), display_name(Path(file.path).name)
    try:
        found = path.lstat()
    except (OSError, ValueError):  # ValueError: a NUL byte in a hand-edited path
        raise UploadError(f"{name} is no longer on the disk of this bot. Ask for the link again.") from None
    if not path.is_absolute() or not stat.S_ISREG(found.st_mode):
        raise UploadError(f"{name} is not an ordinary file, so it is not delivered.")
    if found.st_size != file.bytes:
        raise UploadError(
            f"{name} was changed after it was downloaded: {found.st_size} bytes instead of {file.bytes}. "
            "Ask for the link again."
        )
    return path
