"""`bossbotctl db`: migrate, check and copy the database."""

from pathlib import Path
from typing import Annotated

import typer

from cli.examples import examples
from cli.output import AsJson, print_error, print_hint, print_json, results
from cli.session import open_database, run
from cli.units import size
from core.errors import ConfigurationError
from core.maintenance import back_up, check_health, shown_url
from core.migrate import current_revision, newest_revision, upgrade
from core.settings import read_settings

app = typer.Typer(help="Migrate, check and copy the database.", no_args_is_help=True)


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
            print_hint("Stop all processes and restore a backup.")
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

    To restore it, stop all processes, remove boss-bot.db-wal and boss-bot.db-shm, and put the copy in place of
    boss-bot.db.
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
