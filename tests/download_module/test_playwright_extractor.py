"""Pages that only a browser can read, in a real Chromium against a server on loopback."""

import asyncio
import contextlib
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import psutil
import pytest
import pytest_asyncio
from loguru import logger

from core.errors import BossBotError, ExtractionError, ForbiddenTarget, MediaNotFound, SourceUnreachable, UnsupportedUrl
from core.host_list import HostList
from download_module.egress.guard import EgressGuard
from download_module.extractors.base_extractor import ANYTHING, Wish
from download_module.extractors.playwright_extractor import BROWSERS, PlaywrightExtractor
from download_module.extractors.warm_children import ChildLimits
from download_module.extractors.ytdlp_extractor import YtdlpExtractor
from download_module.media_metadata import MediaMetadata
from download_module.plan import Assemble, DownloadPlan, Kind, Output, Part
from download_module.sites import Site, Sites
from download_module.way_out import STRAIGHT, WayOut
from tests.download_module.given import LOOPBACK, MIB
from tests.support.media_server import MediaServer
from tests.support.media_server.connection import Connection
from tests.support.player_pages import (
    add_banner_page,
    add_click_page,
    add_download_page,
    add_frame_page,
    add_hungry_page,
    add_page_with_ad,
    add_preroll_page,
    add_prying_page,
    add_restless_page,
    add_stream_page,
    add_trusted_page,
)
from tests.support.processes import gone
from tests.support.sample_media import clip, page

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(not any(map(shutil.which, BROWSERS)), reason="there is no Chromium here"),
]
TIMEOUT = 60.0  # seconds for a page; a busy machine is slow
SETTLE = 0.4
MEMORY = 1024 * MIB


class Video:
    """In the place of the extractor that reads manifests: remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, str]]] = []

    async def extract(
        self, url: str, wish: Wish = ANYTHING, *, headers: Sequence[tuple[str, str]] = ()
    ) -> DownloadPlan:
        self.asked.append((url, dict(headers)))
        output = Output(filename="master.mp4", kind=Kind.VIDEO, parts=(Part(uris=(url,)),))
        metadata = MediaMetadata(quality="180p", title="master")
        return DownloadPlan(source_url=url, extractor="generic", outputs=(output,), metadata=metadata)


class Guarded(PlaywrightExtractor):
    """Goes out through a guard, as the runner's does."""

    way_out = STRAIGHT

    async def extract(self, url: str, wish: Wish = ANYTHING) -> DownloadPlan:
        """See `Extractor`."""
        with self.way_out.named_refusals():
            return await super().extract(url, replace(wish, way_out=self.way_out))


@asynccontextmanager
async def way_through(*networks: str) -> AsyncIterator[WayOut]:
    """The way out through a guard that lets these networks be reached."""
    guard = EgressGuard(HostList(tuple(map(ip_network, networks))))
    await guard.start()
    try:
        yield WayOut(guard=guard, download_id=1)
    finally:
        await guard.stop()


@pytest_asyncio.fixture(loop_scope="module", scope="module", autouse=True)
async def guard() -> AsyncIterator[None]:
    async with way_through("127.0.0.0/8") as Guarded.way_out:
        yield


@pytest.fixture(scope="module")
def video() -> Video:
    return Video()


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def extractor(video: Video) -> AsyncIterator[PlaywrightExtractor]:
    """One warm browser for all pages."""
    extractor = Guarded(LOOPBACK, video, timeout=TIMEOUT, memory_bytes=MEMORY, settle=SETTLE)
    yield extractor
    await extractor.close()


def like(extractor: PlaywrightExtractor, **changes: Any) -> PlaywrightExtractor:
    """Another extractor that shares its warm browser."""
    given: dict[str, Any] = {"egress": LOOPBACK, "timeout": TIMEOUT, "memory_bytes": MEMORY, "settle": SETTLE}
    other = Guarded(**{"video": Video(), **given, **changes})
    other._children = extractor._children
    return other


@pytest_asyncio.fixture(loop_scope="module")
async def server() -> AsyncIterator[MediaServer]:
    async with MediaServer() as server:
        yield server


