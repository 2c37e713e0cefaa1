import asyncio
import contextlib
import gzip
import hashlib
import math
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.support.media_server import Endless, MediaServer, filler_headers, gzip_bomb, payload
from tests.support.media_server.bodies import Source
from tests.support.processes import Programs, wait_until

KIB, MIB = 1 << 10, 1 << 20


@pytest.fixture
async def server() -> AsyncIterator[MediaServer]:
    async with MediaServer() as server:
        yield server


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar()) as client:
        yield client


async def raw(server: MediaServer, request: str) -> bytes:
    """All that comes back for a request on a connection that is then at its end."""
    reader, writer = await asyncio.open_connection(server.host, server.port)
    writer.write(f"{request}\r\nConnection: close\r\n\r\n".encode())
    try:
        return await reader.read()
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


async def status(client: aiohttp.ClientSession, url: str, **request: Any) -> int:
    async with client.get(url, **request) as answer:
        await answer.read()
        return answer.status


# Payloads


def test_a_payload_reads_the_same_in_any_pieces() -> None:
    body = payload(3 * MIB + 17, seed=4)
    whole = body.to_bytes()
    pieces, offset = bytearray(), 0
    while piece := body.read(offset, 70_001):
        pieces += piece
        offset += len(piece)
    assert pieces == whole
    assert len(whole) == 3 * MIB + 17
    assert hashlib.sha256(whole).hexdigest() == body.sha256()


def test_blocks_and_seeds_of_payloads_differ() -> None:
    blocks = {bytes(payload(64 * MIB).read(number * MIB, MIB)) for number in range(64)}
    assert len(blocks) == 64
    assert payload(100, seed=1).to_bytes() != payload(100, seed=2).to_bytes()


def test_a_payload_in_a_file_is_the_payload(tmp_path: Path) -> None:
    body = payload(2 * MIB + 1)
    assert body.write_to(tmp_path / "file").read_bytes() == body.to_bytes()


# Serving


async def test_bytes_files_and_sizes_arrive_and_are_counted(
    server: MediaServer, client: aiohttp.ClientSession, tmp_path: Path
) -> None:
    file = payload(5000).write_to(tmp_path / "clip.mp4")
    sources: list[tuple[str, Source, bytes]] = [
        ("/bytes.bin", b"abc", b"abc"),
        ("/clip.mp4", file, payload(5000).to_bytes()),
        ("/size.bin", 3 * MIB, payload(3 * MIB).to_bytes()),
        ("/empty.bin", b"", b""),
        ("/süß & 100 %.mp4", b"name", b"name"),
    ]
    for path, source, wanted in sources:
        async with client.get(server.add(path, source)) as answer:
            assert await answer.read() == wanted
            assert int(answer.headers["Content-Length"]) == len(wanted)
        assert server.bytes_served(path) == len(wanted)
    assert server.bytes_served() == 3 + 5000 + 3 * MIB + 4


async def test_requests_are_kept_with_method_range_headers_and_time(
    server: MediaServer, client: aiohttp.ClientSession
) -> None:
    url = server.add("/clip.mp4", 100)
    await status(client, url, headers={"Range": "bytes=1-2", "Referer": "http://a/"})
    await client.head(url)
    first, second = server.requests("/clip.mp4")
    assert (first.method, first.range, first.headers["referer"]) == ("GET", "bytes=1-2", "http://a/")
    assert (second.method, second.range) == ("HEAD", None)
    assert first.at < second.at
    assert server.requests() == [first, second]


