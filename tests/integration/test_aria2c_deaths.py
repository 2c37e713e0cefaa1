"""Stage 3 while its aria2c dies, hangs, or never comes."""

import asyncio
import os
import signal
from pathlib import Path

import psutil
import pytest

from core.errors import (
    TransferError,
)
from download_module import aria2c_downloader, aria2c_watch
from download_module.aria2c_daemon import Aria2cDaemon
from download_module.aria2c_downloader import Aria2cDownloader
from download_module.plan import Part
from download_module.staging import StagingArea
from download_module.transfers import Transfer
from tests.download_module.given import MIB, holds, nothing, transfer
from tests.integration.aria2_given import BIG, fetch
from tests.support.media_server import MediaServer, Payload, payload
from tests.support.processes import wait_until

# One daemon serves all tests of this module: it takes a second to end.
pytestmark = pytest.mark.asyncio(loop_scope="module")


async def begun(
    downloader: Aria2cDownloader, server: MediaServer, directory: Path, body: Payload
) -> tuple[asyncio.Task[list[list[Path]]], Path]:
    """A big transfer that was slowed down for as long as aria2 takes to save where it is."""
    server.add("/big.bin", body, rate=60 * MIB)
    staging = StagingArea(directory, owner="me", is_dead=lambda _: False).open(1, 1)
    given = Transfer(
        gid="0000000100010000",
        part=Part(uris=(server.url("/big.bin"),)),
        target=staging.part(0),
        restart=lambda: staging.restart(0),
        drop=nothing,
        finish=nothing,
    )
    fetching = asyncio.create_task(fetch(downloader, given))
    await server.wait_for_bytes("/big.bin", body.size // 3)
    server.change("/big.bin", rate=MIB)
    await asyncio.sleep(2.3)
    return fetching, given.target


async def test_a_killed_daemon_costs_neither_the_transfer_nor_its_bytes(
    downloader: Aria2cDownloader, daemon: Aria2cDaemon, server: MediaServer, tmp_path: Path
) -> None:
    body = payload(BIG)
    fetching, target = await begun(downloader, server, tmp_path, body)
    assert daemon.pid is not None
    os.kill(daemon.pid, signal.SIGKILL)
    requests = len(server.requests("/big.bin"))
    await server.wait_for_request("/big.bin", requests + 1)
    server.change("/big.bin", rate=60 * MIB)  # no faster: what an aborted connection had in flight counts as served
    assert await fetching == [[target]]
    assert holds(target, body)
    assert server.bytes_served() <= 1.05 * body.size


async def test_a_daemon_that_hangs_is_replaced_and_its_transfer_continued(
    downloader: Aria2cDownloader,
    daemon: Aria2cDaemon,
    server: MediaServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(aria2c_downloader, "RPC_TIMEOUT", 0.5)
    monkeypatch.setattr(aria2c_watch, "HANGS_AFTER", 1.0)
    body = payload(BIG)
    fetching, target = await begun(downloader, server, tmp_path, body)
    pid = daemon.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    await wait_until(lambda: daemon.pid not in (None, pid))
    server.change("/big.bin", rate=60 * MIB)  # no faster: what an aborted connection had in flight counts as served
    assert await fetching == [[target]]
    assert holds(target, body)
    # what the stopped one's sockets took in was served, and is fetched again
    assert server.bytes_served() <= 1.05 * body.size + 16 * MIB


async def test_cancelling_while_the_daemon_hangs_ends_the_daemon_so_that_nothing_writes_on(
    downloader: Aria2cDownloader,
    daemon: Aria2cDaemon,
    server: MediaServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(aria2c_downloader, "RPC_TIMEOUT", 0.5)
    url = server.add("/cat.mp4", BIG, rate=MIB)
    fetching = asyncio.create_task(fetch(downloader, transfer(tmp_path / "0.part", url)))
    await server.wait_for_bytes("/cat.mp4", MIB)
    pid = daemon.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    fetching.cancel()
    await asyncio.wait([fetching])
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    ((file,),) = await fetch(downloader, transfer(tmp_path / "1.part", server.add("/b", 1000), position=1))
    assert file.stat().st_size == 1000


async def test_media_over_which_daemon_after_daemon_dies_fails_its_row(
    downloader: Aria2cDownloader,
    daemon: Aria2cDaemon,
    server: MediaServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(aria2c_watch, "MAX_ADDS", 2)
    url = server.add("/cat.mp4", BIG, rate=MIB)
    fetching = asyncio.create_task(fetch(downloader, transfer(tmp_path / "0.part", url)))
    killed: list[int | None] = [None]
    for _ in range(2):
        requests = len(server.requests("/cat.mp4")) if len(killed) > 1 else 0
        await wait_until(lambda: daemon.pid not in killed)
        await server.wait_for_request("/cat.mp4", requests + 1)
        killed.append(daemon.pid)
        os.kill(daemon.pid or 0, signal.SIGKILL)
        await server.wait_until_idle("/cat.mp4")
    with pytest.raises(TransferError, match="again and again"):
        await asyncio.wait_for(fetching, 20)