@pytest_asyncio.fixture(loop_scope="module")
async def elsewhere() -> AsyncIterator[MediaServer]:
    async with MediaServer(host="127.0.0.2") as server:
        yield server


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("media")


@pytest.fixture(scope="module")
def film(media: Path) -> Path:
    return clip(media / "film.mp4", 2)


async def test_a_player_is_pressed_and_its_file_is_handed_over(
    server: MediaServer, extractor: PlaywrightExtractor, film: Path
) -> None:
    url = add_click_page(server, "/watch", film, title="A cat / on a mat")
    plan = await extractor.extract(url)
    (output,) = plan.outputs
    (part,) = output.parts
    assert part.uris == (server.url("/watch/file"),)
    assert part.size == film.stat().st_size
    assert part.identity == f"{part.uris[0]} {part.size}"  # an interruption does not cost the bytes that came
    assert (output.filename, output.kind) == ("A cat _ on a mat.mp4", Kind.VIDEO)
    headers = dict(part.headers)
    assert headers["Referer"] == url
    assert "Headless" not in headers["User-Agent"]
    assert not {"Range", "Host", "Accept-Encoding", "Connection"} & set(headers)
    assert (plan.title, plan.metadata.platform, plan.metadata.url) == ("A cat / on a mat", "127.0.0.1", url)
    assert plan.metadata.duration == pytest.approx(2, abs=0.2)


async def test_a_player_that_only_obeys_a_real_click_gets_one(
    server: MediaServer, extractor: PlaywrightExtractor, film: Path
) -> None:
    plan = await extractor.extract(add_trusted_page(server, "/trusted", film))
    assert plan.parts[0].uris == (server.url("/trusted/file.mp4"),)


async def test_a_banner_is_dismissed_and_its_cookie_goes_along_and_no_further(
    server: MediaServer, extractor: PlaywrightExtractor, film: Path
) -> None:
    plan = await extractor.extract(add_banner_page(server, "/banner", film))
    assert plan.parts[0].uris == (server.url("/banner/file.mp4"),)
    assert dict(plan.parts[0].headers)["Cookie"] == "consent=yes"
    with pytest.raises(UnsupportedUrl):
        await extractor.extract(server.add_page("/next", page("Next", "<p>Words.</p>")))
    assert "cookie" not in server.requests("/next")[-1].headers


async def test_a_frame_of_another_site_is_scrolled_to_and_read(
    server: MediaServer, elsewhere: MediaServer, extractor: PlaywrightExtractor, film: Path
) -> None:
    plan = await extractor.extract(add_frame_page(server, "/page", elsewhere, film))
    assert plan.parts[0].uris == (elsewhere.url("/page/file.mp4"),)
    assert dict(plan.parts[0].headers)["Referer"] == elsewhere.url("/page/embed")
    assert plan.title == "A frame"


async def test_the_master_playlist_behind_a_blob_is_planned_by_who_reads_manifests(
    server: MediaServer, extractor: PlaywrightExtractor, video: Video, media: Path
) -> None:
    url = add_stream_page(server, "/stream", media / "stream")
    plan = await extractor.extract(url)
    asked, headers = video.asked[-1]
    assert asked == server.url("/stream/master.m3u8")
    assert headers["Referer"] == url
    assert plan.outputs[0].filename == "A stream.mp4"
    assert (plan.extractor, plan.title, plan.metadata.title, plan.metadata.quality) == (
        "playwright",
        "A stream",
        "A stream",
        "180p",
    )


async def test_a_stream_becomes_segments(server: MediaServer, extractor: PlaywrightExtractor, media: Path) -> None:
    reader = YtdlpExtractor(LOOPBACK, ChildLimits(timeout=TIMEOUT, memory_bytes=MEMORY))
    try:
        plan = await like(extractor, video=reader).extract(add_stream_page(server, "/stream", media / "stream"))
    finally:
        await reader.close()
    (output,) = plan.outputs
    assert output.assemble is Assemble.HLS
    assert output.filename == "A stream.mp4"
    assert sum(segment.seconds for segment in output.tracks[0].segments) == pytest.approx(2, abs=0.2)