@pytest.mark.parametrize(
    ("asked", "status", "said", "span"),
    [
        ("bytes=0-9", 206, "bytes 0-9/1000", slice(0, 10)),
        ("bytes=990-", 206, "bytes 990-999/1000", slice(990, 1000)),
        ("bytes=-5", 206, "bytes 995-999/1000", slice(995, 1000)),
        ("bytes=900-5000", 206, "bytes 900-999/1000", slice(900, 1000)),
        ("bytes=1000-", 416, "bytes */1000", None),
        ("bytes=0-1,5-6", 200, None, slice(0, 1000)),
        ("lines=1-2", 200, None, slice(0, 1000)),
    ],
)
async def test_ranges_are_answered(
    server: MediaServer,
    client: aiohttp.ClientSession,
    asked: str,
    status: int,
    said: str | None,
    span: slice | None,
) -> None:
    url = server.add("/clip.mp4", 1000)
    async with client.get(url, headers={"Range": asked}) as answer:
        assert (answer.status, answer.headers.get("Content-Range")) == (status, said)
        if span:
            assert await answer.read() == payload(1000).to_bytes()[span]


async def test_if_range_with_another_etag_gives_everything(server: MediaServer, client: aiohttp.ClientSession) -> None:
    url = server.add("/clip.mp4", 1000, etag='"new"')
    ranged = {"Range": "bytes=5-"}
    assert await status(client, url, headers={**ranged, "If-Range": '"old"'}) == 200
    assert await status(client, url, headers={**ranged, "If-Range": '"new"'}) == 206


async def test_a_path_with_its_query_goes_before_the_path(server: MediaServer, client: aiohttp.ClientSession) -> None:
    server.add("/clip.mp4", b"", status=403)
    signed = server.add("/clip.mp4?token=1", b"signed")
    assert await status(client, signed) == 200
    assert await status(client, server.url("/clip.mp4?token=2")) == 403
    assert await status(client, server.url("/nothing")) == 404
    assert len(server.requests("/nothing")) == 1


async def test_several_addresses_serve_side_by_side(client: aiohttp.ClientSession) -> None:
    async with MediaServer("127.0.0.5") as other, MediaServer() as server:
        url = server.add_redirect("/here", other.add("/there", b"there"))
        async with client.get(url) as answer:
            assert (await answer.text(), answer.url.host) == ("there", "127.0.0.5")


# Refusals


@pytest.mark.parametrize(
    ("behaviour", "request_", "refused", "served"),
    [
        ({"cookie": "s=1"}, {"headers": {"Cookie": "a=b; s=1"}}, 403, 200),
        ({"auth": ("bob", "secret")}, {"headers": {"Authorization": "Basic Ym9iOnNlY3JldA=="}}, 401, 200),
        ({"requires": {"Referer": "http://a/"}}, {"headers": {"Referer": "http://a/"}}, 403, 200),
        ({"status": 410}, {}, 410, 410),
        ({"status": 599}, {}, 599, 599),
    ],
)
async def test_what_a_path_demands_is_refused_without(
    server: MediaServer,
    client: aiohttp.ClientSession,
    behaviour: dict[str, Any],
    request_: dict[str, Any],
    refused: int,
    served: int,
) -> None:
    url = server.add("/clip.mp4", b"body", **behaviour)
    assert await status(client, url) == refused
    assert await status(client, url, **request_) == served


async def test_the_first_requests_fail_and_say_when_to_come_again(
    server: MediaServer, client: aiohttp.ClientSession
) -> None:
    url = server.add("/clip.mp4", b"body", fail_first=2, fail_status=429, retry_after=7)
    async with client.get(url) as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (429, "7")
    assert [await status(client, url) for _ in range(2)] == [429, 200]


async def test_head_may_be_refused(server: MediaServer, client: aiohttp.ClientSession) -> None:
    url = server.add("/clip.mp4", b"body", head=False)
    async with client.head(url) as answer:
        assert answer.status == 405
    assert await status(client, url) == 200


async def test_redirects_chain_and_loop(server: MediaServer, client: aiohttp.ClientSession) -> None:
    chain = server.add_redirect("/chain", server.add("/end", b"end"), hops=5, status=307)
    async with client.get(chain) as answer:
        assert await answer.text() == "end"
        assert [step.status for step in answer.history] == [307] * 5
    with pytest.raises(aiohttp.TooManyRedirects):
        await client.get(server.add_redirect("/loop", "/loop"))


# Lies


