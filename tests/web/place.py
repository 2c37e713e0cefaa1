"""The real web page on a free port, in the loop of the test, on a database of its own; the test plays the runners."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from sqlalchemy.ext.asyncio import AsyncConnection

from core.database import Database
from core.models import DOWNLOAD_STAGE, Download, NewMediaFile, Progress, Request, Settlement, Status
from core.requests import Requests
from core.settings import Settings
from core.store import Store
from core.viewers import Seat, Viewer
from web.admin_token import AdminToken
from web.app import create_app
from web.desk import Desk
from web.server import allowed_hosts, discord_login, make_desk

TOKEN = "an-admin-token-of-the-tests"
OWNER = Viewer(user_id=None, name="Owner", is_owner=True)
ANNA = Viewer(user_id=11, name="Anna", seats=(Seat(id=1, name="Harbour", moderates=False),))
BEN = Viewer(user_id=12, name="Ben", seats=(Seat(id=2, name="Lighthouse", moderates=False),))
MODERATOR = Viewer(user_id=13, name="Mo", seats=(Seat(id=1, name="Harbour", moderates=True),))


@dataclass(slots=True, kw_only=True)
class Place:
    """One web page, and whoever else writes into its table."""

    url: str
    directory: Path
    database: Database
    desk: Desk
    requests: Requests
    runner: Store

    async def cookie(self, viewer: Viewer) -> dict[str, str]:
        """What a browser has of somebody who is logged in."""
        assert self.desk.admin_token is not None
        by = self.desk.admin_token.mark if viewer.user_id is None else None
        return {"boss_bot_session": await self.desk.sessions.open(viewer, seconds=3600, by=by)}

    @contextlib.asynccontextmanager
    async def client(self, viewer: Viewer | None = None) -> AsyncIterator[httpx.AsyncClient]:
        """A program that speaks HTTP, logged in or not."""
        cookies = await self.cookie(viewer) if viewer else {}
        async with httpx.AsyncClient(base_url=self.url, cookies=cookies, trust_env=False) as client:
            yield client

    async def csrf(self, client: httpx.AsyncClient) -> str:
        """The word of a client's login, as its pages have it."""
        session = await self.desk.sessions.find(client.cookies["boss_bot_session"])
        assert session is not None
        return session.csrf

    async def post(self, client: httpx.AsyncClient, path: str, **form: str) -> httpx.Response:
        """What one of its forms sends."""
        return await client.post(path, data={"csrf": await self.csrf(client), **form})

    async def row(self, url: str = "https://media.example/regatta.mp4", **more: Any) -> int:
        return await self.requests.submit(Request(url=url, upload=False, **more))

    async def running(self, **more: Any) -> Download:
        """A row that a runner works on."""
        number = await self.row(**more)
        claim = await self.runner.claim()
        assert claim is not None
        assert claim.id == number
        await self.runner.move(claim, Status.DOWNLOADING, title="The whole regatta", file_size=48_000_000)
        return claim

    async def progress(self, claim: Download, percent: float) -> None:
        done = round(48_000_000 * percent / 100)
        told = Progress(
            progress=percent, downloaded_bytes=done, download_speed=3_000_000, eta_seconds=9, activity="downloading"
        )
        await self.runner.write_progress([(claim, told)])

    async def finish(self, claim: Download, files: dict[str, tuple[bytes, str]]) -> None:
        """End the work on a row with files, each with its bytes and type."""
        directory = self.directory / "downloads" / str(claim.id)
        directory.mkdir(parents=True)
        made = []
        for name, (content, mime_type) in files.items():
            (directory / name).write_bytes(content)
            kind = mime_type.partition("/")[0].replace("application", "document").replace("text", "document")
            made.append(
                NewMediaFile(path=str(directory / name), kind=kind, mime_type=mime_type, bytes=len(content), sha256="0")
            )
        settlement = Settlement(Status.DOWNLOADED, {"file_path": str(directory), "progress": 100.0})
        assert await self.runner.settle(claim, settlement, files=made)

    async def done(self, files: dict[str, tuple[bytes, str]] | None = None, **more: Any) -> int:
        """A row whose files are here; its id."""
        claim = await self.running(**more)
        await self.finish(claim, files or {"clip.bin": (bytes(range(256)) * 64, "video/mp4")})
        return claim.id

    async def shell(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """What a person with a database shell does."""

        async def work(connection: AsyncConnection) -> list[tuple[Any, ...]]:
            answer = await connection.exec_driver_sql(sql, values)
            return [tuple(row) for row in answer.all()] if answer.returns_rows else []

        return await self.database.write(work)

    async def file_id(self, download_id: int) -> int:
        return (await self.desk.queries.files(download_id))[0].id


@contextlib.asynccontextmanager
async def open_place(sqlite_file: Path, directory: Path, **settings: str) -> AsyncIterator[Place]:
    """Serve until the block ends."""
    database = Database(f"sqlite+aiosqlite:///{sqlite_file}")
    read = Settings.model_validate({"DOWNLOAD_DIR": str(directory / "downloads"), "WEB_ADMIN_TOKEN": TOKEN, **settings})
    (directory / "downloads").mkdir(exist_ok=True)
    desk = make_desk(read, database, admin_token=AdminToken(TOKEN, print), discord=discord_login(read))
    app = create_app(desk, hosts=allowed_hosts(read))
    server = _Server(uvicorn.Config(app, access_log=False, log_config=None, timeout_graceful_shutdown=2))
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as listener:
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield Place(
                url=f"http://127.0.0.1:{listener.getsockname()[1]}",
                directory=directory,
                database=database,
                desk=desk,
                requests=Requests(database, actor="test"),
                runner=Store(database, stage=DOWNLOAD_STAGE, runner="download@here:1:a"),
            )
        finally:
            await desk.hub.close()
            server.should_exit = True
            await serving
            await database.close()


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Any:
        yield
