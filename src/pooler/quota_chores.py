"""Wiring of what quotas need by the clock."""

from core.chores import Chore
from core.database import Database
from core.fetched import forget_fetched

HOUR = 3600.0  # seconds


def quota_chores(database: Database) -> tuple[Chore, ...]:
    """The account of what was fetched stays small."""
    return (Chore(name="forget what was fetched long ago", every=HOUR, run=lambda: forget_fetched(database)),)
