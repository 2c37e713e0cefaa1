"""Fetchers and a real guard: through it, through a site's proxy behind it, never round either."""

from collections.abc import AsyncIterator
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

import psutil
import pytest
import pytest_asyncio
from loguru import logger

from core.errors import BossBotError, ForbiddenTarget, SourceUnreachable
from core.host_list import HostList
from download_module.aria2c_daemon import Aria2cDaemon
from download_module.aria2c_downloader import Aria2cDownloader
from download_module.daemons import SharedDaemon
from download_module.egress.guard import EgressGuard
from download_module.extractors.base_extractor import Wish
from download_module.extractors.direct_extractor import DirectExtractor
from download_module.extractors.torrent_extractor import TorrentExtractor
from download_module.impersonating import Impersonator
from download_module.plan import Part
from download_module.playlist_text import PlaylistText
from download_module.range_reader import RangeReader
from download_module.way_out import ProxyAccess, WayOut
from tests.download_module.given import LOOPBACK, MIB, holds, nothing, payload, transfer
from tests.support.media_server import MediaServer
from tests.support.processes import free_port, wait_until

pytestmark = pytest.mark.asyncio(loop_scope="module")
BODY = payload(3 * MIB)
INSIDE = "http://127.0.0.2:2/secret"  # the guard lets 127.0.0.1 be reached and nothing else


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def guard() -> AsyncIterator[EgressGuard]:
    guard = EgressGuard(HostList((ip_network("127.0.0.1"),)))
    await guard.start()
    yield guard
    await guard.stop()


@pytest.fixture
def way_out(guard: EgressGuard) -> WayOut:
    return WayOut(guard=guard, download_id=1)


@pytest.fixture
def behind_nothing(way_out: WayOut) -> WayOut:
    """By a site's proxy that is not there."""
    return way_out.through(f"http://127.0.0.1:{free_port()}")


async def fetched(downloader: Aria2cDownloader, target: Path, url: str, way_out: WayOut) -> None:
    with way_out.named_refusals():
        one = replace(transfer(target, url), way_out=way_out)
        await downloader.fetch([one], max_bytes=64 * MIB, report=nothing)


async def test_aria2_fetches_through_the_guard(
    server: MediaServer, downloader: Aria2cDownloader, way_out: WayOut, tmp_path: Path
) -> None:
    await fetched(downloader, tmp_path / "a", server.add("/a.bin", BODY), way_out)
    assert holds(tmp_path / "a", BODY)


@pytest.mark.parametrize("inside", [INSIDE, INSIDE.replace("http:", "https:")])
async def test_aria2_is_not_led_inside_and_the_reason_is_named(
    server: MediaServer, downloader: Aria2cDownloader, way_out: WayOut, tmp_path: Path, inside: str
) -> None:
    with pytest.raises(ForbiddenTarget):
        await fetched(downloader, tmp_path / "a", server.add_redirect("/away", inside), way_out)
    with pytest.raises(BossBotError) as failed:  # what was refused before explains nothing of the next try
        await fetched(downloader, tmp_path / "b", server.url("/missing"), way_out)
    assert not isinstance(failed.value, ForbiddenTarget)


async def test_a_sites_proxy_lies_behind_the_guard_and_nothing_goes_round_it(
    server: MediaServer, downloader: Aria2cDownloader, behind_nothing: WayOut, tmp_path: Path
) -> None:
    url = server.add("/a.bin", BODY)
    with pytest.raises(BossBotError):
        await fetched(downloader, tmp_path / "a", url, behind_nothing)
    for extractor in (DirectExtractor(LOOPBACK), TorrentExtractor(LOOPBACK)):
        with pytest.raises(SourceUnreachable):
            await extractor.extract(url, Wish(way_out=behind_nothing))
    with pytest.raises(SourceUnreachable):
        async with RangeReader(egress=LOOPBACK, way_out=behind_nothing).open(Part(uris=(url,))):
            pass
    with pytest.raises(SourceUnreachable):
        async with PlaylistText(LOOPBACK, behind_nothing) as text:
            await text(url, ())
    ends: list[BossBotError | None] = []
    part = Part(uris=(url,), impersonate="chrome")
    await Impersonator().fetch(
        {tmp_path / "b": part},
        max_bytes=64 * MIB,
        report=nothing,
        ended=lambda _, error: ends.append(error),
        way_out=behind_nothing,
    )
    assert [type(end) for end in ends] == [SourceUnreachable]
    assert server.requests("/a.bin") == []


