"""Wiring of what forgets members: their names, and logins whose time is over."""

from core.chores import Chore
from core.database import Database
from core.members import Members
from core.web_sessions import WebSessions

DAY = 24 * 3600.0  # seconds


def member_chores(database: Database) -> tuple[Chore, ...]:
    """What is done by the clock."""
    members, sessions = Members(database), WebSessions(database)

    async def forget() -> str:
        return f"{await members.forget_gone()} names and {await sessions.forget_ended()} logins of members forgotten"

    return (Chore(name="members", every=DAY, run=forget),)
