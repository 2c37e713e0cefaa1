"""How much of network, daemon and processor transfers may take, and how fast requests act."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from core.models import Progress
from download_module import aria2c_watch
from download_module.aria2c_daemon import Aria2cDaemon
from download_module.aria2c_downloader import Aria2cDownloader
from download_module.live_transfers import MOST_CONNECTIONS
from download_module.plan import Part
from download_module.transfer_limits import TransferLimits
from download_module.transfer_queue import PARTS_OF_A_ROW
from download_module.transfers import Transfer, gid_of
from tests.download_module.given import MIB, nothing, transfer
from tests.integration.aria2_given import PLENTY, client, fetch, left
from tests.support.media_server import MediaServer, payload
from tests.support.processes import wait_until

# One daemon serves all tests of this module: it takes a second to end.
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module", autouse=True)
async def without_limits(downloader: Aria2cDownloader) -> AsyncIterator[None]:
    yield
    downloader.limits = TransferLimits()


def parts(directory: Path, server: MediaServer, count: int, *, row: int = 1, connections: int = 0) -> list[Transfer]:
    """Small parts of a row, all of the same file."""
    url = server.url("/small.bin")
    return [
        Transfer(
            gid=gid_of(row, 1, number),
            part=Part(uris=(url,)),
            target=directory / f"{row}" / f"{number}.part",
            restart=nothing,
            drop=nothing,
            finish=nothing,
            connections=connections,
        )
        for number in range(count)
    ]


def option(daemon: Aria2cDaemon, name: str) -> set[str]:
    """What the transfers that run have for an option."""
    rpc = client(daemon)
    return {str(rpc.get_option(one["gid"])[name]) for one in rpc.tell_active(["gid"])}


async def test_the_rate_of_all_changes_while_they_run_and_by_the_hour(
    downloader: Aria2cDownloader, daemon: Aria2cDaemon, server: MediaServer, tmp_path: Path
) -> None:
    url = server.add("/cat.mp4", 400 * MIB, rate=40 * MIB)
    fetching = asyncio.create_task(fetch(downloader, transfer(tmp_path / "0.part", url)))
    await server.wait_for_bytes("/cat.mp4", MIB)
    name = "max-overall-download-limit"
    for rate in (1_000_000, 2_000_000, 0):
        downloader.limits = TransferLimits(rate=rate)
        await wait_until(lambda rate=rate: client(daemon).get_global_option()[name] == str(rate))  # type: ignore[misc]
    fetching.cancel()
    await asyncio.wait([fetching])


async def test_a_rows_rate_is_divided_between_its_parts(
    downloader: Aria2cDownloader, daemon: Aria2cDaemon, server: MediaServer, tmp_path: Path
) -> None:
    server.add("/video", 100 * MIB, rate=50 * MIB)
    server.add("/audio", 100 * MIB, rate=50 * MIB)
    given = [
        replace(transfer(tmp_path / f"{n}.part", server.url(path), position=n), rate=2_000_000)
        for n, path in enumerate(("/video", "/audio"))
    ]
    downloader.limits = TransferLimits(row_rate=1_000_000)
    first = asyncio.create_task(fetch(downloader, *given))
    await wait_until(lambda: option(daemon, "max-download-limit") == {"500000"})
    downloader.limits = TransferLimits()
    await wait_until(lambda: option(daemon, "max-download-limit") == {"1000000"})  # what their site asks for
    first.cancel()
    await asyncio.wait([first])


async def test_a_rate_is_kept(downloader: Aria2cDownloader, server: MediaServer, tmp_path: Path) -> None:
    began = time.monotonic()
    await fetch(downloader, replace(transfer(tmp_path / "0.part", server.add("/cat.mp4", 3 * MIB)), rate=MIB))
    assert time.monotonic() - began > 1.5


async def test_one_file_takes_16_connections_and_all_together_no_more_than_a_host_may_see(
    downloader: Aria2cDownloader, server: MediaServer, tmp_path: Path
) -> None:
    downloader.limits = TransferLimits(host_connections=40)
    for name in ("/a", "/b", "/c"):
        server.add(name, 64 * MIB, rate=MIB)

    def fetching(name: str, position: int) -> asyncio.Task[list[list[Path]]]:
        given = transfer(tmp_path / f"{position}.part", server.url(name), position=position, size=64 * MIB)
        return asyncio.create_task(fetch(downloader, given))

    tasks = [fetching("/a", 0)]
    await wait_until(lambda: server.active("/a") == MOST_CONNECTIONS)
    tasks += [fetching("/b", 1), fetching("/c", 2)]
    await wait_until(lambda: server.active("/c") > 0)
    await asyncio.sleep(0.5)
    assert sum(server.active(name) for name in ("/a", "/b", "/c")) <= 40
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


async def test_five_hundred_pictures_do_not_open_five_hundred_connections(
    downloader: Aria2cDownloader, server: MediaServer, tmp_path: Path
) -> None:
    server.add("/small.bin", 3000, delay=0.02)
    most = 0

    async def look() -> None:
        nonlocal most
        while True:
            most = max(most, server.active("/small.bin"))
            await asyncio.sleep(0.005)

    looking = asyncio.create_task(look())
    seen: list[Progress] = []
    files = await downloader.fetch(parts(tmp_path, server, 200), max_bytes=PLENTY, report=seen.append)
    looking.cancel()
    assert len(files) == 200
    assert 2 < most <= PARTS_OF_A_ROW
    assert [now.progress for now in seen] == sorted(now.progress for now in seen)
    assert all(now.downloaded_bytes <= 600_000 for now in seen)


async def test_a_site_may_want_fewer(downloader: Aria2cDownloader, server: MediaServer, tmp_path: Path) -> None:
    server.add("/small.bin", 30_000, rate=100_000)
    fetching = asyncio.create_task(fetch(downloader, *parts(tmp_path, server, 20, connections=2)))
    await server.wait_for_bytes("/small.bin", 20_000)
    assert server.active("/small.bin") <= 2
    fetching.cancel()
    await asyncio.wait([fetching])


async def test_one_row_of_two_thousand_parts_holds_up_neither_another_row_nor_its_own_end(
    downloader: Aria2cDownloader, daemon: Aria2cDaemon, server: MediaServer, tmp_path: Path
) -> None:
    server.add("/small.bin", 100_000, rate=200_000)
    large = asyncio.create_task(fetch(downloader, *parts(tmp_path, server, 2000)))
    await server.wait_for_bytes("/small.bin", 50_000)
    assert len(client(daemon).tell_active(["gid"])) <= PARTS_OF_A_ROW
    other = server.add("/other.bin", payload(1000))
    await asyncio.wait_for(fetch(downloader, transfer(tmp_path / "o.part", other, position=5000)), 20)
    large.cancel()
    await asyncio.wait([large])
    assert left(daemon) == []
    await server.wait_until_idle("/small.bin")


async def test_rows_that_are_cancelled_together_are_stopped_together(
    downloader: Aria2cDownloader, daemon: Aria2cDaemon, server: MediaServer, tmp_path: Path
) -> None:
    server.add("/small.bin", 100_000, rate=50_000)
    tasks = [
        asyncio.create_task(fetch(downloader, *parts(tmp_path, server, 40, row=number))) for number in range(1, 11)
    ]
    await server.wait_for_bytes("/small.bin", 20_000)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    assert all(task.cancelled() for task in tasks)
    assert left(daemon) == []


async def test_watching_fifty_rows_of_forty_parts_takes_little_of_a_core(
    downloader: Aria2cDownloader, server: MediaServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole process takes part, with the server that serves them: it sends almost nothing."""
    monkeypatch.setattr(aria2c_watch, "TICK", 0.25)  # twice as often as in earnest
    server.add("/small.bin", 100_000, rate=50_000)
    server.pause("/small.bin", after=50_000)
    tasks = [asyncio.create_task(fetch(downloader, *parts(tmp_path, server, 40, row=row))) for row in range(1, 51)]
    await server.wait_for_bytes("/small.bin", 50_000)
    before = time.thread_time()
    began = time.monotonic()
    await asyncio.sleep(2)
    share = (time.thread_time() - before) / (time.monotonic() - began)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    server.resume("/small.bin")
    assert share < (0.15 if sys.gettrace() is None else 0.6), "coverage makes it several times as slow"