async def test_segments_without_a_list_are_said_to_be_that(
    server: MediaServer, extractor: PlaywrightExtractor, media: Path
) -> None:
    with pytest.raises(MediaNotFound, match="pieces"):
        await extractor.extract(add_stream_page(server, "/pieces", media / "stream", embedded=True))


async def test_the_main_video_wins_over_a_small_silent_loop(
    server: MediaServer, extractor: PlaywrightExtractor, film: Path, media: Path
) -> None:
    ad = clip(media / "ad.mp4", 1, size="160x120")
    plan = await extractor.extract(add_page_with_ad(server, "/ad", film, ad))
    assert plan.parts[0].uris == (server.url("/ad/main.mp4"),)


async def test_what_an_ad_server_named_is_waited_through(
    server: MediaServer, extractor: PlaywrightExtractor, film: Path, media: Path
) -> None:
    ad = clip(media / "preroll.mp4", 1.5)
    plan = await extractor.extract(add_preroll_page(server, "/preroll", film, ad))
    assert plan.parts[0].uris == (server.url("/preroll/main.mp4"),)


async def test_an_attachment_is_handed_over_under_its_name(
    server: MediaServer, extractor: PlaywrightExtractor, film: Path
) -> None:
    plan = await extractor.extract(add_download_page(server, "/download", film))
    assert plan.parts[0].uris == (server.url("/download/get"),)
    assert (plan.outputs[0].filename, plan.outputs[0].kind) == ("The clip.mp4", Kind.VIDEO)


@pytest.mark.parametrize(
    ("path", "error"),
    [("/words", UnsupportedUrl), ("/gone", MediaNotFound), ("/far", ForbiddenTarget), ("/closed", SourceUnreachable)],
)
async def test_a_page_without_media_says_why(
    server: MediaServer, extractor: PlaywrightExtractor, path: str, error: type[BossBotError]
) -> None:
    server.add_page("/words", page("Words", "<p>Only words.</p><button>Play</button>"))
    server.add_redirect("/far", "http://10.0.0.1/")
    server.add_redirect("/closed", "http://127.0.0.1:2/")
    with pytest.raises(error) as refused:
        await extractor.extract(server.url(path))
    assert type(refused.value) is error


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://127.0.0.1/a", "chrome://version", "javascript:alert(1)"])
async def test_other_schemes_are_refused_without_a_browser(extractor: PlaywrightExtractor, url: str) -> None:
    with pytest.raises(UnsupportedUrl):
        await extractor.extract(url)


async def test_the_cookies_of_a_site_are_sent(
    server: MediaServer, extractor: PlaywrightExtractor, film: Path, tmp_path: Path
) -> None:
    cookies = tmp_path / "cookies.txt"
    cookies.write_text("# Netscape HTTP Cookie File\n127.0.0.1\tFALSE\t/\tFALSE\t0\tsession\tsecret\n")
    sites = Sites({"127.0.0.1": Site(cookies=cookies)})
    url = add_click_page(server, "/private", film, cookie="session=secret")
    plan = await like(extractor, sites=sites).extract(url)
    assert dict(plan.parts[0].headers)["Cookie"] == "session=secret"


async def test_no_way_leads_to_an_address_that_is_not_allowed(
    server: MediaServer, elsewhere: MediaServer, extractor: PlaywrightExtractor, monkeypatch: pytest.MonkeyPatch
) -> None:
    connections: list[Connection] = []
    serve = elsewhere._serve

    async def counted(connection: Connection) -> None:
        connections.append(connection)  # not every connection becomes a request
        await serve(connection)

    monkeypatch.setattr(elsewhere, "_serve", counted)
    url = add_prying_page(server, "/prying", elsewhere)
    async with way_through("127.0.0.1") as strict:
        monkeypatch.setattr(Guarded, "way_out", strict)
        with pytest.raises(UnsupportedUrl):
            await extractor.extract(url)
        monkeypatch.undo()
    monkeypatch.setattr(elsewhere, "_serve", counted)
    assert len(server.requests("/prying/hop")) >= 3
    assert len(server.requests("/prying/worker.js")) == 1
    assert connections == []
    with pytest.raises(UnsupportedUrl):
        await extractor.extract(url)
    assert connections, "the page does reach out, where it may"


