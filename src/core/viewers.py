"""Who looks at the web page, and which downloads are his to see: his own, those of guilds he moderates, or all."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, false, or_, true

from core.models import Download
from core.tables import downloads


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """A guild that somebody is in, with the bot."""

    id: int
    name: str
    moderates: bool  # he may manage messages
    manages: bool = False  # he may manage the server
    roles: tuple[int, ...] = ()  # that he held when he logged in, where the guild has rules for roles


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """Somebody who is logged in."""

    user_id: int | None  # None: the owner, who came with a token
    name: str
    is_owner: bool = False
    seats: tuple[Seat, ...] = ()

    @property
    def moderated(self) -> tuple[int, ...]:
        """The guilds all of whose downloads are his to see."""
        return tuple(seat.id for seat in self.seats if seat.moderates)

    @property
    def actor(self) -> str:
        """How the history names him."""
        return "web" if self.user_id is None else f"web:{self.user_id}"

    def sees(self) -> ColumnElement[bool]:
        """The rows of `downloads` that are his to see and to steer, for the WHERE of any statement."""
        if self.is_owner:
            return true()
        own = downloads.c.user_id == self.user_id if self.user_id is not None else false()
        return or_(own, downloads.c.guild_id.in_(self.moderated))

    def manages(self) -> ColumnElement[bool]:
        """The rows that he may let go before those of others."""
        return true() if self.is_owner else downloads.c.guild_id.in_(self.moderated)

    def may_manage(self, download: Download) -> bool:
        """The same of a row that was read."""
        return self.is_owner or download.guild_id in self.moderated

    def may_see(self, download: Download) -> bool:
        """The same of a row that was read."""
        if self.is_owner:
            return True
        own = self.user_id is not None and download.user_id == self.user_id
        return own or download.guild_id in self.moderated
