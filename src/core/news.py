"""What there is to do for a runner: one statement that reads, so that an idle runner costs next to nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy import ColumnElement, Select, and_, select

from core.database import Database
from core.models import Stage
from core.room import Room
from core.tables import downloads
from core.turns import KEPT, claimable


@dataclass(frozen=True, slots=True)
class News:
    """What there is to do for a runner: whether there are rows ..."""

    held: bool  # that it holds
    held_by_others: bool  # that somebody else holds, or nobody although they are worked on
    to_cancel: bool  # that wait, and are to be cancelled
    claimable: bool
    waiting: bool = False  # that could be claimed, now or when their time comes

    @property
    def is_quiet(self) -> bool:
        """Whether the passing of time alone brings nothing new."""
        return not (self.held or self.held_by_others or self.to_cancel or self.claimable or self.waiting)


async def read_news(database: Database, stage: Stage, runner: str, site_limits: Mapping[str, int], room: Room) -> News:
    """See `News`; the arguments are those of `core.turns`."""
    return News(*map(bool, await database.look(_news_of(stage, runner, tuple(site_limits.items()), room))))


def cancelled_while_waiting(stage: Stage) -> ColumnElement[bool]:
    """Rows that wait for this stage, and are to be cancelled."""
    wanted = [downloads.c.upload == 1] if stage.delivers else []
    return and_(downloads.c.status == stage.takes, downloads.c.cancelled == 1, *wanted)


@lru_cache(KEPT)
def _news_of(
    stage: Stage, runner: str, site_limits: tuple[tuple[str, int], ...], room: Room
) -> Select[bool, bool, bool, bool, bool]:
    working = downloads.c.status.in_(stage.works_in)
    wanted = [downloads.c.upload == 1] if stage.delivers else []
    waits = and_(downloads.c.status == stage.takes, downloads.c.paused == 0, downloads.c.cancelled == 0, *wanted)
    held, held_by_others, to_cancel, can_be_claimed, waiting = (
        select(downloads.c.id).where(question).exists()
        for question in (
            and_(working, downloads.c.claimed_by == runner),
            and_(working, downloads.c.claimed_by.is_distinct_from(runner)),
            cancelled_while_waiting(stage),
            claimable(stage, dict(site_limits), room),
            waits,
        )
    )
    return select(held, held_by_others, to_cancel, can_be_claimed, waiting)
