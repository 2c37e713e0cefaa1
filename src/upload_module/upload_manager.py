"""Decides what goes into which message. Pure: sizes in, plan or refusal out."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from core.errors import FileTooLarge
from core.layout import shown_place
from core.models import MediaFile
from upload_module.display_names import display_name

NAMED = 3  # files that a sentence names
UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the destination takes, in bytes but for `files`."""

    file: int
    message: int  # of a message with several files
    files: int = 10  # a message


class HasBytes(Protocol):
    """A file, or what it will be."""

    @property
    def bytes(self) -> int:
        """Its size."""
        ...


Sized = TypeVar("Sized", bound=HasBytes)


def plan_messages(files: Sequence[Sized], limits: Limits) -> list[tuple[Sized, ...]]:
    """The fewest messages that carry all files in their order; none of them is over the limit of a file.

    A file over the size of a message goes alone. To fill each message as far as it goes, before the next is begun,
    gives the fewest as long as the order is kept.
    """
    messages: list[list[Sized]] = []
    room = 0
    for file in files:
        if not messages or len(messages[-1]) >= limits.files or file.bytes > room:
            messages.append([])
            room = limits.message
        messages[-1].append(file)
        room -= file.bytes
    return [tuple(message) for message in messages]


def too_large(kept: Sequence[MediaFile], limits: Limits, *, total: int) -> FileTooLarge:
    """The error for files that can't be made to fit, with a sentence for the member.

    Args:
        kept: these files, at least one.
        limits: what they don't fit.
        total: how many files the download has; the others are delivered.
    """
    delivered = total - len(kept)
    told = f"{delivered} of {total} files are delivered. " if delivered else ""
    first, others = kept[0], len(kept) - 1
    told += (
        f"{display_name(Path(first.path).name)} is {in_units(first.bytes, up=True)}; this server takes "
        f"{in_units(limits.file)} per file, and it can't be made to fit. "
    )
    told += f"{others} more {'is' if others == 1 else 'are'} too large as well. " if others else ""
    places = ", ".join(_place(file) for file in kept[:NAMED])
    if others:
        return FileTooLarge(f"{told}They are kept on the bot's machine: {places}{' ...' if len(kept) > NAMED else ''}.")
    return FileTooLarge(f"{told}It is kept on the bot's machine: {places}. Ask for a smaller version of it.")


def _place(file: MediaFile) -> str:
    path = Path(file.path)
    return f"{shown_place(path, file.download_id)}/{display_name(path.name)}"


def in_units(size: int, *, up: bool = False) -> str:
    """A size for people, `31.2 MiB`; rounded down or up, so that a file never looks as if it fitted."""
    unit = min(int(math.log(size, 1024)) if size > 0 else 0, len(UNITS) - 1)
    tenths = (math.ceil if up else math.floor)(size * 10 / 1024**unit)
    return f"{tenths / 10:.{1 if tenths % 10 else 0}f} {UNITS[unit]}"