async def test_a_page_that_never_settles_is_left_after_its_time(
    server: MediaServer, extractor: PlaywrightExtractor
) -> None:
    loop = asyncio.get_running_loop()
    begun = loop.time()
    with pytest.raises(UnsupportedUrl):
        await like(extractor, timeout=2.5).extract(add_restless_page(server, "/restless"))
    assert loop.time() - begun >= 2.5


async def test_a_page_that_takes_too_much_memory_is_ended_and_the_next_one_is_read(
    server: MediaServer, extractor: PlaywrightExtractor
) -> None:
    with pytest.raises(MediaNotFound, match="memory"):
        await like(extractor, memory_bytes=640 * MIB).extract(add_hungry_page(server, "/hungry", megabytes=1000))
    with pytest.raises(MediaNotFound, match="nothing behind this link"):
        await extractor.extract(server.url("/gone"))


async def test_nothing_is_left_of_a_browser_that_was_closed_or_killed(server: MediaServer, video: Video) -> None:
    before, others = homes(), family().keys()
    extractor = Guarded(LOOPBACK, video, timeout=TIMEOUT, memory_bytes=MEMORY, settle=SETTLE)
    server.add_page("/words", page("Words", "Only words."))
    with pytest.raises(UnsupportedUrl):
        await extractor.extract(server.url("/words"))
    started = family().keys() - others
    assert len(started) > 4, "child, driver, browser and its own"
    await extractor.close()
    await all_gone(started)
    assert homes() == before

    asking = asyncio.create_task(extractor.extract(server.add_page("/slow", "<html>", delay=float("inf"))))
    await server.wait_for_request("/slow")
    running = family()
    started = running.keys() - others
    (child,) = (process for process in started if "playwright_child" in running[process])
    os.kill(child.pid, signal.SIGKILL)
    with pytest.raises(ExtractionError):
        await asking
    await all_gone(started)
    for left in homes() - before:  # younger than a minute: the next browser leaves it alone
        shutil.rmtree(left)


async def test_a_browser_that_died_between_two_pages_is_started_again(
    server: MediaServer, extractor: PlaywrightExtractor
) -> None:
    server.add_page("/words", page("Words", "Only words."))
    for _ in range(2):
        with pytest.raises(UnsupportedUrl):
            await extractor.extract(server.url("/words"))
        killed = {process for process, line in family().items() if "--user-data-dir" in line and "--type" not in line}
        for process in killed:
            process.kill()
        assert killed
        await all_gone(killed)


async def test_without_a_browser_the_admin_is_told_once(
    video: Video, monkeypatch: pytest.MonkeyPatch, log: list[str]
) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    extractor = PlaywrightExtractor(LOOPBACK, video, memory_bytes=MEMORY)
    for _ in range(2):
        with pytest.raises(UnsupportedUrl, match="browser"):
            await extractor.extract("http://127.0.0.1/")
    assert len([line for line in log if "chromium" in line]) == 1


async def test_a_browser_that_does_not_start_is_the_admins_matter(
    video: Video, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, log: list[str]
) -> None:
    (tmp_path / "chromium").symlink_to("/bin/false")
    monkeypatch.setenv("PATH", str(tmp_path))  # without setpriv too
    extractor = PlaywrightExtractor(LOOPBACK, video, memory_bytes=MEMORY)
    with pytest.raises(ExtractionError, match="does not start") as refused:
        await extractor.extract("http://127.0.0.1/")
    assert refused.value.transient
    assert any("| ERROR" in line for line in log)
    await extractor.close()


@pytest.fixture
def log() -> Iterator[list[str]]:
    lines: list[str] = []
    sink = logger.add(lambda line: lines.append(str(line)))
    yield lines
    logger.remove(sink)


def family() -> dict[psutil.Process, str]:
    """What the test's process started, and has not ended, with the command lines."""
    found = {}
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            if child.status() != psutil.STATUS_ZOMBIE:
                found[child] = " ".join(child.cmdline())
    return found


async def all_gone(processes: set[psutil.Process]) -> None:
    await asyncio.gather(*(gone(process, 20) for process in processes))


def homes() -> set[Path]:
    return set(Path(tempfile.gettempdir()).glob("bb-chromium-*"))
