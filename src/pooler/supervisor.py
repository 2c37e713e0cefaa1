"""Starts the runners and restarts a dead one, waiting longer each time it dies early."""

import asyncio
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO

from loguru import logger

from core.children import end_child
from pooler.lifecycle import PARENT_PIPE

FIRST_BACKOFF = 0.5  # seconds
MAX_BACKOFF = 30.0
HEALTHY_AFTER = 60.0  # seconds of life after which the next death is a first one again
STOP_GRACE = 10.0


@dataclass(frozen=True, slots=True)
class RunnerProgram:
    """A module to run, and the variables that it must not see."""

    module: str
    hidden: tuple[str, ...] = ()


# Only the upload runner talks to Discord and to stores, only the download runner to the rest.
RUNNERS = (
    RunnerProgram(
        "pooler.download_runner", hidden=("BOSS_BOT_DISCORD_TOKEN", "S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY")
    ),
    RunnerProgram("pooler.upload_runner", hidden=("ARIA2C_RPC_SECRET", "EGRESS_PROXY")),
)


class Supervisor:
    """Keeps one process of each runner alive."""

    def __init__(
        self,
        programs: tuple[RunnerProgram, ...] = RUNNERS,
        *,
        environment: Mapping[str, str] | None = None,
        log: IO[bytes] | None = None,
    ) -> None:
        self._programs = programs
        self._environment = dict(os.environ if environment is None else environment)
        self._log = log  # where the runners print; None: where this process does
        self._living: dict[str, asyncio.subprocess.Process] = {}  # by module
        self._to_restart: set[str] = set()  # asked to end, so that they begin anew at once

    async def run(self, stop: asyncio.Event) -> None:
        """Run them until `stop` is set, then end them, giving them time to give their rows back."""
        keepers = [asyncio.create_task(self._keep(program), name=program.module) for program in self._programs]
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait([*keepers, stopping], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (*keepers, stopping):
                task.cancel()
            ends = await asyncio.gather(*keepers, return_exceptions=True)
            for end in ends:
                if isinstance(end, Exception):
                    raise end

    def restart(self, kind: str | None = None) -> None:
        """Have the runners of a kind, or all, end in order and begin anew. Those that are down begin anew anyway."""
        loop = asyncio.get_running_loop()
        for module, process in self._living.items():
            if kind is None or kind in module:
                self._to_restart.add(module)
                process.terminate()
                loop.call_later(STOP_GRACE, self._insist, module, process)

    def _insist(self, module: str, process: asyncio.subprocess.Process) -> None:
        if self._living.get(module) is process and process.returncode is None:
            process.kill()

    async def _keep(self, program: RunnerProgram) -> None:
        backoff = FIRST_BACKOFF
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            status = await self._run_once(program)
            if program.module in self._to_restart:
                self._to_restart.discard(program.module)
                logger.bind(runner=program.module).info("restarting, as was asked")
                backoff = FIRST_BACKOFF
                continue
            if loop.time() - began > HEALTHY_AFTER:
                backoff = FIRST_BACKOFF
            logger.bind(runner=program.module, status=status).error("runner ended; starting it again in {} s", backoff)
            await asyncio.sleep(backoff)
            backoff = min(backoff * 2, MAX_BACKOFF)

    async def _run_once(self, program: RunnerProgram) -> int:
        environment = {name: value for name, value in self._environment.items() if name not in program.hidden}
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", program.module),
            env=environment | {PARENT_PIPE: "1"},
            stdin=asyncio.subprocess.PIPE,
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,  # Ctrl-C reaches the supervisor alone, which ends its runners in order
        )
        logger.bind(runner=program.module, pid=process.pid).info("started")
        self._living[program.module] = process
        try:
            return await process.wait()
        finally:
            self._living.pop(program.module, None)
            await asyncio.shield(end_child(process, grace=STOP_GRACE))
