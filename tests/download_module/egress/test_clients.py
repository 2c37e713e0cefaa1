"""Real clients through the guard: what they fetch is what is there, and they all can read its answers."""

import asyncio
import contextlib
from pathlib import Path

import httpx
import pytest

from download_module.egress.guard import EgressGuard
from tests.download_module.egress.given import MIB, Wire, echo, origin, run, tls_context, tunnel
from tests.support.media_server import MediaServer, payload

BODY = payload(5 * MIB)


async def over_tls(line: Wire) -> None:
    """A small HTTP server that keeps its connections."""
    while True:
        await line.head()
        body = BODY.to_bytes()
        await line.send(f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode(), body)


@pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])
async def test_every_client_fetches_through_it(guard: EgressGuard, tmp_path: Path, tls: bool) -> None:
    proxy = guard.proxy("aria2c", 1)
    context = tls_context(tmp_path) if tls else None
    async with MediaServer() as plain, origin(over_tls, tls=context) as secure:
        url = f"https://127.0.0.1:{secure.port}/a" if tls else plain.add("/a", BODY)
        there = f"--all-proxy=http://127.0.0.1:{proxy.port}"
        named = (there, "--all-proxy-user=" + proxy.username, "--all-proxy-passwd=" + proxy.password, "--no-proxy=")
        aria2c = ("aria2c", "--no-conf", "-q", "-x4", "--check-certificate=false", f"--dir={tmp_path}", *named)
        for argv in (
            ("curl", "-skf", "--noproxy", "", "-x", proxy.url, "-o", tmp_path / "curl", url),
            ("curl", "-skf", "--noproxy", "", "-p", "-x", proxy.url, "-o", tmp_path / "curl-tunnel", url),
            ("curl", "-skf", "--noproxy", "", "--proxy-anyauth", "-x", proxy.url, "-o", tmp_path / "curl-any", url),
            (*aria2c, "--out=aria2c", url),
            (*aria2c, "--out=aria2c-tunnel", "--proxy-method=tunnel", url),
        ):
            status, said = await run(*argv)
            assert status == 0, said
        async with httpx.AsyncClient(proxy=proxy.url, verify=False, trust_env=False) as client:
            (tmp_path / "httpx").write_bytes((await client.get(url)).content)
    for name in ("curl", "curl-tunnel", "curl-any", "aria2c", "aria2c-tunnel", "httpx"):
        assert (tmp_path / name).read_bytes() == BODY.to_bytes(), name


async def test_a_client_that_keeps_connections_gets_one_answer_after_the_other(guard: EgressGuard) -> None:
    async with MediaServer() as server:
        urls = {
            server.add("/length", b"with a length"): b"with a length",
            server.add("/chunked", b"in chunks" * 1000, length="chunked"): b"in chunks" * 1000,
            server.add("/none", b"until the end", length="none"): b"until the end",
            server.add("/empty", b""): b"",
            server.add("/204", b"", status=204): b"",
            server.add("/304", b"", status=304): b"",
        }
        moved = server.add_redirect("/moved", server.url("/length"))
        async with httpx.AsyncClient(proxy=guard.proxy("probe", 1).url, trust_env=False) as client:
            for _ in range(2):
                for url, body in urls.items():
                    assert (await client.get(url)).content == body
                head = await client.head(server.url("/length"))
                assert (head.headers["content-length"], head.content) == ("13", b"")
            assert (await client.get(moved, follow_redirects=True)).content == b"with a length"
            found = await asyncio.gather(*(client.get(url) for url in urls for _ in range(10)))
            assert [answer.content for answer in found] == [body for body in urls.values() for _ in range(10)]


async def test_what_is_forbidden_is_told_to_every_client(guard: EgressGuard, tmp_path: Path) -> None:
    async with MediaServer("127.0.0.2") as inside:
        url = inside.add("/secret", b"secret")
        proxy = guard.proxy("aria2c", 9)
        status, said = await run("curl", "-s", "--noproxy", "", "-D-", "-x", proxy.url, url)
        assert "403 Forbidden" in said
        assert "X-Boss-Bot-Refused: address" in said
        status, _ = await run("curl", "-s", "--noproxy", "", "-p", "-x", proxy.url, url)
        assert status == 56  # CURLE_RECV_ERROR: the answer to CONNECT was 403
        argv = ("aria2c", "--no-conf", "-q", f"--dir={tmp_path}", "--no-proxy=", f"--all-proxy={proxy.url}", url)
        status, _ = await run(*argv)
        assert status == 22  # "HTTP response header was bad or unexpected"
        assert guard.refused(9) == f"127.0.0.2:{inside.port}"
        assert inside.requests() == []


async def test_six_hundred_connections_at_once(guard: EgressGuard) -> None:
    proxy = guard.proxy("aria2c", 1)
    async with origin(echo) as server, contextlib.AsyncExitStack() as stack:
        opening = (stack.enter_async_context(tunnel(proxy, server.port)) for _ in range(600))
        lines = await asyncio.gather(*opening)
        await asyncio.gather(*(line.send(str(number).encode().zfill(4)) for number, line in enumerate(lines)))
        said = await asyncio.gather(*(line.exactly(4) for line in lines))
        assert said == [str(number).encode().zfill(4) for number in range(600)]


async def test_aria2c_keeps_its_connections_through_a_tunnel(guard: EgressGuard, tmp_path: Path) -> None:
    async def act(line: Wire) -> None:
        while True:
            await line.head()
            await line.send(b"HTTP/1.1 200 OK\r\nContent-Length: 20000\r\n\r\n", b"x" * 20000)

    proxy = guard.proxy("aria2c", 1)
    listed = tmp_path / "listed"
    async with origin(act) as server:
        listed.write_text("\n".join(f"{server.url}/{number}.jpg" for number in range(40)))
        options = (f"--all-proxy={proxy.url}", "--no-proxy=", "--proxy-method=tunnel", f"--dir={tmp_path}")
        status, said = await run("aria2c", "--no-conf", "-q", "-j4", *options, "-i", listed)
        assert status == 0, said
        assert len(server.received) <= 8, "a plain request through a proxy takes a connection for each"
