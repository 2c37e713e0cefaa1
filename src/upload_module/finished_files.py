"""The files of `downloaded` rows on disk: checked before a delivery, removed after it, all below DOWNLOAD_DIR."""

import asyncio
import shutil
import stat
from pathlib import Path

from loguru import logger

from core.errors import UploadError
from core.models import MediaFile
from upload_module.display_names import display_name


class FinishedFiles:
    """`DOWNLOAD_DIR/<id>`, one directory a download."""

    def __init__(self, download_dir: Path) -> None:
        self._root = download_dir.resolve()

    def owns(self, directory: Path) -> bool:
        """Whether a directory is one whose content is removed sooner or later."""
        resolved = directory.resolve()
        if not resolved.is_relative_to(self._root):
            return False
        parts = resolved.relative_to(self._root).parts
        return bool(parts) and (parts[0].isdigit() or parts[0] == ".staging")

    async def remove(self, download_id: int) -> None:
        """Remove what is left of a download; a directory that can't be removed is logged, not an error."""
        directory = self._root / str(int(download_id))
        if directory.is_symlink() or not directory.exists():
            return
        try:
            await asyncio.to_thread(shutil.rmtree, directory)
        except OSError as error:
            logger.bind(download=download_id).warning("could not remove {}: {}", directory, error.strerror)


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
