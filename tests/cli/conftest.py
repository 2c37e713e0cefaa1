"""The program in this process, on a database of the test's own; the test plays the runners."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest
from loguru import logger

from cli.app import main
from core.database import Database
from core.models import DOWNLOAD_STAGE, UPLOAD_STAGE, Download, Request
from core.queries import Queries
from core.requests import Requests
from core.store import Store
from tests.support.processes import Program, Programs

T = TypeVar("T")

PROGRAM = "from cli.app import main; main()"
ON_A_TERMINAL = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended, and what it printed."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Ctl = Callable[..., Ended]


class Given:
    """What is in the database before, and what runners do to it meanwhile."""

    def __init__(self, database: Database) -> None:
        self.queries = Queries(database)
        self.requests = Requests(database, actor="test")
        self.downloader = Store(database, stage=DOWNLOAD_STAGE, runner="download@here:1:a")
        self.uploader = Store(database, stage=UPLOAD_STAGE, runner="upload@here:2:a")

    async def row(self, url: str = "https://example.com/clip.mp4", **more: Any) -> int:
        return await self.requests.submit(Request(url=url, **more))

    async def claimed(self, url: str = "https://example.com/clip.mp4", **more: Any) -> Download:
        await self.row(url, **more)
        claim = await self.downloader.claim()
        assert claim is not None
        return claim


Play = Callable[[Callable[[Given], Awaitable[T]]], T]


@pytest.fixture
def environment(tmp_path: Path, sqlite_file: Path) -> dict[str, str]:
    """The settings of one test."""
    return {
        "BOSS_BOT_DATABASE_URL": f"sqlite+aiosqlite:///{sqlite_file}",
        "BOSS_BOT_DATA_DIR": str(tmp_path / "data"),
        "DOWNLOAD_DIR": str(tmp_path / "downloads"),
        "COLUMNS": "80",
    }


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """The working directory of the command."""
    directory = tmp_path / "here"
    directory.mkdir()
    return directory


@pytest.fixture
def ctl(
    environment: dict[str, str],
    here: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Ctl]:
    """Runs `bossbotctl` with these arguments."""
    monkeypatch.chdir(here)
    for name in ("BOSS_BOT_DISCORD_TOKEN", "FORCE_COLOR", "NO_COLOR", "PY_COLORS", "GITHUB_ACTIONS"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    def run(*arguments: object, **variables: str) -> Ended:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["bossbotctl", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as exit_:
            main()
        printed = capsys.readouterr()
        return Ended(int(exit_.value.code or 0), printed.out, printed.err)

    yield run
    logger.remove()  # the command set up logs for its own process
    logger.add(sys.stderr)


@pytest.fixture
def play(environment: dict[str, str]) -> Play[Any]:
    """Runs a script of what others do to the database."""

    def run(script: Callable[[Given], Awaitable[T]]) -> T:
        async def with_database() -> T:
            database = Database(environment["BOSS_BOT_DATABASE_URL"])
            try:
                return await script(Given(database))
            finally:
                await database.close()

        return asyncio.run(with_database())

    return run


@pytest.fixture
async def given(environment: dict[str, str]) -> AsyncIterator[Given]:
    """The database of an asynchronous test."""
    database = Database(environment["BOSS_BOT_DATABASE_URL"])
    yield Given(database)
    await database.close()


Start = Callable[..., Awaitable[Program]]


@pytest.fixture
def start(programs: Programs, environment: dict[str, str], here: Path) -> Start:
    """Starts the real program in a process of its own."""

    async def run(*arguments: object, terminal: bool = False, **variables: str) -> Program:
        command = [sys.executable, "-c", PROGRAM, *map(str, arguments)]
        if terminal:
            command = [sys.executable, "-c", ON_A_TERMINAL, *command]
        around = dict.fromkeys(("FORCE_COLOR", "NO_COLOR", "BOSS_BOT_DISCORD_TOKEN")) | {"TERM": "xterm", "LINES": "24"}
        return await programs.start(command, {**around, **environment, **variables}, here, name="bossbotctl")

    return run