async def test_a_wrong_content_range_is_said(server: MediaServer, client: aiohttp.ClientSession) -> None:
    url = server.add("/clip.mp4", 1000, content_range="bytes 7-8/9")
    async with client.get(url, headers={"Range": "bytes=0-9"}) as answer:
        assert answer.headers["Content-Range"] == "bytes 7-8/9"


async def test_without_ranges_everything_comes(server: MediaServer, client: aiohttp.ClientSession) -> None:
    assert await status(client, server.add("/a", 100, ranges=False), headers={"Range": "bytes=5-"}) == 200


@pytest.mark.parametrize(("length", "framing"), [("none", b"Connection: close"), ("chunked", b"chunked")])
async def test_a_body_may_come_without_a_length(server: MediaServer, length: str, framing: bytes) -> None:
    server.add("/clip.mp4", b"body", length=length)
    head, _, body = (await raw(server, "GET /clip.mp4 HTTP/1.1")).partition(b"\r\n\r\n")
    assert framing in head
    assert b"Content-Length" not in head
    assert b"body" in body
    assert server.bytes_served("/clip.mp4") == 4


async def test_a_false_length_is_said(server: MediaServer) -> None:
    server.add("/clip.mp4", b"body", length=10**15)
    answer = await raw(server, "GET /clip.mp4 HTTP/1.1")
    assert b"Content-Length: 1000000000000000\r\n" in answer
    assert answer.endswith(b"\r\n\r\nbody")


async def test_a_truncated_body_promises_more_than_it_holds(server: MediaServer) -> None:
    server.add("/clip.mp4", 1000, truncate_after=10, cut_times=1)
    first, second = [await raw(server, "GET /clip.mp4 HTTP/1.1") for _ in range(2)]
    assert b"Content-Length: 1000\r\n" in first
    assert first.endswith(b"\r\n\r\n" + payload(1000).to_bytes()[:10])
    assert second.endswith(payload(1000).to_bytes())


async def test_a_reset_is_an_error_for_the_client(server: MediaServer) -> None:
    server.add("/clip.mp4", 1000, reset_after=10)
    with pytest.raises(ConnectionResetError):
        await raw(server, "GET /clip.mp4 HTTP/1.1")
    assert server.bytes_served("/clip.mp4") == 10


async def test_an_endless_body_goes_on_until_the_client_leaves(
    server: MediaServer, client: aiohttp.ClientSession
) -> None:
    async with client.get(server.add("/stream", Endless())) as answer:
        assert "Content-Length" not in answer.headers
        assert len(await answer.content.readexactly(20 * MIB)) == 20 * MIB
        answer.close()
    await server.wait_until_idle("/stream")


async def test_a_body_may_change_between_requests(server: MediaServer, client: aiohttp.ClientSession) -> None:
    url = server.add("/clip.mp4", lambda number: b"old" if number == 0 else b"new", etag=lambda number: f'"{number}"')
    seen = []
    for _ in range(2):
        async with client.get(url) as answer:
            seen.append((await answer.text(), answer.headers["ETag"]))
    assert seen == [("old", '"0"'), ("new", '"1"')]


async def test_headers_go_out_as_the_bytes_that_they_are(server: MediaServer) -> None:
    hostile = b'attachment; filename="../\x00\xff\xe2\x80\xae4pm.exe"'
    server.add("/clip.mp4", b"", headers={"Content-Disposition": hostile})
    assert b"\r\nContent-Disposition: " + hostile + b"\r\n" in await raw(server, "GET /clip.mp4 HTTP/1.1")


async def test_a_megabyte_of_headers_goes_out(server: MediaServer) -> None:
    server.add("/clip.mp4", b"", headers=filler_headers(MIB))
    assert len(await raw(server, "GET /clip.mp4 HTTP/1.1")) > MIB


async def test_gzip_is_sent_with_its_name(server: MediaServer, client: aiohttp.ClientSession) -> None:
    async with client.get(server.add("/page", b"text" * 1000, encoding="gzip")) as answer:
        assert answer.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(await answer.read()) == b"text" * 1000


