"""The real download runner, a site and a database; the test is the person with the shell."""

import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.media_server import MediaServer
from tests.support.processes import Program, Programs, wait_until


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What a test of the runner sees."""

    directory: Path
    database: Path
    programs: Programs
    server: MediaServer

    async def start(self, **settings: str) -> Program:
        """Another download runner that is ready."""
        runner = await self.programs.start(
            [sys.executable, "-m", "pooler.download_runner"], env=self.environment(**settings), cwd=self.directory
        )
        await runner.wait_for_output("download runner is ready", 60)
        return runner

    def environment(self, **settings: str) -> dict[str, str | None]:
        """Settings of a runner for this scene."""
        return {
            "BOSS_BOT_DATABASE_URL": f"sqlite+aiosqlite:///{self.database}",
            "BOSS_BOT_DATA_DIR": str(self.directory / "data"),
            "DOWNLOAD_DIR": str(self.downloads),
            "EGRESS_ALLOW": "127.0.0.0/8",
            "SITE_FAILURES": "0",  # one server plays all sites
            "RETRY_BASE_DELAY": "0.1",
            "MAX_DOWNLOAD_RETRIES": "2",
            "ARIA2C_RPC_URL": None,
            **settings,
        }

    @property
    def downloads(self) -> Path:
        return self.directory / "downloads"

    def shell(self, statement: str, *values: Any) -> list[sqlite3.Row]:
        """One statement in a database shell."""
        connection = sqlite3.connect(self.database, isolation_level=None, timeout=10)
        connection.row_factory = sqlite3.Row
        try:
            return connection.execute(statement, values).fetchall()
        finally:
            connection.close()

    def ask(self, url: str, **columns: Any) -> int:
        """INSERT a row; `upload = 0`, so that what is downloaded is kept."""
        row = {"url": url, "upload": 0, **columns}
        statement = f"INSERT INTO downloads ({', '.join(row)}) VALUES ({', '.join('?' * len(row))}) RETURNING id"
        return int(self.shell(statement, *row.values())[0]["id"])

    def row(self, download_id: int = 1) -> sqlite3.Row:
        return self.shell("SELECT * FROM downloads WHERE id = ?", download_id)[0]

    def files(self, download_id: int = 1) -> list[Path]:
        """The recorded files."""
        rows = self.shell("SELECT path FROM media_files WHERE download_id = ? ORDER BY position", download_id)
        return [Path(row["path"]) for row in rows]

    async def reach(self, status: str, download_id: int = 1, timeout: float = 30) -> sqlite3.Row:
        """The row once it has that status."""
        await wait_until(
            lambda: self.row(download_id)["status"] == status,
            timeout,
            description=lambda: f"{status}, but: {dict(self.row(download_id))}",
        )
        return self.row(download_id)

    @property
    def staged(self) -> list[str]:
        """What lies in staging, but for what is thrown away."""
        return sorted(path.name for path in (self.downloads / ".staging").iterdir() if path.name != "trash")


@asynccontextmanager
async def opened(database: Path, directory: Path, programs: Programs) -> AsyncIterator[Scene]:
    """A scene with a site and no runner."""
    async with MediaServer() as server:
        yield Scene(directory=directory, database=database, programs=programs, server=server)
