"""A real clamd with one signature, which no file but a test's own has."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.processes import Program, Programs, free_port, wait_until
from upload_module.virus_scanner import Clamd, ScannerGone

VIRUS = b"boss-bot test signature: nothing bad, but clamd shall find it"
NAME = "BossBot.Test.Signature"
STREAM_MAX = 1024 * 1024  # bytes
CLAMD = shutil.which("clamd") or shutil.which("clamd", path="/usr/sbin:/usr/local/sbin:/opt/homebrew/sbin")


@dataclass(slots=True)
class RunningClamd:
    """A clamd that can be ended and started again at the same place."""

    directory: Path
    programs: Programs
    port: int
    program: Program | None = None

    @property
    def socket(self) -> str:
        """Where it listens: a path."""
        return str(self.directory / "clamd.sock")

    @property
    def tcp(self) -> str:
        """Where it listens as well."""
        return f"127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Start it, and wait until it answers."""
        assert CLAMD is not None, "the fixture skips without it"
        argv = (CLAMD, f"--config-file={self.directory / 'clamd.conf'}")
        self.program = await self.programs.start(argv, name="clamd")
        await wait_until(self._answers, 30, description="an answer of clamd", every=0.05)

    async def stop(self) -> None:
        """End it."""
        assert self.program is not None, "it runs"
        await self.program.kill()
        self.program = None

    async def _answers(self) -> bool:
        assert self.program is not None, "it runs"
        assert self.program.running, self.program.output
        try:
            return bool(await Clamd(self.socket).version()) and bool(await Clamd(self.tcp).version())
        except ScannerGone:
            return False


@asynccontextmanager
async def running_clamd(directory: Path) -> AsyncIterator[RunningClamd]:
    """One of the test's own; skips where there is no clamd."""
    if CLAMD is None:
        pytest.skip("clamd is not installed: scripts/packages.sh tests")
    database = directory / "signatures"
    database.mkdir(parents=True)
    await asyncio.to_thread((database / "test.ndb").write_text, f"{NAME}:0:*:{VIRUS.hex()}\n")
    async with Programs(directory / "log") as programs:
        clamd = RunningClamd(directory, programs, free_port())
        (directory / "clamd.conf").write_text(
            f"LocalSocket {clamd.socket}\nTCPSocket {clamd.port}\nTCPAddr 127.0.0.1\nDatabaseDirectory {database}\n"
            f"TemporaryDirectory {directory}\nForeground yes\nStreamMaxLength {STREAM_MAX}\nMaxThreads 4\n"
            "AlertExceedsMax yes\nMaxFileSize 512K\n"
        )
        await clamd.start()
        yield clamd
