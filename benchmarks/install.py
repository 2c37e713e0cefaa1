"""A private installation with real runners, for a benchmark."""

import asyncio
import shutil
import sqlite3
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from tests.support.processes import Program, Programs, wait_until


@dataclass(frozen=True, slots=True)
class Installation:
    """Its directory, its database and its processes by kind."""

    directory: Path
    database: sqlite3.Connection
    programs: dict[str, Program]

    def ask(self, url: str) -> int:
        """One committed INSERT; the row's id."""
        row_id = self.database.execute("INSERT INTO downloads (url, upload) VALUES (?, 0)", (url,)).lastrowid
        assert row_id is not None
        return row_id

    def status(self, row_id: int) -> str:
        """The row's status now."""
        return str(self.database.execute("SELECT status FROM downloads WHERE id = ?", (row_id,)).fetchone()[0])

    async def until(self, row_id: int, wanted: str, every: float = 0.001) -> float:
        """Wait for a status; the time at which it was seen."""
        while (status := self.status(row_id)) != wanted:
            assert status != "failed", self.database.execute("SELECT error FROM downloads").fetchall()
            await asyncio.sleep(every)
        return time.monotonic()

    def remove(self, row_id: int) -> None:
        """Free the bytes of a finished row, so that no disk fills up."""
        (path,) = self.database.execute("SELECT file_path FROM downloads WHERE id = ?", (row_id,)).fetchone()
        shutil.rmtree(path)


@asynccontextmanager
async def installed(*kinds: str, environment: dict[str, str] | None = None) -> AsyncIterator[Installation]:
    """Start processes (`bot`, `download`, `upload`) on a database of their own, and wait until they are ready."""
    modules = {"bot": "bot", "download": "pooler.download_runner", "upload": "pooler.upload_runner"}
    with TemporaryDirectory() as name:
        directory = Path(name)
        env = {
            "BOSS_BOT_DATABASE_URL": f"sqlite+aiosqlite:///{directory}/boss-bot.db",
            "BOSS_BOT_DATA_DIR": str(directory / "data"),
            "DOWNLOAD_DIR": str(directory / "downloads"),
            "EGRESS_ALLOW": "127.0.0.0/8",
            "BOSS_BOT_START_RUNNERS": "false",
        } | (environment or {})
        async with Programs(directory / "logs") as programs:
            started = {}
            for kind in kinds:
                argv = (sys.executable, "-m", modules[kind])
                started[kind] = await programs.start(argv, env=env, cwd=directory, name=kind)
            runners = [kind for kind in kinds if kind != "bot"]
            await wait_until(lambda: _signed_on(directory / "boss-bot.db") >= len(runners), 60, description="runners")
            database = sqlite3.connect(directory / "boss-bot.db", isolation_level=None, timeout=30)
            try:
                yield Installation(directory, database, started)
            finally:
                database.close()
                for program in started.values():
                    await program.terminate(15)


def _signed_on(path: Path) -> int:
    try:
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
            ready = "SELECT count(*) FROM runners WHERE kind <> 'bot' AND state IN ('ready', 'waiting')"
            return int(database.execute(ready).fetchone()[0])
    except sqlite3.OperationalError:
        return 0


def resident_mib(program: Program) -> float:
    """Resident memory of the process alone, MiB."""
    return float(psutil.Process(program.pid).memory_info().rss) / 2**20


def peak_mib(program: Program) -> float:
    """The most memory that the process ever had, MiB (VmHWM in proc(5))."""
    status = Path(f"/proc/{program.pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) / 1024


def cpu_seconds(program: Program) -> float:
    """CPU time of the process and of its living children, such as aria2c."""
    process = psutil.Process(program.pid)
    times = [one.cpu_times() for one in (process, *process.children(recursive=True))]
    return sum(float(one.user + one.system) for one in times)
