"""Proxies behind the guard: HTTP, SOCKS5, with and without passwords; what is forbidden stays forbidden."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from core.host_list import parse_hosts
from download_module.egress import upstreams
from download_module.egress.guard import EgressGuard
from download_module.egress.upstreams import checked_upstream, connect_through
from tests.download_module.egress.given import LIMITS, Origin, Wire, answers, asked, origin, status_of, tls_context
from tests.support.processes import wait_until

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


async def socks5(line: Wire) -> None:
    """A SOCKS5 server (RFC 1928, 1929) that wants `me` and `secret`; names are all 127.0.0.1 to it."""
    _, methods = await line.exactly(2)
    line.noted += await line.exactly(methods)
    await line.send(b"\x05\x02")
    (_, length) = await line.exactly(2)
    user = await line.exactly(length)
    (length,) = await line.exactly(1)
    good = (user, await line.exactly(length)) == (b"me", b"secret")
    await line.send(b"\x01\x00" if good else b"\x01\x01")
    _, _, _, kind = await line.exactly(4)
    if kind == 3:
        (length,) = await line.exactly(1)
        host = (await line.exactly(length)).decode()
    else:
        host = socket.inet_ntoa(await line.exactly(4))
    port = int.from_bytes(await line.exactly(2), "big")
    line.noted[:] = f"{host}:{port}".encode()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    await line.send(b"\x05\x00\x00\x01", bytes(6))
    await both_ways(line, reader, writer)


async def connect_proxy(line: Wire) -> None:
    """A HTTP proxy that does nothing but CONNECT."""
    first = (await line.head()).split(b"\r\n")[0].decode()
    host, port = first.split()[1].rsplit(":", 1)
    reader, writer = await asyncio.open_connection("127.0.0.1" if host.endswith(".invalid") else host, int(port))
    await line.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
    await both_ways(line, reader, writer)


async def both_ways(line: Wire, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    async def pour(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        while data := await source.read(65536):
            target.write(data)
            await target.drain()
        target.write_eof()

    try:
        await asyncio.gather(pour(line.reader, writer), pour(reader, line.writer))
    finally:
        writer.close()


def url_of(proxy: Origin, scheme: str, user: str = "me:secret@") -> str:
    return f"{scheme}://{user}127.0.0.1:{proxy.port}"


@contextlib.asynccontextmanager
async def running(allow: str = "127.0.0.1", upstream: str | None = None) -> AsyncIterator[EgressGuard]:
    guard = EgressGuard(parse_hosts(allow), upstream=upstream, limits=LIMITS)
    await guard.start()
    try:
        yield guard
    finally:
        await guard.stop()


@pytest.mark.parametrize("scheme", ["http", "socks5", "socks5h"])
@pytest.mark.parametrize("for_all", [True, False])
async def test_all_that_goes_out_goes_through_the_upstream(scheme: str, for_all: bool) -> None:
    act = connect_proxy if scheme == "http" else socks5
    async with origin(answers(OK)) as server, origin(act) as upstream:
        url = url_of(upstream, scheme)
        async with running(upstream=url if for_all else None) as guard:
            proxy = guard.proxy("probe", 1, upstream=None if for_all else url)
            assert (await asked(proxy, f"GET {server.url}/")).endswith(b"ok")
            assert len(upstream.received) == 1
            assert f"127.0.0.1:{server.port}".encode() in upstream.received[0], "the address that was checked"
            if not for_all:
                assert (await asked(guard.proxy("probe", 1), f"GET {server.url}/")).endswith(b"ok")
                assert len(upstream.received) == 1, "others go straight"


async def test_a_guard_can_stand_behind_a_guard() -> None:
    async with (
        origin(answers(OK)) as server,
        running() as second,
        running(upstream=second.proxy("probe", 1).url) as first,
    ):
        assert (await asked(first.proxy("probe", 2), f"GET {server.url}/")).endswith(b"ok")


async def test_what_is_forbidden_never_reaches_the_upstream() -> None:
    async with origin(connect_proxy) as upstream, running(upstream=url_of(upstream, "http")) as guard:
        for host in ("127.0.0.2", "10.0.0.1", "169.254.169.254", "[::1]"):
            assert status_of(await asked(guard.proxy("probe", 1), f"CONNECT {host}:80")) == 403
        assert status_of(await asked(guard.proxy("probe", 1), "CONNECT only-there.invalid:80")) == 502
        assert upstream.received == []


@pytest.mark.parametrize("scheme", ["http", "socks5"])
async def test_a_name_that_only_the_upstream_knows_is_for_the_admin_to_allow(scheme: str) -> None:
    act = connect_proxy if scheme == "http" else socks5
    async with (
        origin(answers(OK)) as server,
        origin(act) as upstream,
        running("only-there.invalid", url_of(upstream, scheme)) as guard,
    ):
        answer = await asked(guard.proxy("probe", 1), f"GET http://only-there.invalid:{server.port}/")
        assert answer.endswith(b"ok")
        assert f"only-there.invalid:{server.port}".encode() in upstream.received[0]


async def test_an_upstream_that_refuses_or_is_gone_is_a_bad_gateway_and_nothing_goes_around_it() -> None:
    async def refuse(line: Wire) -> None:
        await line.head()
        await line.send(b"HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n")

    async with origin(answers(OK)) as server, origin(refuse) as upstream, running() as guard:
        for url in (url_of(upstream, "http"), "http://127.0.0.1:9", "socks5://nowhere.invalid:1080"):
            proxy = guard.proxy("probe", 1, upstream=url)
            assert status_of(await asked(proxy, f"GET {server.url}/")) == 502
        assert server.received == []


async def test_the_password_of_an_upstream_is_in_no_argument_and_no_username(
    capfd: pytest.CaptureFixture[str],
) -> None:
    async with origin(connect_proxy) as upstream:
        url = url_of(upstream, "http", "me:hunter2@")
        async with running(upstream=url) as guard:
            process = psutil.Process(guard.pid)
            proxy = guard.proxy("probe", 1, upstream=url)
            assert proxy.username == "probe.1.u1"
            assert proxy.password not in repr(proxy)
            await asked(proxy, "CONNECT 127.0.0.1:9")
            assert "hunter2" not in " ".join(process.cmdline())
            assert "hunter2" not in str(process.environ())
            assert proxy.password not in " ".join(process.cmdline()) + str(process.environ())
    said = capfd.readouterr()
    assert "hunter2" not in said.out + said.err


async def test_a_new_guard_process_knows_the_upstreams_of_the_old_one() -> None:
    async with origin(answers(OK)) as server, origin(connect_proxy) as upstream, running() as guard:
        proxy = guard.proxy("probe", 1, upstream=url_of(upstream, "http"))
        assert guard.pid is not None
        psutil.Process(guard.pid).kill()
        assert (await asked(proxy, f"GET {server.url}/")).endswith(b"ok")
        assert len(upstream.received) == 1


async def test_a_proxy_with_tls_is_bridged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tls = tls_context(tmp_path)
    async with origin(answers(OK)) as server, origin(connect_proxy, tls=tls) as upstream:
        with pytest.raises(OSError, match="upstream"):
            await connect_through(f"https://127.0.0.1:{upstream.port}", "127.0.0.1", server.port)
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
        connected = await connect_through(f"https://127.0.0.1:{upstream.port}", "127.0.0.1", server.port)
        line = Wire(*await asyncio.open_connection(sock=connected))
        await line.send(b"GET / HTTP/1.1\r\n\r\n")
        assert await line.rest() == OK
        line.writer.close()
        await wait_until(lambda: not upstreams._bridges)


@pytest.mark.parametrize(
    ("url", "meant"),
    [
        ("http://h:1", "http://h:1"),
        ("socks5h://u:p@h:1/", "socks5://u:p@h:1"),
        ("socks4a://h:1", "socks4://h:1"),
        ("https://h:1", "https://h:1"),
        ("http://[::1]:1", "http://[::1]:1"),
    ],
)
def test_every_kind_of_proxy_that_a_site_may_have_is_understood(url: str, meant: str) -> None:
    assert checked_upstream(url) == meant


@pytest.mark.parametrize(
    "url", ["", "h:1", "ftp://u:secret@h:1", "http://u:secret@h", "http://u:secret@h:x", "http://[", "http://:1"]
)
def test_what_is_no_proxy_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(ValueError, match="an upstream proxy is") as refused:
        checked_upstream(url)
    assert "secret" not in str(refused.value)
