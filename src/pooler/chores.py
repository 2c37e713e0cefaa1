"""The chores of a download runner, which one of all runners does at a time. Wiring only."""

from core.chores import Chore
from pooler.database_chores import database_chores
from pooler.link_chores import link_chores
from pooler.storage import storage_chores
from pooler.workplace import Workplace


def chores_for(here: Workplace) -> tuple[Chore, ...]:
    """All of them, with the intervals of the settings."""
    return (*database_chores(here.settings), *storage_chores(here.settings, here.database), *link_chores(here.database))
