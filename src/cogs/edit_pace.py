"""How often a progress message may change: at once for news, seldom for numbers. A pure value."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

from cogs.faces import Face
from core.models import Download, Status

# Seconds at least between two edits of one message, whatever happens: a little less than between two looks at the
# table, so that news is not held back for a second look.
NEWS_INTERVAL = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a message shows, and since when (seconds of the loop's clock)."""

    face: Face
    phase: str
    status: Status
    at: float


class ToShow(Protocol):
    """What a message may have to show."""

    @property
    def download(self) -> Download:
        """The row that has the message."""
        ...

    @property
    def status(self) -> Status:
        """Where it stands, as the message tells it."""
        ...


T = TypeVar("T", bound=ToShow)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """The times of edits, in seconds."""

    edit_interval: float

    def is_due(self, one: ToShow, shown: Shown | None, now: float) -> bool:
        """Whether the message may be edited now."""
        if shown is None:
            return True
        wait = NEWS_INTERVAL if is_news(one, shown) else max(NEWS_INTERVAL, self.edit_interval)
        return now - shown.at >= wait

    def first(self, rows: Iterable[T], shown: Mapping[int, Shown], tried: Mapping[int, float]) -> list[T]:
        """The rows in the order of their need: outcomes, other news, then what was not touched for longest.

        Args:
            rows: by channel; the edits stop at the first that fails.
            shown: what is known of the message of each row.
            tried: when an edit was begun, by row; one that failed waits behind others then, or it would hold up all.
        """

        def need(one: T) -> tuple[bool, bool, float]:
            known = shown.get(one.download.id)
            touched = max(known.at if known else 0.0, tried.get(one.download.id, 0.0))
            return not is_news(one, known), not one.download.is_over, touched

        return sorted(rows, key=need)


def is_news(one: ToShow, shown: Shown | None) -> bool:
    """Whether more than numbers changed since the message was edited."""
    known = one.download.progress_message_status
    return known is not one.status or (shown is not None and shown.status is not one.status)
