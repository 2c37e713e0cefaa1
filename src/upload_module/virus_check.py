"""The look for viruses before a delivery: every file of the download, before anything else is done with one.

One rule for what could not be scanned, because clamd is gone or takes no file of that size: it waits, or it is
delivered with a warning in the log, as the admin set.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from loguru import logger

from core.errors import ScannerUnavailable, VirusFound
from core.models import Download, MediaFile
from upload_module.courier import LOOK_AGAIN, Tell
from upload_module.display_names import display_name
from upload_module.finished_files import checked
from upload_module.upload_manager import in_units
from upload_module.virus_scanner import NotScannable, ScannerGone, VirusScanner

AT_ONCE = 2  # files; clamd has ten threads for everybody on the machine
KNOWN_FOR = 3600.0  # seconds that a clean file is not looked at again; by then clamd may know more
REMEMBERED = 1000  # files
ASK_AGAIN = 30.0  # seconds until the next try while clamd is gone

_State = tuple[int, int, int, int]  # device, inode, bytes, nanoseconds of the last change


@dataclass(slots=True, kw_only=True)
class VirusCheck:
    """One for a whole runner.

    Args:
        scanner: looks into a file.
        passes: deliver what could not be scanned.
    """

    scanner: VirusScanner
    passes: bool = False
    _clean: OrderedDict[_State, float] = field(default_factory=OrderedDict)  # and until when that is believed
    _at_once: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    async def look(self, download: Download, files: Sequence[MediaFile], tell: Tell) -> None:
        """Return when all files may be delivered. Those that are delivered already are not looked at again.

        Raises:
            VirusFound: one has a virus.
            ScannerUnavailable: one could not be scanned, and is to wait.
            UploadError: a file is gone, or was changed.
        """
        waiting = [file for file in files if file.delivered_message_id is None and file.delivered_url is None]
        for number, file in enumerate(waiting, 1):
            path = checked(file)
            if self._is_known(path):
                continue
            await tell(f"scanning {number}/{len(waiting)}")
            async with self._at_once:
                await self._look_into(download, file, path)

    async def _look_into(self, download: Download, file: MediaFile, path: Path) -> None:
        before = _state(path)
        log = logger.bind(download=download.id, file=str(path))
        name = display_name(path.name)
        try:
            found = await self.scanner.scan(path)
        except ScannerGone as error:
            log.warning("clamd does not scan: {}", error)
            if not self.passes:
                raise ScannerUnavailable(retry_after=ASK_AGAIN) from error
        except NotScannable as error:
            log.warning("clamd can't scan a file of {} bytes (see its StreamMaxLength): {}", file.bytes, error)
            if not self.passes:
                raise ScannerUnavailable(
                    f"{name} ({in_units(file.bytes)}) is larger than the virus scanner of this bot takes, so it waits. "
                    "Its admin can let the scanner take more.",
                    retry_after=LOOK_AGAIN,
                ) from error
        else:
            if found is not None:
                log.bind(virus=found).error("refused: clamd found a virus; the file stays where it is")
                raise VirusFound(
                    f"{name} was refused: the virus scanner found {found} in it. Nothing of this download is delivered."
                )
            self._remember(before)

    def _is_known(self, path: Path) -> bool:
        return self._clean.get(_state(path), 0.0) > time.monotonic()

    def _remember(self, state: _State) -> None:
        self._clean[state] = time.monotonic() + KNOWN_FOR
        while len(self._clean) > REMEMBERED:
            self._clean.popitem(last=False)


def _state(path: Path) -> _State:
    """What changes with every write to a file, and what an adopted copy does not share."""
    found = path.stat()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
