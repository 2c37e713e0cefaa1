"""From arguments to new rows: all of them, or none when one is not valid."""

from collections.abc import Mapping, Sequence
from typing import Any

from core.errors import RequestRefused
from core.models import Request
from core.requests import Requests, checked_url


async def submit(
    requests: Requests, urls: Sequence[str], options: Mapping[str, Any], *, upload: bool = True, priority: int = 0
) -> list[int]:
    """Write one row for each URL; their ids in the same order.

    Raises:
        RequestRefused: one of them is no URL; nothing was written.
    """
    links = [_link(text) for text in urls]
    return [
        await requests.submit(Request(url=link, upload=upload, priority=priority, options=dict(options)))
        for link in links
    ]


def _link(text: str) -> str:
    try:
        return checked_url(text)
    except RequestRefused as error:
        raise RequestRefused(f"{text!r}: {error}") from None
