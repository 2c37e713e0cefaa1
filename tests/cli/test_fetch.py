"""`fetch` comes back with files, or with the reason."""

import json
import os
import signal
from pathlib import Path

import pytest

from core.models import ChildRow, Download, NewMediaFile, Settlement, Status
from tests.cli.conftest import Given, Start
from tests.support.media_server import MediaServer, payload
from tests.support.processes import gone, wait_until

MIB = 2**20


async def _claim(given: Given) -> Download:
    await wait_until(given.downloader.has_claimable, description="a row of fetch")
    claim = await given.downloader.claim()
    assert claim is not None
    return claim


async def _sign_on(given: Given) -> None:
    """Runners that fetch need not start; the beat is fast enough for any test."""
    await given.downloader.sign_on(os.getpid())
    await given.uploader.sign_on(os.getpid())


LONG_LEASE = {"HEARTBEAT_INTERVAL": "60"}  # played runners do not beat


async def test_with_runners_alive_it_only_asks_and_waits(given: Given, start: Start, here: Path) -> None:
    await _sign_on(given)
    fetching = await start("fetch", "https://a.example/clip.mp4", **LONG_LEASE)
    claim = await _claim(given)
    assert claim.options == {"to": str(here)}
    file = NewMediaFile(path=str(here / "clip.mp4"), kind="video", mime_type=None, bytes=1536, sha256="0")
    await given.downloader.settle(claim, Settlement(Status.DOWNLOADED), files=[file])
    upload = await given.uploader.claim()
    assert upload is not None
    await given.uploader.settle(upload, Settlement(Status.UPLOADED))
    assert await fetching.wait() == 0
    assert f"{here / 'clip.mp4'}  1.5 KiB" in fetching.output
    assert fetching.children() == []


async def _deliver(given: Given, path: Path) -> None:
    claim = await _claim(given)
    file = NewMediaFile(path=str(path), kind="video", mime_type=None, bytes=1536, sha256="0")
    await given.downloader.settle(claim, Settlement(Status.DOWNLOADED), files=[file])
    upload = await given.uploader.claim()
    assert upload is not None
    await given.uploader.settle(upload, Settlement(Status.UPLOADED))


@pytest.mark.parametrize(("entry_fails", "status"), [(False, 0), (True, 1)])
async def test_of_a_playlist_it_waits_for_all_entries(
    given: Given, start: Start, here: Path, entry_fails: bool, status: int
) -> None:
    await _sign_on(given)
    fetching = await start("fetch", "--quality", "720p", "--items", "1-2", "https://a.example/list", **LONG_LEASE)
    claim = await _claim(given)
    assert claim.options == {"quality": "720p", "items": "1-2", "to": str(here)}
    children = (ChildRow("https://a.example/1", "One"), ChildRow("https://a.example/2", "Two"))
    await given.downloader.settle(claim, Settlement(Status.DOWNLOADED, {"title": "My list"}), children=children)
    await _deliver(given, here / "1.mp4")
    await fetching.wait_for_output("#1 1/2 done: My list")
    assert fetching.running
    if entry_fails:
        claim = await _claim(given)
        await given.downloader.settle(claim, Settlement(Status.FAILED, {"error": "This media is private."}))
    else:
        await _deliver(given, here / "2.mp4")
    assert await fetching.wait() == status
    assert f"{here / '1.mp4'}  1.5 KiB" in fetching.output
    assert ("error: #3 Two: This media is private." in fetching.output) == entry_fails
    assert "error: #1" not in fetching.output


async def test_a_failure_is_exit_status_1_with_the_reason(given: Given, start: Start) -> None:
    await _sign_on(given)
    fetching = await start("fetch", "https://a.example/private", **LONG_LEASE)
    claim = await _claim(given)
    await given.downloader.settle(claim, Settlement(Status.FAILED, {"error": "This media is private."}))
    assert await fetching.wait() == 1
    assert "error: #1 https://a.example/private: This media is private.\n" in fetching.output


