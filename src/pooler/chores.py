"""The chores of a download runner, which one of all runners does at a time. Wiring only."""

from core.chores import Chore
from pooler.workplace import Workplace


def chores_for(_here: Workplace) -> tuple[Chore, ...]:
    """All of them, with the intervals of the settings."""
    return ()
