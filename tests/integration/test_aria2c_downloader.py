"""Stage 3 against a real aria2c and a server that behaves and misbehaves."""

import asyncio
import os
import re
import signal
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aria2p
import psutil
import pytest
import pytest_asyncio

from core.errors import (
    BossBotError,
    ChecksumMismatch,
    DaemonUnavailable,
    MediaNotFound,
    RateLimited,
    SourceExpired,
    SourceUnreachable,
    TooLarge,
    TransferError,
)
from core.models import Progress
from download_module import aria2c_calls, aria2c_downloader
from download_module.aria2c_daemon import Aria2cDaemon
from download_module.aria2c_downloader import Aria2cDownloader
from download_module.daemons import Endpoint, SharedDaemon
from download_module.extractors.direct_extractor import DirectExtractor
from download_module.plan import Part
from download_module.staging import StagingArea
from download_module.transfers import Transfer
from tests.download_module.given import LOOPBACK, MIB, holds, nothing, transfer
from tests.support.media_server import Endless, MediaServer, Payload, payload
from tests.support.processes import free_port, wait_until
from tests.support.swarm import Swarm

BIG = 48 * MIB
PLENTY = 10**12

# One daemon serves all tests of this module: it takes a second to end.
pytestmark = pytest.mark.asyncio(loop_scope="module")


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


def client(daemon: Aria2cDaemon) -> aria2p.Client:
    """A second client of the same daemon."""
    assert daemon.endpoint is not None
    host, port = daemon.endpoint.url.removesuffix("/jsonrpc").rsplit(":", 1)
    return aria2p.Client(host, int(port), daemon.endpoint.secret)


def left(daemon: Aria2cDaemon) -> list[Any]:
    """All that the daemon knows of: nothing may stay."""
    rpc = client(daemon)
    return [*rpc.tell_active(), *rpc.tell_waiting(0, 1000), *rpc.tell_stopped(0, 1000)]


async def fetch(
    downloader: Aria2cDownloader,
    *transfers: Transfer,
    max_bytes: int = PLENTY,
    report: Callable[[Progress], None] = nothing,
) -> list[list[Path]]:
    return await downloader.fetch(transfers, max_bytes=max_bytes, report=report)


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
    assert (time.monotonic() - began) / 5 < aria2c_downloader.TICK


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
    ("body", "behaviour", "limit"),
    [
        (Endless(), {"ranges": False, "length": "none", "rate": 8 * MIB}, 2 * MIB),
        (payload(4 * MIB), {"ranges": False, "length": "chunked", "rate": 4 * MIB}, MIB),
        (payload(4 * MIB), {"ranges": False, "length": 10**13, "rate": MIB}, 10**12),
        (payload(40 * MIB), {"rate": MIB}, 39 * MIB),
    ],
    ids=["endless", "chunked", "a length of 10 TB", "an honest length"],
)
async def test_more_than_is_allowed_is_stopped_in_the_middle(
    downloader: Aria2cDownloader,
    daemon: Aria2cDaemon,
    server: MediaServer,
    tmp_path: Path,
    body: Payload,
    behaviour: dict[str, Any],
    limit: int,
) -> None:
    url = server.add("/cat.mp4", body, **behaviour)
    with pytest.raises(BossBotError) as refused:
        await asyncio.wait_for(fetch(downloader, transfer(tmp_path / "0.part", url), max_bytes=limit), 10)
    # aria2 may find first that there is no room for what a liar promises
    assert isinstance(refused.value, TooLarge) or "lengths" in str(behaviour)
    assert left(daemon) == []
    assert server.bytes_served() < 16 * MIB
    assert daemon.pid is not None
    assert psutil.Process(daemon.pid).memory_info().rss < 200 * MIB


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [
        ({"status": 401}, SourceExpired),
        ({"status": 403}, SourceExpired),
        ({"status": 404}, SourceExpired),
        ({"status": 410}, SourceExpired),
        ({"status": 429}, RateLimited),
        ({"status": 500}, SourceUnreachable),
        ({"redirect": "/cat.mp4", "status": 302}, BossBotError),
    ],
    ids=str,
)
async def test_a_refusal_of_the_server_is_told_apart(
    downloader: Aria2cDownloader,
    server: MediaServer,
    tmp_path: Path,
    behaviour: dict[str, Any],
    error: type[BossBotError],
) -> None:
    with pytest.raises(error):
        await fetch(downloader, transfer(tmp_path / "0.part", server.add("/cat.mp4", b"no", ranges=False, **behaviour)))


