"""How many bytes a download may have: what the host allows, and what its member may have."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Protocol

from core.errors import QuotaExceeded, TooLarge
from core.models import Download
from core.quotas import Left

MIB = 1024 * 1024


class HasLimit(Protocol):
    """What of a claimed row is needed here."""

    @property
    def size_limit_bytes(self) -> int | None:
        """Of the member who asked; None: what the host allows."""


def limit_of(claim: HasLimit, host_limit: int) -> int:
    """Bytes that this download may have."""
    return min(host_limit, claim.size_limit_bytes or host_limit)


def too_large(claim: HasLimit, host_limit: int, size: int | None = None) -> TooLarge:
    """The error of a download that is over its limit, with whose limit that is.

    Args:
        claim: the row.
        host_limit: bytes that the host allows.
        size: bytes of the media, where they are known.
    """
    limit = limit_of(claim, host_limit)
    told = "This media is too large" if size is None else f"This media has {_mib(size)} MiB"
    whose = "this bot fetches up to" if limit == host_limit else "your limit here is"
    return TooLarge(f"{told}; {whose} {_mib(limit)} MiB.")


def _mib(count: int) -> str:
    return f"{count / MIB:,.0f}"


@contextmanager
def limited(claim: HasLimit, host_limit: int) -> Iterator[int]:
    """The bytes that a transfer may have; one that is stopped for its size says whose limit it was."""
    try:
        yield limit_of(claim, host_limit)
    except TooLarge:
        raise too_large(claim, host_limit) from None


@contextmanager
def within_quota(claim: Download, left: Left | None, host_limit: int, *, here: int = 0) -> Iterator[Download]:
    """The claim, with what its server and member may still fetch for its limit; above it the error says until when.

    Args:
        claim: the row.
        left: of the quotas.
        host_limit: bytes that the host allows.
        here: bytes of the row that are on disk, and were counted when they came.
    """
    allowed = 0 if left is None else max(0, left.bytes) + here
    if left is None or allowed >= limit_of(claim, host_limit):
        yield claim
        return
    try:
        yield replace(claim, size_limit_bytes=allowed)
    except TooLarge as error:
        raise QuotaExceeded(str(left.error)) from error
