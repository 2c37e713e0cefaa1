"""`bossbotctl db`: migrate, check, copy and restore the database."""

from pathlib import Path
from typing import Annotated

import typer

from cli.examples import examples
from cli.output import AsJson, print_error, print_hint, print_json, results
from cli.session import open_database, run
from cli.units import size
from core.database import sqlite_path
from core.errors import ConfigurationError
from core.maintenance import back_up, check_health, faults_explained, shown_url
from core.migrate import current_revision, newest_revision, upgrade
from core.restoring import restore as put_back
from core.settings import read_settings

app = typer.Typer(help="Migrate, check, copy and restore the database.", no_args_is_help=True)


@app.command("upgrade", epilog=examples(("db upgrade", "make the database, or bring it to this version")))
def upgrade_() -> None:
    """Migrate the database to the schema of this version; every start does the same."""

    async def command() -> int:
        settings = read_settings()
        async with open_database(settings, create=True) as database:
            before = await current_revision(database)
            await upgrade(database)
        shown = shown_url(settings.database_url)
        if before == newest_revision():
            results().print(f"{shown} has the newest schema, {before}: nothing to do.", soft_wrap=True)
        else:
            results().print(f"{shown} migrated from {before or 'nothing'} to {newest_revision()}.", soft_wrap=True)
        return 0

    run(command())


@app.command("check", epilog=examples(("db check", "look for damage; exit status 1 when there is any")))
def check(as_json: AsJson = False) -> None:
    """Look for damage: integrity, rows that refer to nothing, the schema's revision. Changes nothing."""

    async def command() -> int:
        settings = read_settings()
        async with open_database(settings) as database:
            health = await check_health(database)
        if as_json:
            print_json(health)
            return 0 if health.is_sound else 1
        shown = shown_url(settings.database_url)
        for fault in (*health.integrity, *health.foreign_keys):
            print_error(f"{shown}: {fault}.")
        if health.integrity or health.foreign_keys:
            print_hint("Stop all processes and put a backup back with `bossbotctl db restore`.")
        if health.revision != health.newest_revision:
            print_error(
                f"{shown} has schema {health.revision or 'none'}, this version needs {health.newest_revision}. "
                "Migrate it with `bossbotctl db upgrade`."
            )
        if health.is_sound:
            results().print(f"{shown} is sound, schema {health.revision}.", soft_wrap=True)
        if not database.is_sqlite:
            print_hint("Only the schema was checked. PostgreSQL's own tool looks for damage: pg_amcheck.")
        return 0 if health.is_sound else 1

    run(command())


@app.command("backup", epilog=examples(("db backup boss-bot-monday.db", "copy it while everything runs")))
def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The new file; an existing one is not overwritten.")],
) -> None:
    """Write a consistent copy of the database while it is in use (SQLite).

    `bossbotctl db restore` puts it back. A download runner makes one by itself every DATABASE_BACKUP_INTERVAL hours.
    """

    async def command() -> int:
        async with open_database(read_settings()) as database:
            try:
                written = await back_up(database, file)
            except OSError as error:
                raise ConfigurationError(f"{file} can't be written: {error.strerror}.") from error
        results().print(f"{file} written, {size(written)}.", soft_wrap=True)
        return 0

    run(command())


@app.command("restore", epilog=examples(("db restore data/backups/boss-bot-20300101-040000.db", "put a backup back")))
def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A backup; it is only read.")],
    pause: Annotated[
        bool, typer.Option("--pause", help="Have unfinished downloads wait until they are resumed.")
    ] = False,
) -> None:
    """Put a backup in the place of the database (SQLite); all processes must be stopped.

    The backup is checked before, and the database that it replaces is kept beside it.
    """

    async def command() -> int:
        settings = read_settings()
        path = sqlite_path(settings.database_url)
        if path is None:
            raise ConfigurationError("PostgreSQL has its own tool for that: pg_restore --clean --dbname=... FILE")
        with faults_explained(settings.database_url):
            try:
                done = put_back(file, path, lock_dir=settings.lock_dir, pause=pause)
            except OSError as error:
                raise ConfigurationError(f"{file} can't be put back: {error.strerror}.") from error
        kept = f"; what was there is {done.kept}" if done.kept else ""
        results().print(f"{path} is {file} now, schema {done.revision}{kept}.", soft_wrap=True)
        if done.revision != newest_revision():
            print_hint("The next start migrates it.")
        if done.unfinished and not pause:
            print_hint(
                f"Downloads that were not over then: {done.unfinished}. They go on at the next start, also those that "
                "were delivered after the backup. `--pause` has them wait."
            )
        return 0

    run(command())
