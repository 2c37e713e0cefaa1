"""Delivers to a directory of this machine, each file once, whatever dies in between.

The name that a file gets is committed before it is placed, and the source stays until all is recorded: who goes on
after a crash finds either nothing under that name, or the file itself.
"""

import asyncio
import errno
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from core.deliveries import Deliveries
from core.errors import DestinationForbidden, DestinationGone, DestinationUnavailable, SendFailed, UploadError
from core.models import Download, MediaFile
from upload_module.courier import Tell
from upload_module.display_names import display_name
from upload_module.finished_files import FinishedFiles, checked
from upload_module.placing import place, same_bytes

DISK_LOOK = 60.0  # seconds between two looks at a full disk
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}
_FULL = {errno.ENOSPC, errno.EDQUOT}
_GONE = {errno.ENOENT, errno.ENOTDIR, errno.EEXIST, errno.ELOOP, errno.ENAMETOOLONG}


class FolderCourier:
    """Implements `Courier`."""

    def __init__(self, *, deliveries: Deliveries, finished: FinishedFiles, default: Path) -> None:
        self._deliveries = deliveries
        self._finished = finished
        self._default = default.absolute()

    async def deliver(self, download: Download, files: Sequence[MediaFile], tell: Tell) -> Path | None:
        """See `Courier`."""
        directory = self._directory(download)
        with _as_ours(directory):
            directory.mkdir(parents=True, exist_ok=True)
        for number, file in enumerate(files, 1):
            if not (file.delivered_url or "").startswith("file:"):
                await tell(f"placing {number}/{len(files)}")
                target = await self._place(download, file, directory)
                await self._deliveries.record_target(download, file.id, url=target.as_uri(), path=str(target))
        return directory

    def _directory(self, download: Download) -> Path:
        wanted = download.options.get("to", str(self._default))
        if not isinstance(wanted, str) or "\0" in wanted or not Path(wanted).is_absolute():
            raise UploadError("The option `to` must be the absolute path of a directory.")
        if self._finished.owns(Path(wanted)):
            raise DestinationForbidden(f"{wanted} is where downloads are worked on. Choose another directory.")
        return Path(wanted)

    async def _place(self, download: Download, file: MediaFile, directory: Path) -> Path:
        source = checked(file)
        with _as_ours(directory):
            part = f".boss-bot-{download.id}-{file.position}-"
            planned = _planned(file, directory)
            if planned is not None and await asyncio.to_thread(_resumed, source, planned, f"{part}*.part"):
                return planned
            for target in _names(directory, display_name(source.name), first=planned):
                if target.exists() or target.is_symlink():
                    continue
                if not await self._deliveries.reserve_target(download, file.id, target.as_uri()):
                    continue
                # The epoch tells two runners apart that both believe to hold the row.
                if await _in_thread(source, target, directory / f"{part}{download.epoch}.part"):
                    return target
        raise AssertionError("there are endless names")


def _planned(file: MediaFile, directory: Path) -> Path | None:
    """The target that was committed for this file; None for a row that now goes elsewhere."""
    if not (file.nonce or "").startswith("file:"):
        return None
    target = Path(url2pathname(urlsplit(file.nonce or "").path))
    return target if target.parent == directory else None


def _names(directory: Path, name: str, *, first: Path | None) -> Iterator[Path]:
    """The planned target, then `clip.mp4`, `clip (2).mp4`, `clip (3).mp4` ..."""
    if first is not None:
        yield first
    plain = directory / name
    yield plain
    for number in count(2):
        yield plain.with_name(f"{plain.stem} ({number}){plain.suffix}")


def _resumed(source: Path, planned: Path, strays: str) -> bool:
    """Whether the file was placed before a crash; half a copy that the crash left is removed."""
    for stray in planned.parent.glob(strays):
        stray.unlink(missing_ok=True)
    return planned.is_file() and not planned.is_symlink() and same_bytes(source, planned)


async def _in_thread(source: Path, target: Path, temporary: Path) -> bool:
    stop = threading.Event()
    placing = asyncio.ensure_future(asyncio.to_thread(place, source, target, temporary=temporary, stop=stop))
    try:
        return await asyncio.shield(placing)
    except asyncio.CancelledError:
        stop.set()
        await asyncio.gather(placing, return_exceptions=True)  # half a copy is gone before the row is settled
        raise


@contextmanager
def _as_ours(directory: Path) -> Iterator[None]:
    """The one place where errors of the file system become ours."""
    try:
        yield
    except OSError as error:
        if error.errno in _FORBIDDEN:
            sentence = f"This bot may not write to {directory}. The admin has to allow it, or to choose another one."
            raise DestinationForbidden(sentence) from error
        if error.errno in _FULL:
            sentence = f"There is no room left in {directory}. The delivery goes on when there is."
            raise DestinationUnavailable(sentence, retry_after=DISK_LOOK) from error
        if error.errno in _GONE:
            raise DestinationGone(f"{directory} is not a directory that can be made or used.") from error
        raise SendFailed(f"The files could not be placed in {directory}: {error.strerror}.") from error
