"""The chores of a download runner, which one of all runners does at a time. Wiring only."""

from core.chores import Chore
from pooler.database_chores import database_chores
from pooler.link_chores import link_chores
from pooler.member_chores import member_chores
from pooler.quota_chores import quota_chores
from pooler.storage import storage_chores
from pooler.workplace import Workplace


def short_chores_for(here: Workplace) -> tuple[Chore, ...]:
    """Those that are soon done, with the intervals of the settings: room on the disk is made each minute."""
    return tuple(chore for chore in _all(here) if not chore.is_long)


def long_chores_for(here: Workplace) -> tuple[Chore, ...]:
    """Those that may read for hours, for which the short ones must not wait."""
    return tuple(chore for chore in _all(here) if chore.is_long)


def _all(here: Workplace) -> tuple[Chore, ...]:
    return (
        *database_chores(here.settings),
        *storage_chores(here.settings, here.database),
        *link_chores(here.database),
        *member_chores(here.database),
        *quota_chores(here.database),
    )
