"""What both destinations have in common: they bring the files of a download to their place, once."""

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Protocol

from core.errors import DestinationUnavailable
from core.models import Download, MediaFile

Tell = Callable[[str], Awaitable[None]]  # writes a few words about what is done now

LOOK_AGAIN = 600.0  # seconds; a start of the runner looks at once


class Courier(Protocol):
    """Delivers to one kind of destination.

    A delivery that is interrupted at any point, and begun again by any runner, ends with each file delivered once.
    """

    async def deliver(self, download: Download, files: Sequence[MediaFile], tell: Tell) -> Path | None:
        """Deliver all files that are not delivered yet.

        Returns the directory where they now lie, None if they went elsewhere.

        Raises:
            UploadError: they are not all delivered; what is done, is recorded.
        """
        ...


class AbsentCourier:
    """Stands for a destination that is not configured: its downloads wait and say why."""

    def __init__(self, sentence: str) -> None:
        self._sentence = sentence

    async def deliver(self, download: Download, files: Sequence[MediaFile], tell: Tell) -> Path | None:  # noqa: ARG002  (as `Courier` has it)
        """See `Courier`."""
        raise DestinationUnavailable(self._sentence, retry_after=LOOK_AGAIN)