async def test_fetchers_of_this_process_go_through_the_guard(
    server: MediaServer, way_out: WayOut, tmp_path: Path
) -> None:
    url = server.add("/a.bin", BODY)
    plan = await DirectExtractor(LOOPBACK).extract(url, Wish(way_out=way_out))
    assert plan.size == BODY.size
    async with RangeReader(egress=LOOPBACK, way_out=way_out).open(Part(uris=(url,))) as file:
        assert file.size == BODY.size
    ends: list[BossBotError | None] = []
    await Impersonator().fetch(
        {tmp_path / "b": Part(uris=(url,), impersonate="chrome")},
        max_bytes=64 * MIB,
        report=nothing,
        ended=lambda _, error: ends.append(error),
        way_out=way_out,
    )
    assert ends == [None]
    assert holds(tmp_path / "b", BODY)


async def test_nobody_reads_the_guards_password_in_the_arguments_of_a_process(
    server: MediaServer, downloader: Aria2cDownloader, daemon: Aria2cDaemon, way_out: WayOut, tmp_path: Path
) -> None:
    await fetched(downloader, tmp_path / "a", server.add("/a.bin", BODY), way_out)
    proxy = way_out.proxy("aria2c")
    assert proxy is not None
    arguments = " ".join(psutil.Process(daemon.pid).cmdline())
    assert proxy.password not in arguments
    assert proxy.url not in arguments


# -- an aria2c that somebody else runs -------------------------------------------------------------------------------


class Elsewhere:
    """The guard, as another machine sees it: nobody is at that address."""

    def __init__(self, guard: EgressGuard) -> None:
        self._guard = guard
        self._port = free_port()

    def proxy(self, client: str, download_id: int | None, *, upstream: str | None = None) -> ProxyAccess:
        return replace(self._guard.proxy(client, download_id, upstream=upstream), port=self._port)

    def refused(self, download_id: int) -> str | None:
        return self._guard.refused(download_id)

    def forget(self, download_id: int) -> None:
        self._guard.forget(download_id)


async def test_a_shared_aria2_on_this_machine_goes_through_the_guard(
    server: MediaServer, daemon: Aria2cDaemon, way_out: WayOut, tmp_path: Path
) -> None:
    downloader = await shared(daemon)
    await downloader.prove_guarded(way_out)
    with pytest.raises(ForbiddenTarget):
        await fetched(downloader, tmp_path / "a", server.add_redirect("/away", INSIDE), way_out)
    await downloader.stop()


async def test_a_shared_aria2_elsewhere_fetches_without_the_guard_and_the_log_says_so(
    server: MediaServer, daemon: Aria2cDaemon, guard: EgressGuard, tmp_path: Path
) -> None:
    way_out = WayOut(guard=Elsewhere(guard), download_id=1)
    guard.forget(0)
    downloader = await shared(daemon)
    lines: list[str] = []
    sink = logger.add(lambda line: lines.append(str(line)))
    await downloader.prove_guarded(way_out)
    logger.remove(sink)
    assert any("can't go through the egress guard" in line for line in lines)
    await fetched(downloader, tmp_path / "a", server.add("/a.bin", BODY), way_out)
    assert holds(tmp_path / "a", BODY)
    await downloader.stop()


async def shared(daemon: Aria2cDaemon) -> Aria2cDownloader:
    downloader = Aria2cDownloader(SharedDaemon(daemon.endpoint))
    await downloader.start()

    async def answers() -> bool:
        return bool(await downloader._call([("aria2.getVersion", [])]))

    await wait_until(answers)
    return downloader
