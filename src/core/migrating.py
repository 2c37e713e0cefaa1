"""Runs the migrations by Alembic."""

from alembic import command
from alembic.config import Config
from alembic.util.exc import CommandError
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncConnection

from core.errors import ConfigurationError
from core.migrate import NEWER
from core.paths import program_file


def config_for(connection: Connection) -> Config:
    """Alembic's, for a connection in a transaction."""
    config = Config()
    config.set_main_option("script_location", str(program_file("migrations")))
    config.attributes["connection"] = connection
    return config


async def migrate(connection: AsyncConnection) -> None:
    """Bring a database to the newest revision, within the transaction of this connection.

    Raises:
        ConfigurationError: the database was made by a newer version of the program.
    """
    try:
        await connection.run_sync(lambda synchronous: command.upgrade(config_for(synchronous), "head"))
    except CommandError as error:
        raise ConfigurationError(NEWER) from error
