"""Extractors whose children have no network but the guard: a real guard, real yt-dlp, a real Chromium."""

import contextlib
import os
import shutil
from collections.abc import AsyncIterator
from ipaddress import ip_network
from pathlib import Path

import psutil
import pytest

from core.host_list import HostList
from core.sandbox import layers
from core.sandbox_network import GuardedNetwork
from download_module.egress.guard import EgressGuard
from download_module.extractors.base_extractor import Wish
from download_module.extractors.playwright_extractor import BROWSERS, CHILD, PlaywrightExtractor
from download_module.extractors.warm_children import ChildLimits
from download_module.extractors.ytdlp_extractor import YtdlpExtractor
from download_module.way_out import WayOut
from tests.download_module.given import LOOPBACK, MIB
from tests.support.media_server import MediaServer
from tests.support.player_pages import add_click_page
from tests.support.sample_media import add_video_page, clip

pytestmark = pytest.mark.skipif(not layers().namespaces, reason=layers().why_no_namespaces)


@pytest.fixture
async def guard() -> AsyncIterator[EgressGuard]:
    guard = EgressGuard(HostList((ip_network("127.0.0.0/8"),)))
    await guard.start()
    yield guard
    await guard.stop()


@pytest.fixture
async def network(guard: EgressGuard) -> AsyncIterator[GuardedNetwork]:
    network = GuardedNetwork(guard.adopt, guard.port)
    yield network
    network.close()


def children(*words: str) -> list[psutil.Process]:
    """Those of ours that are in another network than we, with words of their command line."""
    found = []
    for one in psutil.Process().children(recursive=True):
        with contextlib.suppress(OSError, psutil.NoSuchProcess):  # it ends meanwhile
            if _namespace("net", one.pid) != _namespace("net") and all(word in one.cmdline() for word in words):
                found.append(one)
    return found


def _namespace(kind: str, pid: int | None = None) -> str:
    return str(Path(f"/proc/{pid or os.getpid()}/ns/{kind}").readlink())


async def test_a_library_reaches_sites_through_the_guard_alone(
    guard: EgressGuard, network: GuardedNetwork, tmp_path: Path
) -> None:
    limits = ChildLimits(timeout=60, memory_bytes=768 * MIB)
    async with MediaServer() as server:
        url = add_video_page(server, "/watch", clip(tmp_path / "a.mp4", 0.5))
        extractor = YtdlpExtractor(LOOPBACK, limits, network=network)
        way_out = WayOut(guard=guard, download_id=1)
        (output,) = (await extractor.extract(url, Wish(way_out=way_out))).outputs
        assert output.parts[0].uris[0].endswith("/a.mp4")
        assert len(children()) == 1
        await extractor.close()


@pytest.mark.skipif(not any(map(shutil.which, BROWSERS)), reason="there is no Chromium here")
async def test_a_browser_does_so_too_and_has_its_own_sandbox_behind_ours(
    guard: EgressGuard, network: GuardedNetwork, tmp_path: Path
) -> None:
    videos = YtdlpExtractor(LOOPBACK, ChildLimits(timeout=60, memory_bytes=None), network=network)
    browser = PlaywrightExtractor(LOOPBACK, videos, timeout=60, memory_bytes=1024 * MIB, network=network)
    async with MediaServer() as server:
        url = add_click_page(server, "/watch", clip(tmp_path / "film.mp4", 0.5), title="A cat")
        plan = await browser.extract(url, Wish(way_out=WayOut(guard=guard, download_id=1)))
        assert plan.outputs[0].filename == "A cat.mp4"
        (driving,) = {_namespace("user", one.pid) for one in children(CHILD)}
        makers_of_pages = {_namespace("user", one.pid) for one in children("--type=zygote")}
        assert makers_of_pages - {driving}
        assert _namespace("user") not in {driving, *makers_of_pages}
        assert children("--no-sandbox") == []
        await browser.close()
        await videos.close()
    assert children() == []
