"""The whole program as it is run: real processes on one database, a site to fetch from, a Discord to answer to."""

import asyncio
import json
import sqlite3
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.support.discord_server import DiscordServer
from tests.support.installation import settings_below
from tests.support.media_server import MediaServer
from tests.support.processes import Program, Programs, wait_until

BOSSBOTCTL = Path(sys.executable).with_name("bossbotctl")
KINDS = {"bot": "bot", "download": "pooler.download_runner", "upload": "pooler.upload_runner", "web": "web"}


@dataclass(slots=True, kw_only=True)
class House:
    """One installation in a directory of its own."""

    directory: Path
    programs: Programs
    site: MediaServer
    discord: DiscordServer | None = None
    started: list[Program] = field(default_factory=list)

    @property
    def database(self) -> Path:
        return self.directory / "boss-bot.db"

    @property
    def downloads(self) -> Path:
        return self.directory / "downloads"

    @property
    def delivered(self) -> Path:
        return self.downloads / "delivered"

    @property
    def environment(self) -> dict[str, str]:
        ours = settings_below(self.directory) | {
            "PROGRESS_EDIT_INTERVAL": "1",
            "RETRY_BASE_DELAY": "1",
            "BOSS_BOT_START_RUNNERS": "false",
        }
        return ours | (self.discord.environment if self.discord else {})

    async def start(self, *kinds: str, **environment: str) -> list[Program]:
        """Start processes of these kinds: bot, download, upload."""
        programs = []
        for kind in kinds:
            argv = (sys.executable, "-m", KINDS[kind])
            env = self.environment | environment
            programs.append(await self.programs.start(argv, env=env, cwd=self.directory, name=kind))
        self.started += programs
        return programs

    async def ready(self, kind: str, count: int = 1) -> None:
        """Wait until so many runners of a kind have signed on."""

        def signed_on() -> bool:
            return int(self.query("SELECT count(*) FROM runners WHERE kind = ?", kind)[0][0]) >= count

        await wait_until(signed_on, 20, description=f"{count} {kind} runners")

    def query(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """What the database answers; nothing while it does not exist yet."""
        with sqlite3.connect(self.database, timeout=10) as connection:
            try:
                return connection.execute(sql, parameters).fetchall()
            except sqlite3.OperationalError as error:
                if "no such table" in str(error):
                    return [(0,)]
                raise
            finally:
                connection.commit()

    async def shell(self, sql: str) -> str:
        """What an admin does: the sqlite3 program."""
        argv = ("sqlite3", "-cmd", ".timeout 10000", str(self.database), sql)
        child = await asyncio.create_subprocess_exec(
            *argv, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        out, err = await child.communicate()
        assert child.returncode == 0, err.decode()
        return out.decode().strip()

    async def ask(self, url: str, **columns: Any) -> int:
        """One INSERT, as a person writes it."""
        names = ", ".join(("url", *columns))
        values = ", ".join(f"'{value}'" if isinstance(value, str) else str(value) for value in (url, *columns.values()))
        return int(await self.shell(f"INSERT INTO downloads ({names}) VALUES ({values}); SELECT last_insert_rowid();"))

    def row(self, download_id: int) -> dict[str, Any]:
        """The row, by the names of its columns."""
        with sqlite3.connect(self.database, timeout=10) as connection:
            connection.row_factory = sqlite3.Row
            row = connection.execute("SELECT * FROM downloads WHERE id = ?", (download_id,)).fetchone()
        assert row is not None, f"no row {download_id}"
        return dict(row)

    async def until(self, download_id: int, *statuses: str, timeout: float = 30) -> dict[str, Any]:
        """Wait until the row has one of these statuses."""

        def describe() -> str:
            return f"{statuses}: {json.dumps(self.row(download_id))}"

        await wait_until(lambda: self.row(download_id)["status"] in statuses, timeout, description=describe)
        return self.row(download_id)

    async def ctl(self, *arguments: str) -> str:
        """What bossbotctl prints; it must succeed."""
        argv = (str(BOSSBOTCTL), *arguments)
        program = await self.programs.start(argv, env=self.environment, cwd=self.directory, name="bossbotctl")
        assert await program.wait(30) == 0, program.output
        return program.output

    async def active_transfers(self) -> list[dict[str, Any]]:
        """What every aria2c of this house works on."""
        found: list[dict[str, Any]] = []
        for path in (self.directory / "data" / "aria2").glob("aria2-*.conf"):
            options = dict(line.split("=", 1) for line in path.read_text().splitlines() if line.startswith("rpc-"))
            call = {
                "jsonrpc": "2.0",
                "id": "1",
                "method": "aria2.tellActive",
                "params": [f"token:{options['rpc-secret']}"],
            }
            async with httpx.AsyncClient(trust_env=False) as client:
                answer = await client.post(f"http://127.0.0.1:{options['rpc-listen-port']}/jsonrpc", json=call)
            found += answer.json()["result"]
        return found

    def files_of(self, download_id: int) -> list[Path]:
        """Everything on disk that belongs to a download and is not delivered."""
        staged = [path for path in self.downloads.glob(f".staging/{download_id}-*/**/*") if path.is_file()]
        finished = self.downloads.glob(f"*/????-??-??/{download_id}/**/*")
        return staged + [path for path in finished if path.is_file()]

    async def held_at(self, path: str, count: int) -> None:
        """Let `count` bytes of a resource through fast, then a trickle long enough for aria2 to save where it is."""
        await self.site.wait_for_bytes(path, count)
        self.site.change(path, rate=128 * 1024)
        self.site.resume(path)
        on_their_way = 16 * 64 * 1024  # a piece of each connection, which the new rate does not hold back
        await self.site.wait_for_bytes(path, count + on_their_way + 256 * 1024)

    def let_go(self, path: str) -> None:
        """No more trickle; not full speed either, where what lies unread in many buffers would count as served."""
        self.site.change(path, rate=16 * 1024 * 1024)


async def settled(condition: Callable[[], bool], what: str, timeout: float = 30) -> None:
    """Wait for a condition on what the outside sees."""
    await wait_until(condition, timeout, description=what)
