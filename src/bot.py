"""The program `python -m bot`: Discord's gateway, and the two runners beside it. Wiring only."""

import asyncio
import os
import sys

from loguru import logger

from cogs.alerts import keep_warning, mailbox_of
from cogs.gateway import End, stay_connected
from core import migrate
from core.claim_loop import IDLE_BEATS
from core.database import Database
from core.errors import BossBotError
from core.logs import setup_logging
from core.maintenance import refuse_damage
from core.models import RunnerState
from core.presence import Presence, present
from core.queries import Queries
from core.redaction import secrets_of
from core.settings import Settings, read_settings
from core.version_floors import BOT, warn_of_old_versions
from pooler import systemd
from pooler.house import House
from pooler.lifecycle import BEGIN_ANEW, after_loss, run_until_stopped
from pooler.supervisor import Supervisor, programs_for
from pooler.vital_signs import watch_over

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
    mailbox = mailbox_of(settings)
    programs = programs_for(web=settings.web_enabled, runners=settings.start_runners)
    supervisor = Supervisor(programs) if programs else None
    house.open(stop, supervisor if settings.start_runners else None)
    database = Database(settings.database_url)
    beside = [asyncio.create_task(stop_when_lost(database, stop), name="database")]
    try:
        await refuse_damage(database)
        await migrate.upgrade(database)
        lock_dir, interval = settings.lock_dir, IDLE_BEATS * settings.heartbeat_interval
        async with (
            present(database, kind="bot", lock_dir=lock_dir, interval=interval) as presence,
            asyncio.TaskGroup() as parts,
        ):
            await presence.set_state(RunnerState.READY)
            beside.append(asyncio.create_task(systemd.stay_watched(), name="service manager"))
            if supervisor is not None:
                look = Queries(database).runners
                watching_over = watch_over(supervisor, presence, look, lease=settings.lease, beat=interval)
                beside.append(asyncio.create_task(watching_over, name="runners that hang"))
                parts.create_task(supervisor.run(stop), name="runners")
            parts.create_task(tell_of_the_end(stop, presence, beside), name="the end")
            parts.create_task(keep_warning(settings, database, mailbox, stop), name="warnings")
            if token:
                gateway = parts.create_task(stay_connected(settings, database, token, stop, house), name="Discord")
                if supervisor is None:  # nothing is left to do without it
                    gateway.add_done_callback(lambda _: stop.set())
        if database.fault is not None:
            logger.critical("{}", database.fault)
            status = await after_loss(database.fault, settings.database_url)
            house.restart_wanted = status == BEGIN_ANEW
            return status
        return int(bool(token) and gateway.result() is End.REFUSED)
    finally:
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)
        await database.close()


async def stop_when_lost(database: Database, stop: asyncio.Event) -> None:
    """Set `stop` when this process must not go on with its database."""
    await database.lost()
    stop.set()


async def tell_of_the_end(stop: asyncio.Event, presence: Presence, beside: list[asyncio.Task[None]]) -> None:
    """Once `stop` is set, say so in the table, where those who ran beside say nothing any more."""
    await stop.wait()
    for task in beside:
        task.cancel()
    await asyncio.gather(*beside, return_exceptions=True)
    await presence.set_state(RunnerState.STOPPING)


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
        logger.info("beginning anew")
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
