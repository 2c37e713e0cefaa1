"""A house for each test."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.acceptance.house import House
from tests.support.discord_server import DiscordServer
from tests.support.media_server import MediaServer
from tests.support.processes import Programs


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """A house with a site, without Discord."""
    async with MediaServer() as site, Programs(tmp_path / "logs") as programs:
        yield House(directory=tmp_path, programs=programs, site=site)


@pytest.fixture
async def discord() -> AsyncIterator[DiscordServer]:
    """A Discord where nobody is yet."""
    async with DiscordServer() as server:
        yield server


@pytest.fixture
def discord_house(house: House, discord: DiscordServer) -> House:
    """The same house, with a token for that Discord."""
    return replace(house, discord=discord)
