"""Decides what goes into which message. Pure: sizes in, plan or refusal out."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.errors import FileTooLarge
from core.models import MediaFile
from upload_module.display_names import display_name

UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the destination takes, in bytes but for `files`."""

    file: int
    message: int  # of a message with several files
    files: int = 10  # a message


def plan_messages(files: Sequence[MediaFile], limits: Limits) -> list[tuple[MediaFile, ...]]:
    """The fewest messages that carry all files in their order.

    A file over the size of a message, but within the limit of a file, goes alone.

    Raises:
        FileTooLarge: a file is over the limit; the sentence names it.
    """
    refuse_too_large(files, limits)
    messages: list[list[MediaFile]] = []
    room = 0
    for file in files:
        if not messages or len(messages[-1]) >= limits.files or file.bytes > room:
            messages.append([])
            room = limits.message
        messages[-1].append(file)
        room -= file.bytes
    return [tuple(message) for message in messages]


def refuse_too_large(files: Sequence[MediaFile], limits: Limits) -> None:
    """Raise FileTooLarge, with a sentence for the member, if a file is over the limit."""
    too_large = [file for file in files if file.bytes > limits.file]
    if not too_large:
        return
    first = too_large[0]
    others = len(too_large) - 1
    more = f" {others} more of its files {'is' if others == 1 else 'are'} too large as well." if others else ""
    raise FileTooLarge(
        f"{display_name(Path(first.path).name)} is {in_units(first.bytes, up=True)}; this server takes "
        f"{in_units(limits.file)} per file.{more} Ask for a smaller version of it."
    )


def in_units(size: int, *, up: bool = False) -> str:
    """A size for people, `31.2 MiB`; rounded down or up, so that a file never looks as if it fitted."""
    unit = min(int(math.log(size, 1024)) if size > 0 else 0, len(UNITS) - 1)
    tenths = (math.ceil if up else math.floor)(size * 10 / 1024**unit)
    return f"{tenths / 10:.{1 if tenths % 10 else 0}f} {UNITS[unit]}"
