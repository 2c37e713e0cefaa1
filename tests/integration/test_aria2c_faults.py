"""Stage 3 against servers that refuse, break off, lie and change their mind."""

import asyncio
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from core.errors import (
    BossBotError,
    ChecksumMismatch,
    RateLimited,
    SourceExpired,
    SourceUnreachable,
    TooLarge,
)
from download_module import aria2c_calls
from download_module.aria2c_daemon import Aria2cDaemon
from download_module.aria2c_downloader import Aria2cDownloader
from download_module.extractors.direct_extractor import DirectExtractor
from download_module.plan import Part
from download_module.staging import StagingArea
from download_module.transfers import Transfer
from tests.download_module.given import LOOPBACK, MIB, holds, nothing, transfer
from tests.integration.aria2_given import fetch, left
from tests.support.media_server import Endless, MediaServer, Payload, payload
from tests.support.processes import free_port

# One daemon serves all tests of this module: it takes a second to end.
pytestmark = pytest.mark.asyncio(loop_scope="module")


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
    assert dropped == [1, 1]  # it is fetched once more


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


# -- once more over one connection, and from elsewhere -----------------------------------------------------------------


def picky(target: Path, url: str, body: Payload, *, fallbacks: tuple[str, ...] = ()) -> Transfer:
    """A transfer that takes nothing but `body`, and drops everything else."""

    def finish(files: list[Path]) -> None:
        if not holds(files[0], body):
            raise ChecksumMismatch

    return Transfer(
        gid="00000001000100c1",
        part=Part(uris=(url,), fallbacks=fallbacks),
        target=target,
        restart=nothing,
        drop=lambda: target.unlink(missing_ok=True),
        replaced=lambda: target.unlink(missing_ok=True),
        finish=finish,
    )


async def test_a_body_that_changed_between_ranges_is_fetched_once_more_over_one_connection(
    downloader: Aria2cDownloader, daemon: Aria2cDaemon, server: MediaServer, tmp_path: Path
) -> None:
    old, new = payload(6 * MIB, 1), payload(6 * MIB, 2)
    url = server.add("/cat.mp4", lambda number: new if number else old)
    ((file,),) = await fetch(downloader, picky(tmp_path / "0.part", url, new))
    assert holds(file, new)
    ranges = [request.range for request in server.requests("/cat.mp4")]
    assert len(ranges) > 2
    assert ranges[-1] in (None, "bytes=0-")
    assert left(daemon) == []


async def test_what_is_wrong_twice_fails(downloader: Aria2cDownloader, server: MediaServer, tmp_path: Path) -> None:
    url = server.add("/cat.mp4", MIB)
    with pytest.raises(ChecksumMismatch):
        await fetch(downloader, picky(tmp_path / "0.part", url, payload(7)))
    assert server.bytes_served() == 2 * MIB


async def test_a_longer_look_may_refuse_too(downloader: Aria2cDownloader, server: MediaServer, tmp_path: Path) -> None:
    looked: list[list[Path]] = []

    async def verify(files: list[Path]) -> None:
        looked.append(files)
        await asyncio.sleep(0)
        if len(looked) == 1:
            raise ChecksumMismatch

    given = picky(tmp_path / "0.part", server.add("/cat.mp4", payload(MIB)), payload(MIB))
    await fetch(downloader, replace(given, verify=verify))
    assert looked == [[tmp_path / "0.part"]] * 2
    assert server.bytes_served() == 2 * MIB


async def test_a_server_that_can_not_continue_is_fetched_from_anew(
    downloader: Aria2cDownloader, server: MediaServer, tmp_path: Path
) -> None:
    body = payload(4 * MIB)
    url = server.add("/cat.mp4", body, content_range="bytes 7-8/9")
    ((file,),) = await fetch(downloader, picky(tmp_path / "0.part", url, body))
    assert holds(file, body)


