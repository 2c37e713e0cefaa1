"""The aria2c child process: started, watched, started again when it dies or hangs."""

import asyncio
import os
import secrets
import socket
import sys
import time
from pathlib import Path

from loguru import logger

from core.children import built_environment, end_child, start_child
from core.errors import ConfigurationError
from core.paths import program_file
from core.sandbox import Files
from download_module.daemons import Endpoint

MEMORY = 4 * 1024**3  # bytes of address space: a server that lies about its length must not take the machine
FIRST_BACKOFF = 0.2  # seconds
MAX_BACKOFF = 5.0
HEALTHY_AFTER = 10.0


class Aria2cDaemon:
    """Keeps one aria2c of ours alive; `endpoint` is where it listens now."""

    def __init__(
        self,
        runtime_dir: Path,
        *,
        writes: Path | None = None,
        inherit: tuple[int, ...] = (),
        save_interval: int = 1,
    ) -> None:
        """Make it.

        Args:
            runtime_dir: a private directory for its configuration.
            writes: the only directory that it may write to, and that it sees beside its configuration.
            inherit: descriptors that it keeps open, so that it counts as part of its runner.
            save_interval: seconds between two writings of where its transfers are; it waits for the disk over each
                of them, so many transfers need longer ones.
        """
        self._save_interval = save_interval
        self._runtime_dir = runtime_dir
        self._files = Files(reads=(runtime_dir.absolute(),), writes=(writes.absolute(),)) if writes else None
        self._inherit = inherit
        self._secret = secrets.token_urlsafe(24)
        self._process: asyncio.subprocess.Process | None = None
        self._keeper: asyncio.Task[None] | None = None
        self.endpoint: Endpoint | None = None
        self.outlives_runners = False  # it stops with its runner, and holds the runner's lock until then

    @property
    def pid(self) -> int | None:
        """The process id of the aria2c that runs now."""
        return self._process.pid if self._process and self._process.returncode is None else None

    async def start(self) -> None:
        """Start it, and keep it running until `stop`.

        Raises:
            ConfigurationError: there is no aria2c on this machine.
        """
        self._remove_those_of_the_dead()
        await self._spawn()
        self._keeper = asyncio.create_task(self._keep(), name="aria2c")

    async def stop(self) -> None:
        """End it; it saves where its transfers are."""
        if self._keeper:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        if self._process:
            await end_child(self._process, grace=3.0)
        try:
            self._config_path.unlink(missing_ok=True)
        except OSError as error:  # the next start removes it; this end goes on in order
            logger.warning("could not remove {}: {}", self._config_path, error)

    async def restart(self, why: str) -> None:
        """Kill it because it hangs; it is started again at once."""
        if self._process and self._process.returncode is None:
            logger.bind(pid=self._process.pid).error("killing aria2c: {}", why)
            await end_child(self._process)

    async def _keep(self) -> None:
        backoff = FIRST_BACKOFF
        while True:
            assert self._process is not None, "started before it is kept"
            began = time.monotonic()
            status = await self._process.wait()
            self.endpoint = None
            backoff = FIRST_BACKOFF if time.monotonic() - began > HEALTHY_AFTER else min(backoff * 2, MAX_BACKOFF)
            logger.bind(status=status).error("aria2c ended; starting it again in {} s", backoff)
            await asyncio.sleep(backoff)
            await self._spawn_again()

    async def _spawn_again(self) -> None:
        while True:
            try:
                return await self._spawn()
            except (ConfigurationError, OSError) as error:  # being upgraded, or no processes or descriptors left
                logger.error("could not start aria2c: {}", error)
                await asyncio.sleep(MAX_BACKOFF)

    async def _spawn(self) -> None:
        port = _free_port()
        self._write_config(port)
        argv = ("aria2c", f"--conf-path={self._config_path}", f"--stop-with-process={os.getpid()}")
        try:
            self._process = await start_child(
                argv,
                env=built_environment(HOME=str(self._runtime_dir)),
                inherit=self._inherit,
                files=self._files,
                memory_bytes=MEMORY if sys.platform == "linux" else None,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
            )
        except FileNotFoundError:
            raise ConfigurationError("aria2c is missing. Install aria2: `apt install aria2`.") from None
        self.endpoint = Endpoint(f"http://127.0.0.1:{port}/jsonrpc", self._secret)
        logger.bind(pid=self._process.pid, port=port).info("started aria2c")

    def _remove_those_of_the_dead(self) -> None:
        """Configurations of runners that were killed."""
        for path in self._runtime_dir.glob("aria2-*.conf"):
            pid = path.stem.removeprefix("aria2-")
            if pid.isdecimal() and not _is_there(int(pid)):
                path.unlink(missing_ok=True)

    @property
    def _config_path(self) -> Path:
        return self._runtime_dir / f"aria2-{os.getpid()}.conf"

    def _write_config(self, port: int) -> None:
        """In a file, because everybody on the machine can read the arguments of a process."""
        ours = program_file("aria2.conf").read_text(encoding="utf-8")
        self._runtime_dir.mkdir(parents=True, exist_ok=True)
        self._config_path.unlink(missing_ok=True)
        descriptor = os.open(self._config_path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(f"{ours}\nrpc-listen-port={port}\nrpc-secret={self._secret}\n")
            file.write(f"auto-save-interval={self._save_interval}\n")


def _is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # somebody else's
        return True
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
