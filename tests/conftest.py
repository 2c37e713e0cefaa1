"""What tests of several packages begin with: a migrated database, of each kind that is to be had."""

import asyncio
import os
import secrets
import shutil
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from sqlalchemy.engine import make_url

from core import migrate
from core.database import Database
from tests.support.processes import Programs

settings.register_profile("repository", deadline=None, database=None)  # a loaded machine is no failure
settings.load_profile("repository")

Hand = Callable[[str], Awaitable[list[tuple[Any, ...]]]]


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file, to be copied."""
    path = tmp_path_factory.mktemp("migrated") / "boss-bot.db"
    asyncio.run(_migrate(f"sqlite+aiosqlite:///{path}"))
    return path


@pytest.fixture
def sqlite_file(migrated_file: Path, tmp_path: Path) -> Path:
    """A migrated SQLite file of this test's own."""
    return Path(shutil.copy(migrated_file, tmp_path / "boss-bot.db"))


@pytest.fixture(scope="session")
def postgresql_server() -> str:
    """The URL of a PostgreSQL server where databases may be made."""
    url = os.environ.get("TEST_DATABASE_URL")
    if not url:
        pytest.skip("TEST_DATABASE_URL is not set; `python -m tests.support.postgres -- pytest ...` sets it")
    return url


@pytest.fixture(scope="session")
def migrated_template(postgresql_server: str) -> Iterator[str]:
    """The name of a migrated PostgreSQL database, to be copied."""
    name = f"boss_bot_template_{secrets.token_hex(4)}"
    asyncio.run(_administer(postgresql_server, f"CREATE DATABASE {name}"))
    asyncio.run(_migrate(database_of(postgresql_server, name)))
    yield name
    asyncio.run(_administer(postgresql_server, f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
async def postgresql_url(postgresql_server: str, migrated_template: str) -> AsyncIterator[str]:
    """A migrated PostgreSQL database of this test's own."""
    name = f"boss_bot_{secrets.token_hex(4)}"
    await _administer(postgresql_server, f"CREATE DATABASE {name} TEMPLATE {migrated_template}")
    yield database_of(postgresql_server, name)
    await _administer(postgresql_server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def database_url(request: pytest.FixtureRequest) -> str:
    """The same test on each kind of database."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{request.getfixturevalue('sqlite_file')}"
    return str(request.getfixturevalue("postgresql_url"))


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """An open, migrated database."""
    database = Database(database_url)
    yield database
    await database.close()


@pytest.fixture
async def hand(database_url: str) -> Hand:
    """A person with a database shell: runs one statement on a connection of its own."""

    async def run(statement: str) -> list[tuple[Any, ...]]:
        if database_url.startswith("sqlite"):
            return await asyncio.to_thread(_in_sqlite, str(make_url(database_url).database), statement)
        return await _administer(database_url, statement)

    return run


@pytest.fixture
async def programs(tmp_path: Path) -> AsyncIterator[Programs]:
    """Real processes that end with the test."""
    async with Programs(tmp_path / "programs") as programs:
        yield programs


def database_of(server: str, name: str) -> str:
    """The URL of another database on the same server."""
    return make_url(server).set(database=name).render_as_string(hide_password=False)


async def _migrate(url: str) -> None:
    database = Database(url)
    await migrate.upgrade(database)
    await database.close()


def _in_sqlite(path: str, statement: str) -> list[tuple[Any, ...]]:
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        return connection.execute(statement).fetchall()
    finally:
        connection.close()


async def _administer(url: str, statement: str) -> list[tuple[Any, ...]]:
    import asyncpg  # only where PostgreSQL is tested

    connection = await asyncpg.connect(make_url(url).set(drivername="postgresql").render_as_string(hide_password=False))
    try:
        return [tuple(row) for row in await connection.fetch(statement)]
    finally:
        await connection.close()
