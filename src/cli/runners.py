"""Which runners are alive, and starting those that nobody else runs."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import IO

from loguru import logger

from core.errors import ConfigurationError
from core.models import DOWNLOAD_STAGE, UPLOAD_STAGE
from core.queries import Queries, Runner
from core.settings import Settings
from pooler.supervisor import RUNNERS, Supervisor

KINDS = (DOWNLOAD_STAGE.name, UPLOAD_STAGE.name)
START_PATIENCE = 30.0  # seconds until a runner that was started must have signed on
MAX_LOG_BYTES = 10 * 1024 * 1024  # a longer log is begun anew


def silence_allowed(settings: Settings) -> float:
    """Seconds without a sign of life after which a runner is not counted on: three beats, in whole seconds."""
    return 3 * settings.heartbeat_interval + 1


async def alive_runners(queries: Queries, settings: Settings) -> list[Runner]:
    """The runners that gave a sign of life lately."""
    return [runner for runner in await queries.runners() if is_alive(runner, settings)]


def is_alive(runner: Runner, settings: Settings) -> bool:
    """Whether a process gave a sign of life lately."""
    return runner.seconds_silent <= silence_allowed(settings)


async def missing_kinds(queries: Queries, settings: Settings) -> list[str]:
    """The kinds of which no runner is alive."""
    alive = {runner.kind for runner in await alive_runners(queries, settings)}
    return [kind for kind in KINDS if kind not in alive]


class OwnRunners:
    """Runs one runner of each kind that is missing; started once, it stays until the end."""

    def __init__(self, queries: Queries, settings: Settings, log: IO[bytes]) -> None:
        self._queries = queries
        self._settings = settings
        self._log = log
        self._stop = asyncio.Event()
        self._started: dict[str, tuple[float, asyncio.Task[None]]] = {}

    async def look(self) -> None:
        """Start what is missing.

        Raises:
            ConfigurationError: what was started does not sign on.
        """
        clock = asyncio.get_running_loop().time
        for kind in await missing_kinds(self._queries, self._settings):
            if kind not in self._started:
                programs = tuple(program for program in RUNNERS if program.module.endswith(f".{kind}_runner"))
                supervisor = Supervisor(programs, log=self._log)
                self._started[kind] = (clock(), asyncio.create_task(supervisor.run(self._stop), name=kind))
            elif clock() - self._started[kind][0] > START_PATIENCE:
                raise ConfigurationError(
                    f"The {kind} runner does not start. Look into {self._log.name}, or run `bossbotctl doctor`."
                )
        for _, task in self._started.values():
            if task.done():
                task.result()  # raises what ended it

    async def end(self) -> None:
        """End those that were started; they give their rows back."""
        self._stop.set()
        await asyncio.gather(*(task for _, task in self._started.values()), return_exceptions=True)


@contextlib.asynccontextmanager
async def own_runners(queries: Queries, settings: Settings) -> AsyncIterator[OwnRunners]:
    """Runners for the time of a block. They log, as does their supervisor, into a file of the data directory."""
    with _open_log(settings.data_dir / "runners.log") as log:
        # What the supervisor says is about runners and does not belong between the lines of the progress.
        handler = logger.add(log.name, filter="pooler", level="INFO", diagnose=False)
        runners = OwnRunners(queries, settings, log)
        try:
            yield runners
        finally:
            await runners.end()
            logger.remove(handler)


def _open_log(path: Path) -> IO[bytes]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        too_long = path.exists() and path.stat().st_size > MAX_LOG_BYTES
        return path.open("wb" if too_long else "ab", buffering=0)
    except OSError as error:
        raise ConfigurationError(
            f"The log {path} can't be written: {error.strerror}. Set BOSS_BOT_DATA_DIR."
        ) from error
