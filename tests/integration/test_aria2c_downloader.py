"""Stage 3 against a real aria2c and a server that behaves."""

import asyncio
import re
import time
from pathlib import Path
from typing import Any

import pytest

from core.errors import (
    BossBotError,
    ChecksumMismatch,
    SourceExpired,
    TransferError,
)
from core.models import Progress, StopReason
from download_module import aria2c_calls, aria2c_watch
from download_module.aria2c_daemon import Aria2cDaemon
from download_module.aria2c_downloader import Aria2cDownloader
from download_module.plan import Part
from download_module.transfers import Transfer
from tests.download_module.given import MIB, holds, nothing, transfer
from tests.integration.aria2_given import BIG, PLENTY, fetch, left
from tests.support.media_server import MediaServer, payload
from tests.support.processes import free_port, wait_until

# One daemon serves all tests of this module: it takes a second to end.
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize(
    "behaviour",
    [
        {},
        {"ranges": False},
        {"ranges": False, "length": "none"},
        {"ranges": False, "length": "chunked"},
        {"head": False},
        {"headers": [("Link", "</other>; rel=duplicate"), ("Content-Disposition", 'attachment; filename="../x"')]},
        {"content_type": "application/x-bittorrent"},
        {"content_type": "application/metalink4+xml"},
    ],
    ids=str,
)
async def test_a_file_arrives_as_it_is_under_the_name_that_is_ours(
    downloader: Aria2cDownloader, daemon: Aria2cDaemon, server: MediaServer, tmp_path: Path, behaviour: dict[str, Any]
) -> None:
    body = payload(5 * MIB + 7)
    target = tmp_path / "work" / "0.part"
    ((file,),) = await fetch(downloader, transfer(target, server.add("/cat.mp4", body, **behaviour)))
    assert file == target
    assert holds(file, body)
    assert [path.name for path in target.parent.iterdir()] == ["0.part"]
    assert left(daemon) == []
    assert server.requests("/other") == []


async def test_the_end_is_heard_at_once(downloader: Aria2cDownloader, server: MediaServer, tmp_path: Path) -> None:
    url = server.add("/cat.mp4", 1000)
    await fetch(downloader, transfer(tmp_path / "a" / "0.part", url))  # the daemon is up, the socket open
    began = time.monotonic()
    for number in range(5):
        await fetch(downloader, transfer(tmp_path / f"{number}" / "0.part", url, position=number))
    assert (time.monotonic() - began) / 5 < aria2c_watch.TICK


async def test_a_dead_mirror_does_no_harm(downloader: Aria2cDownloader, server: MediaServer, tmp_path: Path) -> None:
    body = payload(3 * MIB)
    uris = [f"http://127.0.0.1:{free_port()}/cat.mp4", server.url("/gone"), server.add("/cat.mp4", body)]
    ((file,),) = await fetch(downloader, transfer(tmp_path / "0.part", *uris))
    assert holds(file, body)


async def test_progress_is_true_and_never_goes_back(
    downloader: Aria2cDownloader, server: MediaServer, tmp_path: Path
) -> None:
    url = server.add("/cat.mp4", 6 * MIB, rate=3 * MIB)
    seen: list[tuple[Progress, int]] = []
    await downloader.fetch(
        [transfer(tmp_path / "0.part", url)],
        max_bytes=PLENTY,
        report=lambda now: seen.append((now, server.bytes_served("/cat.mp4"))),
        already=2 * MIB,
    )
    amounts = [now.downloaded_bytes for now, _ in seen]
    assert amounts == sorted(amounts)
    assert len(set(amounts)) >= 3
    assert all(now.downloaded_bytes <= 2 * MIB + served for now, served in seen)
    moving = [now for now, _ in seen if now.download_speed]
    assert moving
    assert all(0 < now.progress <= 100 for now in moving)
    assert any(now.eta_seconds is not None for now in moving)


async def test_a_cancelled_transfer_leaves_nothing_active_within_a_second(
    downloader: Aria2cDownloader, daemon: Aria2cDaemon, server: MediaServer, tmp_path: Path
) -> None:
    url = server.add("/cat.mp4", BIG, rate=4 * MIB)
    fetching = asyncio.create_task(fetch(downloader, transfer(tmp_path / "0.part", url)))
    await server.wait_for_bytes("/cat.mp4", MIB)
    began = time.monotonic()
    fetching.cancel()
    await asyncio.wait([fetching])
    assert time.monotonic() - began < 1
    assert fetching.cancelled()
    assert left(daemon) == []
    await server.wait_until_idle("/cat.mp4", timeout=1)
    served = server.bytes_served()
    await asyncio.sleep(0.2)
    assert server.bytes_served() == served


