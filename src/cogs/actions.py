"""What the buttons of a card do, how they look, and how Discord names them to us when one is pressed."""

from dataclasses import dataclass
from enum import StrEnum

from cogs.language import later


class Action(StrEnum):
    """What is asked of a download by pressing a button; the value is part of the button's name at Discord."""

    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"
    INFO = "info"
    RETRY = "retry"
    LOWER = "lower"  # in a lower quality
    AUDIO = "audio"  # only the sound
    HELP = "help"  # ask a moderator


@dataclass(frozen=True, slots=True)
class Look:
    """How a button looks."""

    emoji: str
    label: str | None = None


LOOKS = {
    Action.PAUSE: Look("⏸️"),
    Action.RESUME: Look("▶️"),
    Action.CANCEL: Look("⏹️"),
    Action.INFO: Look("\N{INFORMATION SOURCE}\N{VARIATION SELECTOR-16}"),
    Action.RETRY: Look("🔄", later("Try again")),
    Action.LOWER: Look("📉", later("Lower quality")),
    Action.AUDIO: Look("🎵", later("Only the sound")),
    Action.HELP: Look("🙋", later("Ask a moderator")),
}
# Ids of downloads and of Discord have at most 19 digits. What does not match was not made by us.
PRESSED = r"bb:(?P<action>[a-z]{1,8}):(?P<id>[1-9][0-9]{0,15})"
CHOSEN_QUALITY = r"bb-quality:(?P<id>[1-9][0-9]{0,15})"
CHOSEN_ENTRY = r"bb-entry:(?P<id>[1-9][0-9]{0,15})"


def pressed_id(action: Action, download_id: int) -> str:
    """The custom id of a button."""
    return f"bb:{action}:{download_id}"


def quality_id(download_id: int) -> str:
    """The custom id of the menu of qualities."""
    return f"bb-quality:{download_id}"


def entry_id(download_id: int) -> str:
    """The custom id of the menu of a playlist's entries."""
    return f"bb-entry:{download_id}"
