"""Serves the web page until it is told to stop. Wiring only."""

import asyncio
import contextlib
import ipaddress
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from urllib.parse import urlsplit

import uvicorn
from loguru import logger

from core import migrate
from core.database import Database
from core.errors import ConfigurationError
from core.file_links import FileLinks
from core.history_reading import HistoryReader
from core.logs import setup_logging
from core.members import Members
from core.models import RunnerState
from core.presence import present
from core.queries import Queries
from core.quotas import quotas_of
from core.redaction import secrets_of
from core.settings import Settings
from core.wake import open_wake
from core.web_figures import WebFigures
from core.web_queries import WebQueries
from core.web_sessions import WebSessions
from web.admin_token import AdminToken
from web.app import create_app
from web.attempts import Attempts
from web.desk import Desk, Rules
from web.discord_login import DiscordLogin
from web.health import health_of, health_routes
from web.live import Hub
from web.setting_rows import setting_rows

ONCE = "web-token"  # the file in the data directory with the token that works once
GRACE = 3  # seconds that answers may take to end
LOCAL = ("localhost", "127.0.0.1", "::1", "[::1]")


async def run(settings: Settings, stop: asyncio.Event) -> None:
    """Serve until `stop` is set.

    Raises:
        ConfigurationError: the address can't be listened at, or everybody could come in.
    """
    setup_logging("web", level=settings.log_level, style=settings.log_format, secrets=secrets_of(settings))
    discord = discord_login(settings)
    if not _is_local(settings.web_host) and settings.web_admin_token is None and discord is None:
        raise ConfigurationError(
            f"WEB_HOST={settings.web_host} can be reached from other machines, but there is no login. "
            "Set WEB_ADMIN_TOKEN, or DISCORD_CLIENT_ID and DISCORD_CLIENT_SECRET."
        )
    async with AsyncExitStack() as stack:
        listener = stack.enter_context(contextlib.closing(_listen(settings.web_host, settings.web_port)))
        url = _url(settings.web_host, listener)
        database = Database(settings.database_url)
        stack.push_async_callback(database.close)
        await migrate.upgrade(database)
        presence = await stack.enter_async_context(
            present(database, kind="web", lock_dir=settings.lock_dir, interval=settings.heartbeat_interval)
        )
        desk = make_desk(settings, database, admin_token=_admin_token(settings, url, discord), discord=discord)
        server = _Server(
            uvicorn.Config(
                create_app(desk, hosts=allowed_hosts(settings), more=health_routes(health_of(settings, database))),
                access_log=False,  # addresses carry the secrets of links
                log_config=None,
                server_header=False,
                timeout_graceful_shutdown=GRACE,
            )
        )
        ending = asyncio.create_task(_end(server, desk, stop), name="end")
        stack.callback(ending.cancel)
        if desk.admin_token is not None:
            desk.admin_token.begin()
        await presence.set_state(RunnerState.READY)
        logger.bind(url=url).info("the web page is ready")
        await server.serve(sockets=[listener])
        if database.fault is not None:
            raise database.fault


def make_desk(
    settings: Settings, database: Database, *, admin_token: AdminToken | None, discord: DiscordLogin | None
) -> Desk:
    """What all pages work with."""
    pages = WebQueries(database)
    return Desk(
        rules=Rules(
            public_url=settings.web_public_url,
            owners=frozenset(settings.web_owners),
            session_seconds=settings.web_session_hours * 3600,
            link_hours=settings.web_link_hours,
            max_link_hours=settings.web_link_max_hours,
            max_waiting=settings.max_queue_size,
            quotas=quotas_of(settings),
            roots=(settings.download_dir.resolve(), settings.delivery_path.resolve()),
            heartbeat_allowed=3 * settings.lease,
        ),
        database=database,
        queries=Queries(database),
        pages=pages,
        figures=WebFigures(database),
        history=HistoryReader(database),
        sessions=WebSessions(database),
        links=FileLinks(database),
        members=Members(database),
        hub=Hub(pages, lambda: open_wake(database)),
        attempts=Attempts(),
        admin_token=admin_token,
        discord=discord,
        settings=setting_rows(settings),
    )


def discord_login(settings: Settings) -> DiscordLogin | None:
    """Login with Discord, if the settings have an application for it."""
    secret = settings.discord_client_secret
    if settings.discord_client_id is None and secret is None:
        return None
    if settings.discord_client_id is None or secret is None:
        raise ConfigurationError("DISCORD_CLIENT_ID and DISCORD_CLIENT_SECRET go together: set both, or none.")
    return DiscordLogin(
        client_id=settings.discord_client_id,
        client_secret=secret.get_secret_value(),
        api_base=settings.discord_api_base,
    )


def allowed_hosts(settings: Settings) -> list[str]:
    """The names under which the page answers; TrustedHostMiddleware takes them without a port."""
    public = urlsplit(settings.web_public_url or "").hostname
    own = LOCAL if _is_local(settings.web_host) else (settings.web_host, *LOCAL)
    return list(dict.fromkeys([*own, *([public] if public else []), *map(_host_name, settings.web_allowed_hosts)]))


def _host_name(written: str) -> str:
    """A name as it is compared: in small letters, without a port."""
    return (urlsplit(f"//{written}").hostname or written).lower()


def _admin_token(settings: Settings, url: str, discord: DiscordLogin | None) -> AdminToken | None:
    fixed = settings.web_admin_token.get_secret_value() if settings.web_admin_token else None
    if fixed is None and discord is not None:
        return None

    def announce(token: str) -> None:  # to whoever sits here; what goes to no terminal is kept in some log
        if sys.stdout.isatty():
            print(f"The web page is at {url}\nLog in once with this token: {token}", flush=True)  # noqa: T201
        else:
            kept = settings.data_dir / ONCE
            _write_private(kept, f"{token}\n")
            logger.info("log in once with the token in {}", kept)

    return AdminToken(fixed, announce)


def _write_private(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)


async def _end(server: uvicorn.Server, desk: Desk, stop: asyncio.Event) -> None:
    asked, lost = asyncio.ensure_future(stop.wait()), asyncio.ensure_future(desk.database.lost())
    try:
        await asyncio.wait((asked, lost), return_when=asyncio.FIRST_COMPLETED)
    finally:
        asked.cancel()
        lost.cancel()
    await desk.hub.close()
    server.should_exit = True


class _Server(uvicorn.Server):
    """Leaves signals to us."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def _listen(host: str, port: int) -> socket.socket:
    host = host.strip("[]")
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, _, _, _, address = found[0]
        return socket.create_server(address[:2], family=family, backlog=128)
    except OSError as error:
        raise ConfigurationError(f"WEB_HOST={host}, WEB_PORT={port} can't be listened at: {error.strerror}.") from None


def _url(host: str, listener: socket.socket) -> str:
    shown = f"[{host}]" if ":" in host and not host.startswith("[") else host
    return f"http://{shown}:{listener.getsockname()[1]}"