def test_a_gzip_bomb_is_a_thousandth_of_what_it_expands_to() -> None:
    bomb = gzip_bomb(10 * MIB)
    assert len(bomb) < 11 * KIB
    assert len(gzip.decompress(bomb)) == 10 * MIB


# Time


async def test_the_rate_holds_for_all_connections_together(server: MediaServer, client: aiohttp.ClientSession) -> None:
    url = server.add("/clip.mp4", 400_000, rate=1_000_000)
    start = time.monotonic()
    await asyncio.gather(*(status(client, url) for _ in range(3)))
    assert 1.0 < time.monotonic() - start < 3
    assert server.bytes_served("/clip.mp4") == 1_200_000


async def test_a_new_rate_frees_a_transfer_under_way(server: MediaServer, client: aiohttp.ClientSession) -> None:
    url = server.add("/clip.mp4", 5 * MIB, rate=1000)
    transfer = asyncio.create_task(status(client, url))
    await server.wait_for_bytes("/clip.mp4", 1)
    server.change("/clip.mp4", rate=None)
    assert await transfer == 200


async def test_stalled_bodies_and_heads_drip(server: MediaServer) -> None:
    server.add("/body", b"abcdef", stall=0.05, stall_after=3)
    server.add("/head", b"", stall_headers=0.001)
    start = time.monotonic()
    assert (await raw(server, "GET /body HTTP/1.1")).endswith(b"abcdef")
    assert time.monotonic() - start > 0.1
    assert (await raw(server, "GET /head HTTP/1.1")).startswith(b"HTTP/1.1 200 OK\r\n")


async def test_an_answer_may_never_come(server: MediaServer) -> None:
    server.add("/clip.mp4", b"", delay=math.inf)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(raw(server, "GET /clip.mp4 HTTP/1.1"), 0.1)
    await server.wait_until_idle("/clip.mp4")


async def test_a_mute_server_accepts_and_says_nothing() -> None:
    async with MediaServer(mute=True) as server:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(raw(server, "GET / HTTP/1.1"), 0.1)
        assert server.requests() == []


async def test_a_handshake_comes_byte_by_byte_whatever_is_said() -> None:
    async with MediaServer(drip=0.01) as server:
        reader, writer = await asyncio.open_connection(server.host, server.port)
        assert await asyncio.wait_for(reader.readexactly(11), 10) == b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc\x03\x03"
        writer.close()
        await writer.wait_closed()
        assert server.requests() == []


async def test_an_answer_may_be_anything_and_ends_the_connection(server: MediaServer) -> None:
    server.add("/odd", b"", raw=b"SSH-2.0-x\r\n\0")
    reader, writer = await asyncio.open_connection(server.host, server.port)
    writer.write(b"GET /odd HTTP/1.1\r\nHost: x\r\n\r\n")
    assert await asyncio.wait_for(reader.read(), 10) == b"SSH-2.0-x\r\n\0"
    writer.close()
    await writer.wait_closed()


# Holding


async def test_a_path_is_held_at_the_very_byte_and_goes_on(server: MediaServer, client: aiohttp.ClientSession) -> None:
    url = server.add("/clip.mp4", 10 * MIB)
    server.pause("/clip.mp4", after=3_333_333)
    spans = [(number * 2 * MIB, (number + 1) * 2 * MIB - 1) for number in range(5)]
    parts = [asyncio.create_task(status(client, url, headers={"Range": f"bytes={a}-{b}"})) for a, b in spans]
    await server.wait_for_bytes("/clip.mp4", 3_333_333)
    await asyncio.wait(parts, timeout=0.2)
    assert server.bytes_served("/clip.mp4") == 3_333_333
    server.resume("/clip.mp4")
    assert await asyncio.gather(*parts) == [206] * 5
    assert server.bytes_served("/clip.mp4") == 10 * MIB


async def test_all_bodies_are_held_and_go_on(server: MediaServer, client: aiohttp.ClientSession) -> None:
    server.pause()
    transfers = [asyncio.create_task(status(client, server.add(path, b"body"))) for path in ("/a", "/b")]
    await server.wait_for_request("/a")
    await server.wait_for_request("/b")
    assert server.bytes_served() == 0
    server.resume()
    assert await asyncio.gather(*transfers) == [200, 200]


