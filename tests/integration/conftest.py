"""A real aria2c and a media server, for the tests of stage 3 that share them."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from download_module.aria2c_daemon import Aria2cDaemon
from download_module.aria2c_downloader import Aria2cDownloader
from tests.support.media_server import MediaServer


@pytest_asyncio.fixture(loop_scope="module")
async def server() -> AsyncIterator[MediaServer]:
    async with MediaServer() as server:
        yield server


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def daemon(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Aria2cDaemon]:
    daemon = Aria2cDaemon(tmp_path_factory.mktemp("runtime"))
    await daemon.start()
    yield daemon
    await daemon.stop()


@pytest_asyncio.fixture(loop_scope="module")
async def downloader(daemon: Aria2cDaemon) -> AsyncIterator[Aria2cDownloader]:
    downloader = Aria2cDownloader(daemon)
    await downloader.start()
    yield downloader
    await downloader.stop()
