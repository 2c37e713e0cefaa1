"""What tests of the upload runner as a process begin with."""

import sqlite3
import sys
from pathlib import Path
from typing import Any

from core.database import Database
from tests.support.discord_server import DiscordServer
from tests.support.processes import Program, Programs, wait_until


class Place:
    """A database, a download directory, and runners that use them."""

    def __init__(self, directory: Path, file: Path, programs: Programs, discord: DiscordServer) -> None:
        self.file = file
        self.download_dir = directory / "downloads"
        self.delivered = self.download_dir / "delivered"
        self.database = Database(f"sqlite+aiosqlite:///{file}")
        self._programs = programs
        self._environment: dict[str, str | None] = {
            "BOSS_BOT_DATABASE_URL": f"sqlite+aiosqlite:///{file}",
            "BOSS_BOT_DATA_DIR": str(directory / "data"),
            "BOSS_BOT_DISCORD_TOKEN": discord.token,
            "DOWNLOAD_DIR": str(self.download_dir),
            "RETRY_BASE_DELAY": "0",
            **discord.environment,
        }

    async def start(self, **environment: str | None) -> Program:
        argv = (sys.executable, "-m", "pooler.upload_runner")
        return await self._programs.start(argv, self._environment | environment, name="upload_runner")

    async def ready(self, **environment: str | None) -> Program:
        runner = await self.start(**environment)
        await runner.wait_for_output("upload runner is ready", 30)
        return runner

    def sql(self, statement: str) -> list[Any]:
        """A person with a database shell."""
        shell = sqlite3.connect(self.file, isolation_level=None, timeout=10)
        try:
            return shell.execute(statement).fetchall()
        finally:
            shell.close()

    async def until(self, statement: str, timeout: float = 60) -> None:
        """Wait until a query answers 1."""
        await wait_until(lambda: self.sql(statement) == [(1,)], timeout, description=statement)

    async def status(self, row: int, status: str, timeout: float = 60) -> None:
        await self.until(f"SELECT status = '{status}' FROM downloads WHERE id = {row}", timeout)
