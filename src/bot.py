"""The program `python -m bot`: Discord's gateway, and the two runners beside it. Wiring only."""

import asyncio
import os
import sys

from loguru import logger

from cogs.gateway import End, stay_connected
from core import migrate
from core.database import Database
from core.errors import BossBotError
from core.logs import setup_logging
from core.redaction import secrets_of
from core.settings import Settings, read_settings
from core.version_floors import BOT, warn_of_old_versions
from pooler.house import House
from pooler.lifecycle import run_until_stopped
from pooler.supervisor import Supervisor

NO_TOKEN = (
    "There is no BOSS_BOT_DISCORD_TOKEN, so Discord is left out and the runners work alone. "  # noqa: S105  (a sentence)
    "Ask for downloads with bossbotctl or in the table; the README says how to get a token."
)
NOTHING_TO_DO = "There is nothing to do: no BOSS_BOT_DISCORD_TOKEN, and BOSS_BOT_START_RUNNERS is false."


async def serve(settings: Settings, stop: asyncio.Event, house: House) -> int:
    """Run Discord's gateway and the runners, as far as the settings want them, until `stop`; the exit status."""
    token = settings.discord_token.get_secret_value() if settings.discord_token else ""
    if not token:
        logger.warning(NO_TOKEN if settings.start_runners else NOTHING_TO_DO)
        if not settings.start_runners:
            return 1
    supervisor = Supervisor() if settings.start_runners else None
    house.open(stop, supervisor)
    database = Database(settings.database_url)
    try:
        await migrate.upgrade(database)
        async with asyncio.TaskGroup() as parts:
            if supervisor is not None:
                parts.create_task(supervisor.run(stop), name="runners")
            if token:
                gateway = parts.create_task(stay_connected(settings, database, token, stop, house), name="Discord")
        return int(bool(token) and gateway.result() is End.REFUSED)
    finally:
        await database.close()


def run(settings: Settings) -> int:
    """Set up logging and serve until a signal; the exit status. `bossbotctl run` is the same."""
    setup_logging("bot", level=settings.log_level, style=settings.log_format, secrets=secrets_of(settings))
    warn_of_old_versions(BOT)
    house = House()
    try:
        status = run_until_stopped(lambda stop: serve(settings, stop, house))
    except BossBotError as error:
        logger.error("{}", error)
        return 1
    if house.restart_wanted:
        logger.info("restarting, as was asked")
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606  (the same command once more)
    return status


def main() -> int:
    """The entry point."""
    try:
        settings = read_settings()
    except BossBotError as error:
        print(error, file=sys.stderr)  # noqa: T201  (there is no log yet)
        return 1
    return run(settings)


if __name__ == "__main__":
    sys.exit(main())
