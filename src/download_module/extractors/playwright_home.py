"""A directory for the files of one browser process, which goes with it, also when both were killed."""

from core import locked_directory
from core.locked_directory import LockedDirectory

PREFIX = "bb-chromium-"


class Home(LockedDirectory):
    """Holds the lock of a fresh directory; those of the dead are removed on the way."""

    def __init__(self) -> None:
        super().__init__(PREFIX)


def remove_dead() -> None:
    """Remove the directories of browsers that were killed."""
    locked_directory.remove_dead(PREFIX)