async def test_waiting_in_vain_says_what_was_seen(server: MediaServer, client: aiohttp.ClientSession) -> None:
    await status(client, server.add("/clip.mp4", b"body"))
    with pytest.raises(TimeoutError, match=r"100 bytes of /clip\.mp4: 4 bytes served, 1 requests"):
        await server.wait_for_bytes("/clip.mp4", 100, timeout=0.01)


async def test_dropped_connections_are_reset(server: MediaServer) -> None:
    server.add("/clip.mp4", MIB)
    server.pause("/clip.mp4", after=10)
    transfer = asyncio.create_task(raw(server, "GET /clip.mp4 HTTP/1.1"))
    await server.wait_for_bytes("/clip.mp4", 10)
    server.drop_connections()
    with pytest.raises(ConnectionResetError):
        await transfer


async def test_a_client_that_leaves_a_held_body_is_noticed(server: MediaServer) -> None:
    server.add("/clip.mp4", MIB)
    server.pause("/clip.mp4")
    transfer = asyncio.create_task(raw(server, "GET /clip.mp4 HTTP/1.1"))
    await server.wait_for_request("/clip.mp4")
    assert server.active("/clip.mp4") == 1
    transfer.cancel()
    await server.wait_until_idle("/clip.mp4", timeout=2)


async def test_a_failure_of_the_server_fails_the_test(client: aiohttp.ClientSession) -> None:
    def broken(number: int) -> bytes:
        raise RuntimeError("broken body")

    server = await MediaServer().__aenter__()
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await status(client, server.add("/clip.mp4", broken))
    with pytest.raises(ExceptionGroup, match="media server itself"):
        await server.__aexit__(None, None, None)


# Honesty and speed


async def test_hardly_more_is_counted_than_a_silent_client_could_have_read(server: MediaServer) -> None:
    server.add("/clip.mp4", 100 * MIB)
    _, writer = await asyncio.open_connection(server.host, server.port, limit=1)
    writer.write(b"GET /clip.mp4 HTTP/1.1\r\n\r\n")
    counts = [0, -1]

    def at_rest() -> bool:
        counts.append(server.bytes_served("/clip.mp4"))
        return counts[-1] == counts[-2] > 0

    await wait_until(at_rest, every=0.2)
    assert counts[-1] < 2 * MIB
    writer.close()
    await writer.wait_closed()


async def test_unlimited_payloads_reach_300_megabytes_a_second(server: MediaServer, tmp_path: Path) -> None:
    url = server.add("/clip.mp4", 600_000_000)
    start = time.monotonic()
    fetch = await asyncio.create_subprocess_exec("curl", "-s", "--noproxy", "*", "-o", "/dev/null", url)
    assert await fetch.wait() == 0
    assert server.bytes_served("/clip.mp4") / (time.monotonic() - start) > 300e6


async def test_aria2c_killed_in_mid_transfer_fetches_only_the_rest(server: MediaServer, tmp_path: Path) -> None:
    url = server.add("/clip.mp4", 8 * MIB)
    server.pause("/clip.mp4", after=4 * MIB)
    options = ["--no-conf", "--split=1", "--auto-save-interval=1", "--file-allocation=none", "--continue=true"]
    command = ["aria2c", *options, f"--dir={tmp_path}", url]
    async with Programs(tmp_path / "logs") as programs:
        first = await programs.start(command)
        await server.wait_for_bytes("/clip.mp4", 4 * MIB)
        await wait_until((tmp_path / "clip.mp4.aria2").exists, description="aria2's control file")
        await first.terminate()
        server.resume("/clip.mp4")
        second = await programs.start(command)
        assert await second.wait(20) == 0
    assert (tmp_path / "clip.mp4").read_bytes() == payload(8 * MIB).to_bytes()
    assert server.bytes_served("/clip.mp4") <= 9 * MIB
