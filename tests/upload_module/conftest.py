from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.database import Database
from tests.support.discord_server import Channel, DiscordServer
from tests.upload_module.given import Stage


@pytest.fixture
async def discord() -> AsyncIterator[DiscordServer]:
    async with DiscordServer() as server:
        yield server


@pytest.fixture
def channel(discord: DiscordServer) -> Channel:
    return discord.add_guild("guild").add_text_channel("media")


@pytest.fixture
async def database(sqlite_file: Path) -> AsyncIterator[Database]:
    database = Database(f"sqlite+aiosqlite:///{sqlite_file}")
    yield database
    await database.close()


@pytest.fixture
async def stage(database: Database, discord: DiscordServer, tmp_path: Path) -> AsyncIterator[Stage]:
    stage = Stage(database=database, download_dir=tmp_path / "downloads", discord=discord)
    yield stage
    await stage.close()