async def test_ctrl_c_asks_for_the_end_and_waits_for_it(given: Given, start: Start) -> None:
    await _sign_on(given)
    fetching = await start("fetch", "https://a.example/1", "https://a.example/2", **LONG_LEASE)
    claim = await _claim(given)
    await fetching.wait_for_output("#1 extracting")
    fetching.send(signal.SIGINT)

    async def all_asked() -> bool:
        return all(row.cancelled for row in await given.queries.find([1, 2]))

    await wait_until(all_asked, description="the request to cancel")
    assert fetching.running
    await given.downloader.settle(claim, Settlement(Status.CANCELLED))
    await given.downloader.cancel_waiting()
    assert await fetching.wait() == 130
    assert "Traceback" not in fetching.output


async def test_what_is_no_link_starts_nothing(start: Start, given: Given) -> None:
    fetching = await start("fetch", "clip.mp4")
    assert await fetching.wait() == 1
    assert fetching.output.startswith("error: 'clip.mp4': A link starts with https://.")
    assert await given.queries.newest() == []


async def test_without_aria2c_it_says_what_to_install(start: Start, given: Given) -> None:
    fetching = await start("fetch", "https://a.example/1", PATH="/nowhere")
    assert await fetching.wait() == 1
    assert "error: aria2c is not installed" in fetching.output
    assert await given.queries.newest() == []


LOOPBACK = {"EGRESS_ALLOW": "127.0.0.0/8"}


async def test_it_starts_the_runners_and_the_files_are_there(start: Start, here: Path, tmp_path: Path) -> None:
    async with MediaServer() as site:
        good = site.add("/clip.bin", payload(3 * MIB))
        fetching = await start("fetch", "--json", "--to", "films", good, site.url("/missing.bin"), **LOOPBACK)
        assert await fetching.wait(60) == 1
    assert (here / "films" / "clip.bin").read_bytes() == payload(3 * MIB).to_bytes()
    printed = fetching.output
    rows = json.loads(printed[printed.index("[\n") : printed.rindex("]\n") + 1])
    assert [row["status"] for row in rows] == ["uploaded", "failed"]
    assert [file["path"] for file in rows[0]["files"]] == [str(here / "films" / "clip.bin")]
    assert "error: #2" in printed
    assert "runner is ready" not in printed  # that is in the log
    assert "runner is ready" in (tmp_path / "data" / "runners.log").read_text()
    assert fetching.children() == []


async def test_ctrl_c_in_mid_transfer_leaves_neither_files_nor_processes(
    start: Start, given: Given, here: Path, tmp_path: Path
) -> None:
    async with MediaServer() as site:
        url = site.add("/slow.bin", payload(64 * MIB), rate=2 * MIB)
        fetching = await start("fetch", url, **LOOPBACK)
        await site.wait_for_bytes("/slow.bin", MIB)
        children = fetching.children()
        assert len(children) >= 3  # two runners and aria2c
        fetching.send(signal.SIGINT)
        assert await fetching.wait(30) == 130
        for child in children:
            await gone(child)
    row = await given.queries.get(1)
    assert row is not None
    assert row.status is Status.CANCELLED
    assert list(here.iterdir()) == []
    assert [path for path in (tmp_path / "downloads").rglob("*") if path.is_file()] == []


async def test_runners_of_another_that_end_are_replaced(start: Start, given: Given, here: Path) -> None:
    async with MediaServer() as site:
        await _sign_on(given)
        fetching = await start("fetch", site.add("/clip.bin", payload(MIB)), HEARTBEAT_INTERVAL="60", **LOOPBACK)
        await fetching.wait_for_output("#1 pending")
        assert fetching.children() == []
        await given.downloader.sign_off()
        await given.uploader.sign_off()
        assert await fetching.wait(60) == 0
    assert (here / "clip.bin").stat().st_size == MIB
