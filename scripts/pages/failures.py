"""What a failed download says, and what can be done: from the tree of errors and the table of remedies."""

import inspect
from collections.abc import Iterator

from cogs.remedies import BY_KIND, nearest
from core.errors import (
    BossBotError,
    ConfigurationError,
    ExtractionError,
    RequestRefused,
    TransferError,
    Unexpected,
    UploadError,
)

FAMILIES: tuple[tuple[str, type[BossBotError]], ...] = (
    ("Nothing was found behind the link", ExtractionError),
    ("The bytes did not arrive", TransferError),
    ("The files could not be delivered", UploadError),
    ("What was asked for can't be taken", RequestRefused),
    ("Faults of ours", Unexpected),
)


def failure_reference() -> str:
    """A section for each family of errors, and in it each class."""
    return "\n\n".join("\n\n".join([f"## {title}", *map(_entry, _tree(family))]) for title, family in FAMILIES)


def _tree(kind: type[BossBotError]) -> Iterator[type[BossBotError]]:
    yield kind
    for one in kind.__subclasses__():
        if one.__module__ == "core.errors" and not issubclass(one, ConfigurationError):
            yield from _tree(one)


def _entry(kind: type[BossBotError]) -> str:
    lines = [f"### `{kind.__name__}`", "", (inspect.getdoc(kind) or "").replace("\n", " ")]
    if kind.sentence != BossBotError.sentence:
        lines += ["", f"> {kind.sentence}"]
    lines += ["", f"* {_what_happens(kind)}"]
    if not kind.transient:
        lines.append(f"* {BY_KIND[nearest(kind.__name__)].who}")
    return "\n".join(lines)


def _what_happens(kind: type[BossBotError]) -> str:
    if not kind.transient and kind.costs_attempt:
        return "Not tried again by itself."
    if kind.costs_attempt:
        return "Tried again by itself, up to `MAX_DOWNLOAD_RETRIES` times, with longer and longer waits."
    return "Tried again by itself until it works; this costs no try."
