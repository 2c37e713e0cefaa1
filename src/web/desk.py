"""What every page works with."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request

from core.database import Database
from core.file_links import FileLinks
from core.history_reading import HistoryReader
from core.members import Members
from core.queries import Queries
from core.quotas import Quotas
from core.requests import Requests
from core.web_figures import WebFigures
from core.web_queries import WebQueries
from core.web_sessions import WebSessions
from web.admin_token import AdminToken
from web.attempts import Attempts
from web.discord_login import DiscordLogin
from web.live import Hub
from web.setting_rows import SettingRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the settings say of the page, as plain values."""

    public_url: str | None
    owners: frozenset[int]
    session_seconds: int
    link_hours: int  # that a link works, unless he who makes it says otherwise
    max_link_hours: int  # of a member
    max_waiting: int  # downloads of all who ask
    quotas: Quotas  # bytes of all who ask, but for the owner
    roots: tuple[Path, ...]  # the directories that files may lie in
    heartbeat_allowed: float  # seconds of silence after which a process is not counted on


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The database and its readers, who is let in, and what is watched."""

    rules: Rules
    database: Database
    queries: Queries
    pages: WebQueries
    figures: WebFigures
    history: HistoryReader
    sessions: WebSessions
    links: FileLinks
    members: Members
    hub: Hub
    attempts: Attempts
    admin_token: AdminToken | None
    discord: DiscordLogin | None
    settings: Sequence[SettingRow]

    def requests_of(self, actor: str) -> Requests:
        """The writes of one viewer, under his name in the history."""
        return Requests(self.database, actor=actor)

    def base_url(self, request: Request) -> str:
        """Where people reach the page: as the settings say, else as this request did, whose host was checked."""
        return self.rules.public_url or f"{request.url.scheme}://{request.url.netloc}"


def desk_of(request: Request) -> Desk:
    """The desk of the application that a request reached."""
    desk = request.app.state.desk
    assert isinstance(desk, Desk)
    return desk