async def test_a_server_that_refuses_connections_is_unreachable(
    downloader: Aria2cDownloader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(aria2c_calls.OPTIONS, "max-tries", "1")
    with pytest.raises(SourceUnreachable):
        await fetch(downloader, transfer(tmp_path / "0.part", f"http://127.0.0.1:{free_port()}/a"))


@pytest.mark.parametrize(
    "behaviour",
    [
        {"reset_after": MIB, "cut_times": 2},
        {"truncate_after": MIB, "cut_times": 2},
        {"fail_first": 1, "fail_status": 503},
    ],
    ids=str,
)
async def test_a_server_that_breaks_off_and_comes_back_is_fetched_from_to_the_end(
    downloader: Aria2cDownloader, server: MediaServer, tmp_path: Path, behaviour: dict[str, Any]
) -> None:
    body = payload(4 * MIB)
    ((file,),) = await fetch(downloader, transfer(tmp_path / "0.part", server.add("/cat.mp4", body, **behaviour)))
    assert holds(file, body)


@pytest.mark.parametrize("status", [403, 500])
async def test_a_refusal_in_the_middle_keeps_the_bytes_for_the_next_try(
    downloader: Aria2cDownloader, server: MediaServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    body = payload(8 * MIB)
    monkeypatch.setitem(aria2c_calls.OPTIONS, "retry-wait", "1")
    url = server.add("/cat.mp4", body, rate=4 * MIB)
    target = tmp_path / "0.part"
    fetching = asyncio.create_task(fetch(downloader, transfer(target, url)))
    await server.wait_for_bytes("/cat.mp4", 2 * MIB)
    server.change("/cat.mp4", status=status, ranges=False, rate=None)
    server.drop_connections()
    with pytest.raises((SourceExpired, SourceUnreachable)):
        await fetching
    served = server.bytes_served()
    assert target.with_name("0.part.aria2").stat().st_size > 0
    # Not at full speed: what lies unread in the buffers of 16 connections counts as served.
    server.change("/cat.mp4", status=200, ranges=True, rate=8 * MIB)
    ((file,),) = await fetch(downloader, transfer(target, url))
    assert holds(file, body)
    assert server.bytes_served() - served < 8 * MIB


async def test_a_part_with_a_checksum_is_compared(
    downloader: Aria2cDownloader, server: MediaServer, tmp_path: Path
) -> None:
    body = payload(MIB)
    url = server.add("/cat.mp4", body)
    dropped: list[int] = []
    for digest, good in ((body.sha256(), True), ("0" * 64, False)):
        part = Part(uris=(url,), checksum=f"sha-256={digest}")
        given = Transfer(
            gid="00000001000100a1",
            part=part,
            target=tmp_path / f"{good}.part",
            restart=nothing,
            drop=lambda: dropped.append(1),
            finish=nothing,
        )
        if good:
            await fetch(downloader, given)
        else:
            with pytest.raises(ChecksumMismatch):
                await fetch(downloader, given)
    assert dropped == [1]


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


async def test_media_that_changes_between_two_requests_never_becomes_a_mixture(
    downloader: Aria2cDownloader, server: MediaServer, tmp_path: Path
) -> None:
    old, new = payload(8 * MIB, 1), payload(8 * MIB, 2)
    # The probe and the first request of the transfer see the old one, all further ranges the new one.
    url = server.add("/cat.mp4", lambda number: new if number > 1 else old, etag=lambda number: f'"{number > 1}"')
    plan = await DirectExtractor(LOOPBACK).extract(url)
    given = Transfer(
        gid="0000000100010000",
        part=plan.parts[0],
        target=tmp_path / "0.part",
        restart=nothing,
        drop=nothing,
        finish=nothing,
    )
    ((file,),) = await fetch(downloader, given)
    assert len(server.requests("/cat.mp4")) > 2
    assert holds(file, old)


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


# -- a daemon that dies or hangs ---------------------------------------------------------------------------------


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
    monkeypatch.setattr(aria2c_downloader, "HANGS_AFTER", 1.0)
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
    monkeypatch.setattr(aria2c_downloader, "MAX_ADDS", 2)
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


async def test_rows_go_back_to_the_queue_when_no_daemon_comes(
    server: MediaServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aria2c_downloader, "PATIENCE", 0.5)
    monkeypatch.setattr(aria2c_downloader, "HANGS_AFTER", 0.2)
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
    monkeypatch.setattr(aria2c_downloader, "PATIENCE", 0.5)
    monkeypatch.setattr(aria2c_downloader, "RPC_TIMEOUT", 0.5)
    assert daemon.endpoint is not None
    downloader = Aria2cDownloader(SharedDaemon(Endpoint(daemon.endpoint.url, "wrong")))
    await downloader.start()
    with pytest.raises(DaemonUnavailable):
        await fetch(downloader, transfer(tmp_path / "0.part", server.add("/a", 7)))
    await downloader.stop()


async def test_an_idle_downloader_takes_no_time(downloader: Aria2cDownloader) -> None:
    await asyncio.sleep(0.5)
    before = time.process_time()
    await asyncio.sleep(1.0)
    assert time.process_time() - before < 0.02


# -- torrents ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["magnet", "torrent"])
async def test_a_torrent_with_folders_arrives_whole(
    downloader: Aria2cDownloader, daemon: Aria2cDaemon, tmp_path: Path, kind: str
) -> None:
    files = {"a.mp4": payload(600_000, 1), "sub/b.mp4": payload(400_000, 2), "sub/deep/a.mp4": payload(7, 3)}
    async with Swarm(tmp_path / "swarm", files) as swarm:
        target = tmp_path / "0.part"
        given = (
            transfer(target, swarm.magnet)
            if kind == "magnet"
            else transfer(target, torrent=swarm.torrent_path.read_bytes())
        )
        (found,) = await fetch(downloader, given)
        assert {str(path.relative_to(target / swarm.name)) for path in found} == set(files)
        assert all(holds(target / swarm.name / name, body) for name, body in files.items())
        assert left(daemon) == []


async def test_the_same_torrent_twice_costs_no_attempt_and_a_cancelled_magnet_leaves_nothing(
    downloader: Aria2cDownloader, daemon: Aria2cDaemon, tmp_path: Path
) -> None:
    async with Swarm(tmp_path / "swarm", {"a.mp4": payload(4 * MIB)}, upload_limit=MIB) as swarm:
        torrent = swarm.torrent_path.read_bytes()
        first = asyncio.create_task(fetch(downloader, transfer(tmp_path / "0.part", torrent=torrent)))
        await wait_until(lambda: client(daemon).tell_active())
        with pytest.raises(TransferError) as refused:
            await fetch(downloader, transfer(tmp_path / "1.part", torrent=torrent, position=1))
        assert not refused.value.costs_attempt
        first.cancel()
        await asyncio.wait([first])
        assert left(daemon) == []
        magnet = asyncio.create_task(
            fetch(downloader, transfer(tmp_path / "2.part", swarm.magnet, position=2), max_bytes=MIB)
        )
        with pytest.raises(TooLarge):
            await magnet
        assert left(daemon) == []


async def test_a_damaged_torrent_is_refused(downloader: Aria2cDownloader, tmp_path: Path) -> None:
    with pytest.raises((TransferError, MediaNotFound)):
        await fetch(downloader, transfer(tmp_path / "0.part", torrent=b"d4:infodee"))


async def test_no_option_is_a_number() -> None:
    assert all(isinstance(value, str) for value in aria2c_calls.OPTIONS.values())
    assert re.fullmatch(r"[1-9]\d*M", aria2c_calls.OPTIONS["min-split-size"])
