"""Starts the runners and restarts a dead one, waiting longer each time it dies early, or when a person has to act."""

import asyncio
import contextlib
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO

from loguru import logger

from core.children import end_child
from pooler import systemd
from pooler.lifecycle import BEGIN_ANEW, DAMAGED, PARENT_PIPE, WRONG_SETTINGS

FIRST_BACKOFF = 0.5  # seconds
MAX_BACKOFF = 30.0
HEALTHY_AFTER = 60.0  # seconds of life after which the next death is a first one again
STOP_GRACE = 8.5  # a runner needs up to 7.5, and who stops us kills after 10
FOR_A_PERSON = 60.0  # seconds between starts of a runner that says what a person has to mend
FOR_A_PERSON_TO_MEND = {WRONG_SETTINGS: "its settings are wrong", DAMAGED: "the database is damaged"}


@dataclass(frozen=True, slots=True)
class RunnerProgram:
    """A module to run, and the variables that it must not see."""

    module: str
    hidden: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What people call it: `download runner`."""
        return self.module.rpartition(".")[2].replace("_", " ")


# Only the upload runner talks to Discord and stores, only the download runner to the rest, only the web page lets in.
_DELIVERS = ("BOSS_BOT_DISCORD_TOKEN", "S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY")
_FETCHES = ("ARIA2C_RPC_SECRET", "EGRESS_PROXY")
_LETS_IN = ("WEB_ADMIN_TOKEN", "DISCORD_CLIENT_SECRET")
RUNNERS = (
    RunnerProgram("pooler.download_runner", hidden=(*_DELIVERS, *_LETS_IN)),
    RunnerProgram("pooler.upload_runner", hidden=(*_FETCHES, *_LETS_IN)),
)
WEB = RunnerProgram("web", hidden=(*_DELIVERS, *_FETCHES))


def programs_for(*, web: bool, runners: bool = True) -> tuple[RunnerProgram, ...]:
    """The runners and the web page, as far as they are wanted."""
    return (RUNNERS if runners else ()) + ((WEB,) if web else ())


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
        self._wanted = {program.module: asyncio.Event() for program in programs}  # set: do not wait for the next start
        self._hung: dict[int, str] = {}  # killed, and why; by process id
        self.troubles: dict[str, str] = {}  # by module: what a person should know of it, in a few words

    @property
    def living(self) -> tuple[int, ...]:
        """The process ids of those that run now."""
        return tuple(process.pid for process in self._living.values())

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
        for module, wanted in self._wanted.items():
            if kind is None or kind in module:
                wanted.set()
        for module, process in self._living.items():
            if kind is None or kind in module:
                self._to_restart.add(module)
                process.terminate()
                loop.call_later(STOP_GRACE, self._insist, module, process)

    def _insist(self, module: str, process: asyncio.subprocess.Process) -> None:
        if self._living.get(module) is process and process.returncode is None:
            process.kill()

    def kill(self, pid: int, why: str) -> None:
        """End a runner that hangs; it is started again like one that died."""
        for module, process in self._living.items():
            if process.pid == pid and pid not in self._hung:
                self._hung[pid] = why
                logger.bind(runner=module, pid=pid).error("killing a runner that hangs: {}", why)
                process.kill()

    async def _keep(self, program: RunnerProgram) -> None:
        backoff = FIRST_BACKOFF
        loop = asyncio.get_running_loop()
        while True:
            self._wanted[program.module].clear()
            began = loop.time()
            how, status = await self._run_once(program)
            if program.module in self._to_restart:
                self._to_restart.discard(program.module)
                logger.bind(runner=program.module).info("restarting, as was asked")
                backoff = FIRST_BACKOFF
                continue
            if loop.time() - began > HEALTHY_AFTER or status == BEGIN_ANEW:
                backoff = FIRST_BACKOFF
            wait = FOR_A_PERSON if status in FOR_A_PERSON_TO_MEND else backoff
            self.troubles[program.module] = f"{program.name}: {how}"
            log = logger.bind(runner=program.module, status=status)
            log.error("runner ended: {}; starting it again in {} s", how, wait)
            await self._wait(program, wait)
            backoff = min(backoff * 2, MAX_BACKOFF)

    async def _wait(self, program: RunnerProgram, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._wanted[program.module].wait()
        except TimeoutError:
            return

    async def _run_once(self, program: RunnerProgram) -> tuple[str, int | None]:
        """How it ended, in words and as its exit status."""
        hidden = (*program.hidden, *systemd.VARIABLES)
        environment = {name: value for name, value in self._environment.items() if name not in hidden}
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", program.module),
                env=environment | {PARENT_PIPE: "1"},
                stdin=asyncio.subprocess.PIPE,
                stdout=self._log,
                stderr=self._log,
                start_new_session=True,  # Ctrl-C reaches the supervisor alone, which ends its runners in order
            )
        except OSError as error:  # no memory, processes or descriptors left: others may give some back
            return f"it could not be started ({error})", None
        logger.bind(runner=program.module, pid=process.pid).info("started")
        self._living[program.module] = process
        healthy = asyncio.get_running_loop().call_later(HEALTHY_AFTER, self.troubles.pop, program.module, None)
        try:
            status = await process.wait()
        finally:
            healthy.cancel()
            self._living.pop(program.module, None)
            await asyncio.shield(_end(process))
        why = self._hung.pop(process.pid, None)
        return f"killed, because {why}" if why else _meaning(status), status


async def _end(process: asyncio.subprocess.Process) -> None:
    """Have a runner end in order, and kill what is left of it and its children then."""
    if process.stdin is not None:
        process.stdin.close()  # a signal might be the second one for it, when the service manager sent one to all of us
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(STOP_GRACE):
            await process.wait()
    await end_child(process)


def _meaning(status: int) -> str:
    if status < 0:
        return f"killed by signal {-status}"
    return FOR_A_PERSON_TO_MEND.get(status, f"exit status {status}")
