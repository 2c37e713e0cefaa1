"""From arguments to new rows: all of them, or none when one is not valid."""

from collections.abc import Sequence
from pathlib import Path

from core.errors import RequestRefused
from core.models import Request
from core.requests import Requests, checked_url


async def submit(
    requests: Requests, urls: Sequence[str], *, to: Path | None = None, upload: bool = True, priority: int = 0
) -> list[int]:
    """Write one row for each URL; their ids in the same order.

    Raises:
        RequestRefused: one of them is no URL, or `to` can't be a directory; nothing was written.
    """
    links = [_link(text) for text in urls]
    options = {"to": str(_directory(to))} if to is not None else {}
    return [
        await requests.submit(Request(url=link, upload=upload, priority=priority, options=options)) for link in links
    ]


def _link(text: str) -> str:
    try:
        return checked_url(text)
    except RequestRefused as error:
        raise RequestRefused(f"{text!r}: {error}") from None


def _directory(to: Path) -> Path:
    directory = to.expanduser().resolve()
    if directory.exists() and not directory.is_dir():
        raise RequestRefused(f"{directory} is a file. Name a directory with --to.")
    return directory
