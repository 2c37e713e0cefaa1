"""Wiring of what looks after links."""

from core.chores import Chore
from core.database import Database
from core.file_links import FileLinks

DAY = 24 * 3600.0  # seconds


def link_chores(database: Database) -> tuple[Chore, ...]:
    """What is done by the clock."""
    links = FileLinks(database)

    async def forget() -> str:
        return f"{await links.forget_old()} links forgotten"

    return (Chore(name="links", every=DAY, run=forget),)
