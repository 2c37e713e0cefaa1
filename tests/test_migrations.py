"""Migrations: what they make is what core/tables.py says, and processes that start at once do not collide."""

import re
import sqlite3
import sys
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection

from core import migrate
from core.database import Database
from core.errors import ConfigurationError
from core.migrating import config_for
from core.paths import program_file
from core.queries import Queries
from core.tables import metadata
from scripts.schema_sql import DIALECTS, schema
from tests.conftest import Hand
from tests.support.processes import Programs

# What PostgreSQL keeps of a schema, in its own words.
CATALOGUE = {
    "columns": "SELECT table_name, column_name, data_type, is_nullable, column_default FROM information_schema.columns "
    "WHERE table_schema = '{schema}' AND table_name <> 'alembic_version' ORDER BY table_name, ordinal_position",
    "constraints": "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint "
    "WHERE connamespace = '{schema}'::regnamespace AND conname <> 'alembic_version_pkc' ORDER BY 1, 2",
    "indexes": "SELECT tablename, indexname, indexdef FROM pg_indexes "
    "WHERE schemaname = '{schema}' AND tablename <> 'alembic_version' ORDER BY 1, 2",
}

UPGRADE = """
import asyncio, sys
from core import migrate
from core.database import Database

async def main(url):
    database = Database(url)
    print("ready", flush=True)
    await migrate.upgrade(database)
    print(await migrate.current_revision(database))
    await database.close()

asyncio.run(main(sys.argv[1]))
"""


def _statements(path: Path) -> dict[str, str]:
    connection = sqlite3.connect(path)
    try:
        rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    finally:
        connection.close()
    squeezed = {name: re.sub(r"\s+", " ", sql).strip() for name, sql in rows}
    return {name: sql for name, sql in squeezed.items() if name not in ("alembic_version", "sqlite_sequence")}


async def test_the_migrated_sqlite_schema_is_that_of_the_tables_letter_by_letter(
    sqlite_file: Path, tmp_path: Path
) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'metadata.db'}")
    await database.write(lambda connection: connection.run_sync(metadata.create_all))
    await database.close()

    made = _statements(sqlite_file)

    assert made == _statements(tmp_path / "metadata.db")
    assert set(metadata.tables) < set(made)


@pytest.mark.postgresql
async def test_the_migrated_postgresql_schema_is_that_of_the_tables(postgresql_url: str) -> None:
    database = Database(postgresql_url)

    async def catalogue(connection: Any, schema: str) -> dict[str, list[tuple[str, ...]]]:
        found = {}
        for kind, query in CATALOGUE.items():
            rows = (await connection.exec_driver_sql(query.format(schema=schema))).all()
            found[kind] = [tuple(str(value).replace(f"{schema}.", "") for value in row) for row in rows]
        return found

    async def work(connection: Any) -> tuple[Any, Any]:
        await connection.exec_driver_sql("CREATE SCHEMA second")
        await connection.exec_driver_sql("SET LOCAL search_path TO second")
        await connection.run_sync(metadata.create_all)
        return await catalogue(connection, "second"), await catalogue(connection, "public")

    expected, migrated = await database.write(work)
    await database.close()

    assert migrated == expected
    assert {row[0] for row in migrated["columns"]} == set(metadata.tables)


async def _race(programs: Programs, url: str) -> None:
    racers = [await programs.start([sys.executable, "-c", UPGRADE, url]) for _ in range(3)]
    assert [await racer.wait(30) for racer in racers] == [0, 0, 0]
    assert {racer.output.split()[-1] for racer in racers} == {migrate.newest_revision()}
    assert not any("Error" in racer.output for racer in racers)


async def test_processes_that_start_at_once_migrate_one_after_the_other(programs: Programs, tmp_path: Path) -> None:
    await _race(programs, f"sqlite+aiosqlite:///{tmp_path / 'data' / 'new.db'}")


@pytest.mark.postgresql
async def test_processes_on_several_machines_migrate_one_after_the_other(
    programs: Programs, postgresql_url: str
) -> None:
    database = Database(postgresql_url)
    await database.write(lambda connection: connection.exec_driver_sql("DROP SCHEMA public CASCADE"))
    await database.write(lambda connection: connection.exec_driver_sql("CREATE SCHEMA public"))
    await database.close()
    await _race(programs, postgresql_url)


async def test_a_database_that_is_current_is_left_alone(database: Database, database_url: str, hand: Hand) -> None:
    await hand("INSERT INTO downloads (url) VALUES ('http://site.test/a')")
    assert await migrate.current_revision(database) == migrate.newest_revision()

    await migrate.upgrade(database)

    assert await hand("SELECT url FROM downloads") == [("http://site.test/a",)]
    if database.is_sqlite:
        lock = Path(f"{make_url(database_url).database}.migrate.lock")
        assert not lock.exists(), "it did not even ask for the lock"


async def test_a_database_of_a_newer_version_is_refused_with_a_sentence(database: Database, hand: Hand) -> None:
    await hand("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(ConfigurationError, match=r"made by a newer version .* Update the program, or restore a backup"):
        await migrate.upgrade(database)
    assert await hand("SELECT version_num FROM alembic_version") == [("9999",)]


async def test_an_empty_database_has_no_revision(tmp_path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'empty.db'}")
    assert await migrate.current_revision(database) is None
    await database.close()


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_generator_prints_what_the_migrations_made(dialect: str) -> None:
    printed = schema(DIALECTS[dialect])
    assert printed.count("CREATE TABLE") == len(metadata.tables)
    assert "ck_downloads_metadata CHECK" in printed


async def test_a_database_of_the_first_version_keeps_its_rows(database: Database, hand: Hand) -> None:
    await database.write(_back_to_the_first_version)
    await hand("INSERT INTO downloads (url, title) VALUES ('http://site.test/a', 'A film')")
    await hand("INSERT INTO media_files (download_id, position, path, kind, bytes) VALUES (1, 0, '/a', 'video', 3)")

    await migrate.upgrade(database)

    queries = Queries(database)
    (row,), (file,) = await queries.newest(), await queries.files(1)
    assert (row.url, row.title, row.site, row.metadata) == ("http://site.test/a", "A film", None, {})
    assert (file.path, file.description) == ("/a", None)


async def _back_to_the_first_version(connection: AsyncConnection) -> None:
    for table in ("alembic_version", *(table.name for table in reversed(metadata.sorted_tables))):
        await connection.exec_driver_sql(f"DROP TABLE {table}")
    await connection.run_sync(lambda sync: command.upgrade(config_for(sync), "0001"))


def test_the_names_of_the_migrations_say_their_revisions() -> None:
    scripts = ScriptDirectory(str(program_file("migrations")))
    assert scripts.get_current_head() == migrate.newest_revision()
    for script in scripts.walk_revisions():
        assert Path(script.path).name.startswith(f"{script.revision}_")
        assert migrate.knows_revision(script.revision)
    assert not migrate.knows_revision("9999")
