"""What a command works with: settings, and the database at the schema of this version."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass
from typing import Any

import typer

from core.database import Database, sqlite_path
from core.errors import ConfigurationError
from core.maintenance import faults_explained, probe, shown_url
from core.migrate import upgrade
from core.queries import Queries
from core.requests import Requests
from core.settings import Settings, read_settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """An open database and the ways to use it."""

    settings: Settings
    database: Database
    queries: Queries
    requests: Requests


def run(command: Coroutine[Any, Any, int]) -> None:
    """Run a command to its end and leave with its exit status."""
    raise typer.Exit(asyncio.run(command))


@contextlib.asynccontextmanager
async def open_database(settings: Settings, *, create: bool = False) -> AsyncIterator[Database]:
    """The database as it is, not migrated.

    Raises:
        ConfigurationError: it is missing and not to be made, or can't be used.
    """
    with faults_explained(settings.database_url):
        path = sqlite_path(settings.database_url)
        if path is not None and not create and not path.exists():
            raise ConfigurationError(
                f"There is no database at {path}. Go to the directory of the bot, set BOSS_BOT_DATABASE_URL, or make "
                "one with `bossbotctl db upgrade`."
            )
        try:
            database = Database(settings.database_url)
        except OSError as error:
            raise ConfigurationError(f"The database {path} can't be made: {error.strerror}.") from error
        try:
            probe(database)
            yield database
        finally:
            await database.close()


@contextlib.asynccontextmanager
async def open_session(settings: Settings | None = None, *, create: bool = False) -> AsyncIterator[Session]:
    """The migrated database with its queries and requests; see `open_database`."""
    settings = settings or read_settings()
    async with open_database(settings, create=create) as database:
        try:
            await upgrade(database)
        except OSError as error:  # asyncpg passes on what the socket said
            raise ConfigurationError(
                f"The database {shown_url(settings.database_url)} does not answer: {error.strerror or error}."
            ) from error
        yield Session(
            settings=settings,
            database=database,
            queries=Queries(database),
            requests=Requests(database, actor="cli"),
        )
