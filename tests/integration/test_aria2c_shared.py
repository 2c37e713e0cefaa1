"""Stage 3 with an aria2c that somebody else runs."""

import asyncio
from pathlib import Path

import pytest

from core.errors import (
    DaemonUnavailable,
)
from download_module import aria2c_downloader, aria2c_watch
from download_module.aria2c_daemon import Aria2cDaemon
from download_module.aria2c_downloader import Aria2cDownloader
from download_module.daemons import Endpoint, SharedDaemon
from tests.download_module.given import MIB, holds, transfer
from tests.integration.aria2_given import fetch
from tests.support.media_server import MediaServer, payload
from tests.support.processes import free_port

# One daemon serves all tests of this module: it takes a second to end.
pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_rows_go_back_to_the_queue_when_no_daemon_comes(
    server: MediaServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aria2c_watch, "PATIENCE", 0.5)
    monkeypatch.setattr(aria2c_watch, "HANGS_AFTER", 0.2)
    for endpoint in (None, Endpoint(f"http://127.0.0.1:{free_port()}/jsonrpc", "")):
        downloader = Aria2cDownloader(SharedDaemon(endpoint))
        await downloader.start()
        with pytest.raises(DaemonUnavailable) as error:
            await fetch(downloader, transfer(tmp_path / "0.part", server.add("/a", 7)))
        assert not error.value.costs_attempt
        await downloader.stop()


async def test_a_shared_daemon_serves_two_runners(daemon: Aria2cDaemon, server: MediaServer, tmp_path: Path) -> None:
    downloaders = [Aria2cDownloader(SharedDaemon(daemon.endpoint)) for _ in range(2)]
    for downloader in downloaders:
        await downloader.start()
    urls = [server.add(f"/{number}", payload(MIB, number)) for number in range(2)]
    files = await asyncio.gather(
        *(
            fetch(downloader, transfer(tmp_path / f"{number}.part", urls[number], position=number))
            for number, downloader in enumerate(downloaders)
        )
    )
    assert [holds(file, payload(MIB, number)) for number, ((file,),) in enumerate(files)] == [True, True]
    for downloader in downloaders:
        await downloader.stop()


async def test_a_wrong_secret_is_no_fault_of_the_link(
    daemon: Aria2cDaemon, server: MediaServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aria2c_watch, "PATIENCE", 0.5)
    monkeypatch.setattr(aria2c_downloader, "RPC_TIMEOUT", 0.5)
    assert daemon.endpoint is not None
    downloader = Aria2cDownloader(SharedDaemon(Endpoint(daemon.endpoint.url, "wrong")))
    await downloader.start()
    with pytest.raises(DaemonUnavailable):
        await fetch(downloader, transfer(tmp_path / "0.part", server.add("/a", 7)))
    await downloader.stop()