async def test_fallbacks_are_tried_one_after_the_other(
    downloader: Aria2cDownloader, daemon: Aria2cDaemon, server: MediaServer, tmp_path: Path
) -> None:
    body = payload(MIB, 3)
    refused = server.add("/best.jpg", b"no", status=403, ranges=False)
    fallbacks = (server.url("/gone.jpg"), server.add("/good.jpg", body), server.add("/never.jpg", 7))
    given = picky(tmp_path / "0.part", refused, body, fallbacks=fallbacks)
    ((file,),) = await fetch(downloader, given)
    assert holds(file, body)
    assert server.requests("/never.jpg") == []
    server.remove("/good.jpg")
    with pytest.raises(ChecksumMismatch):
        await fetch(downloader, given)
    assert left(daemon) == []


async def test_one_that_is_forgiven_does_not_stop_the_others(
    downloader: Aria2cDownloader, daemon: Aria2cDaemon, server: MediaServer, tmp_path: Path
) -> None:
    good = transfer(tmp_path / "0.part", server.add("/a.jpg", 1000))
    bad = transfer(tmp_path / "1.part", server.url("/gone.jpg"), position=1)
    endless = transfer(tmp_path / "2.part", "not a url", position=2)
    forgiven: list[BossBotError] = []

    def forgive(error: BossBotError) -> bool:
        forgiven.append(error)
        return True

    files = await fetch(downloader, good, *(replace(one, forgives=forgive) for one in (bad, endless)))
    assert files == [[tmp_path / "0.part"], [], []]
    assert sorted(type(error).__name__ for error in forgiven) == ["SourceExpired", "TransferError"]
    assert left(daemon) == []


@pytest.mark.parametrize("status", [429, 503])
async def test_a_server_that_says_when_to_come_back_is_obeyed(
    downloader: Aria2cDownloader,
    server: MediaServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
) -> None:
    monkeypatch.setitem(aria2c_calls.OPTIONS, "max-tries", "1")
    refusing = {"fail_first": 99, "fail_status": status, "ranges": False}
    for path, after in (("/later", 77), ("/some-time", None)):
        url = server.add(path, 7, retry_after=after, **refusing)
        with pytest.raises((RateLimited, SourceUnreachable)) as refused:
            await fetch(downloader, transfer(tmp_path / "0.part", url))
        assert refused.value.retry_after == after


# -- the control file --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("harm", ["none", "missing", "empty", "damaged", "data cut off"])
async def test_bytes_are_continued_only_with_a_sound_control_file(
    downloader: Aria2cDownloader, server: MediaServer, tmp_path: Path, harm: str
) -> None:
    body = payload(8 * MIB)
    url = server.add("/cat.mp4", body, rate=8 * MIB)
    staging = StagingArea(tmp_path, owner="me", is_dead=lambda _: False).open(1, 1)
    part = Part(uris=(url,), size=body.size, identity="v1")
    staging.prepare([part])
    target, control = staging.part(0), staging.part(0).with_name("0.part.aria2")
    given = Transfer(
        gid="0000000100010000",
        part=part,
        target=target,
        restart=lambda: staging.restart(0),
        drop=lambda: staging.drop(0),
        finish=nothing,
    )
    fetching = asyncio.create_task(fetch(downloader, given))
    await server.wait_for_bytes("/cat.mp4", 6 * MIB)
    fetching.cancel()
    await asyncio.wait([fetching])
    match harm:
        case "missing":
            control.unlink()
        case "empty":
            control.write_bytes(b"")
        case "damaged":
            control.write_bytes(b"garbage")
        case "data cut off":
            os.truncate(target, 1000)
    await server.wait_until_idle("/cat.mp4")
    served = server.bytes_served()
    server.change("/cat.mp4", rate=16 * MIB)
    ((file,),) = await fetch(downloader, given)
    assert holds(file, body)
    assert (server.bytes_served() - served < body.size) is (harm == "none")