async def test_nobody_waits_for_the_transfers_of_a_cancelled_download_and_nothing_of_them_stays(
    downloader: Aria2cDownloader, daemon: Aria2cDaemon, server: MediaServer, tmp_path: Path
) -> None:
    staging = tmp_path / "1-1"
    urls = [server.add(f"/{number}.jpg", BIG, rate=4 * MIB) for number in range(8)]
    parts = [transfer(staging / f"{number}.part", url, position=number) for number, url in enumerate(urls)]
    fetching = asyncio.create_task(fetch(downloader, *parts))
    await server.wait_for_bytes("/0.jpg", MIB)
    fetching.cancel(StopReason.CANCELLED)
    await asyncio.wait([fetching])
    staging.rename(tmp_path / "trash")
    staging.mkdir()  # as aria2 makes it for a part that was about to begin
    (staging / "7.part").write_bytes(b"late")
    await wait_until(lambda: left(daemon) == [] and not staging.exists(), 10, description="an end of it")
    assert fetching.cancelled()
    for path in ("/0.jpg", "/7.jpg"):
        await server.wait_until_idle(path, timeout=1)


async def test_one_that_fails_stops_the_others(
    downloader: Aria2cDownloader, daemon: Aria2cDaemon, server: MediaServer, tmp_path: Path
) -> None:
    slow = server.add("/video.mp4", BIG, rate=MIB)
    transfers = [transfer(tmp_path / "0.part", slow), transfer(tmp_path / "1.part", server.url("/gone"), position=1)]
    with pytest.raises(SourceExpired):
        await fetch(downloader, *transfers)
    assert left(daemon) == []
    await server.wait_until_idle("/video.mp4", timeout=1)


@pytest.mark.parametrize(
    "uri", ["http://127.0.0.1/a\nout=/etc/passwd", "http://127.0.0.1/\x00", "not a url", "file:///etc/passwd"]
)
async def test_an_address_that_can_not_be_used_stops_its_own_row_alone(
    downloader: Aria2cDownloader, server: MediaServer, tmp_path: Path, uri: str
) -> None:
    good = fetch(downloader, transfer(tmp_path / "0.part", server.add("/cat.mp4", MIB)))
    bad = fetch(downloader, transfer(tmp_path / "1.part", uri, position=1))
    ended, refused = await asyncio.wait_for(asyncio.gather(good, bad, return_exceptions=True), 20)
    assert isinstance(refused, TransferError)
    assert ended == [[tmp_path / "0.part"]]
    assert [path.name for path in tmp_path.glob("*.part")] == ["0.part"]


async def test_headers_and_cookies_are_sent(downloader: Aria2cDownloader, server: MediaServer, tmp_path: Path) -> None:
    url = server.add("/cat.mp4", MIB, cookie="session=1", requires={"Referer": "http://site.test/"})
    part = Part(uris=(url,), headers=(("Cookie", "session=1"), ("Referer", "http://site.test/")))
    given = Transfer(
        gid="0000000100010000", part=part, target=tmp_path / "0.part", restart=nothing, drop=nothing, finish=nothing
    )
    await fetch(downloader, given)
    assert "accept-encoding" not in server.requests("/cat.mp4")[0].headers


async def test_what_finishing_refuses_fails_the_row(
    downloader: Aria2cDownloader, server: MediaServer, tmp_path: Path
) -> None:
    def refuse(_: list[Path]) -> None:
        raise ChecksumMismatch

    def break_down(_: list[Path]) -> None:
        raise OSError

    part = Part(uris=(server.add("/cat.mp4", MIB),))
    for number, (finish, error) in enumerate([(refuse, ChecksumMismatch), (break_down, BossBotError)]):
        gid = f"00000001000100b{number}"
        target = tmp_path / f"{number}.part"
        given = Transfer(gid=gid, part=part, target=target, restart=nothing, drop=nothing, finish=finish)
        with pytest.raises(error):
            await asyncio.wait_for(fetch(downloader, given), 10)


async def test_three_hundred_parts_are_fetched_at_once(
    downloader: Aria2cDownloader, daemon: Aria2cDaemon, server: MediaServer, tmp_path: Path
) -> None:
    bodies = [payload(1000 + number, number) for number in range(300)]
    urls = [server.add(f"/{number}.jpg", body) for number, body in enumerate(bodies)]
    transfers = [transfer(tmp_path / f"{n}.part", url, position=n, size=1000 + n) for n, url in enumerate(urls)]
    files = await fetch(downloader, *transfers)
    assert all(holds(file, body) for (file,), body in zip(files, bodies, strict=True))
    assert server.bytes_served() == sum(body.size for body in bodies)
    assert left(daemon) == []


async def test_nothing_to_fetch_is_done_at_once(downloader: Aria2cDownloader) -> None:
    assert await fetch(downloader) == []


async def test_an_idle_downloader_takes_no_time(downloader: Aria2cDownloader) -> None:
    await asyncio.sleep(0.5)
    before = time.process_time()
    await asyncio.sleep(1.0)
    assert time.process_time() - before < 0.02


async def test_no_option_is_a_number() -> None:
    assert all(isinstance(value, str) for value in aria2c_calls.OPTIONS.values())
    assert re.fullmatch(r"[1-9]\d*M", aria2c_calls.OPTIONS["min-split-size"])
