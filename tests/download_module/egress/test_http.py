"""What goes over the wire: heads that are rewritten, bodies that are not, and requests that nobody should send."""

import asyncio
import contextlib
import socket
import struct

import pytest

from download_module.egress.credentials import password_of
from download_module.egress.guard import EgressGuard
from tests.download_module.egress.given import (
    MIB,
    Wire,
    answers,
    asked,
    asking,
    echo,
    origin,
    status_of,
    tunnel,
    wire,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")  # one guard serves all of these

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


async def test_the_server_sees_a_request_as_if_nobody_stood_between(shared_guard: EgressGuard) -> None:
    proxy = shared_guard.proxy("probe", 1)
    async with origin(answers(OK)) as server:
        headers = (
            "Accept: */*",
            "Proxy-Connection: keep-alive",
            "Connection: keep-alive, X-Private",
            "Keep-Alive: 5",
            "X-Private: 1",
            "TE: trailers",
            "Upgrade: websocket",
            "Cookie: a=b",
        )
        answer = await asked(proxy, f"GET {server.url}/a/../b?c=%20d#e", *headers)
        assert answer.endswith(b"ok")
        lines = bytes(server.received[0]).decode().split("\r\n")
        host = f"Host: 127.0.0.1:{server.port}"
        assert lines == ["GET /a/../b?c=%20d HTTP/1.1", host, "Accept: */*", "Cookie: a=b", "Connection: close", "", ""]


@pytest.mark.parametrize(
    ("target", "line"),
    [
        ("http://127.0.0.1:{port}", "GET / HTTP/1.1"),
        ("HTTP://user:secret@127.0.0.1:{port}?a", "GET /?a HTTP/1.1"),
        ("http://127.0.0.1:{port}/http://10.0.0.1/", "GET /http://10.0.0.1/ HTTP/1.1"),
    ],
)
async def test_targets_are_understood_as_clients_mean_them(shared_guard: EgressGuard, target: str, line: str) -> None:
    async with origin(answers(OK)) as server:
        await asked(shared_guard.proxy("probe", 1), f"GET {target.format(port=server.port)}")
        assert server.received[0].split(b"\r\n")[0].decode() == line


async def test_an_answer_loses_what_was_meant_for_the_next_hop_alone(shared_guard: EgressGuard) -> None:
    head = b"HTTP/1.1 200 Fine\r\nX-A: 1\r\nConnection: keep-alive, X-B, Content-Length\r\nX-B: 2\r\nKeep-Alive: 5\r\n"
    more = b"Proxy-Authenticate: Basic\r\nUpgrade: h2c\r\nFolded: a\r\n  b\r\nContent-Length: 2\r\n\r\n"
    async with origin(answers(head, more, b"ok")) as server:
        answer = await asked(shared_guard.proxy("probe", 1), f"GET {server.url}/")
    kept = b"HTTP/1.1 200 Fine\r\nX-A: 1\r\nFolded: a b\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
    assert answer == kept


async def test_a_request_with_a_body_waits_for_a_hundred_when_it_says_so(shared_guard: EgressGuard) -> None:
    async def act(line: Wire) -> None:
        await line.head()
        await line.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        await line.exactly(5)
        await line.send(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", OK)

    proxy = shared_guard.proxy("probe", 1)
    async with origin(act) as server, wire(proxy) as line:
        await line.send(asking(proxy, f"POST {server.url}/", "Content-Length: 5", "Expect: 100-continue"))
        assert await line.head() == b"HTTP/1.1 100 Continue\r\n\r\n"
        await line.send(b"hello")
        assert status_of(await line.head()) == 103
        assert (await line.rest()).endswith(b"ok")


@pytest.mark.parametrize(
    ("header", "body", "seen"),
    [
        ("Content-Length: 5", b"helloGET /smuggled HTTP/1.1\r\n\r\n", b"hello"),
        (
            "Transfer-Encoding: chunked",
            b"3;x=y\r\nhel\r\n2\r\nlo\r\n0\r\nTrailer: 1\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n",
            b"3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n",
        ),
        ("Accept: */*", b"GET /smuggled HTTP/1.1\r\n\r\n", b""),
    ],
)
async def test_nothing_after_the_body_reaches_the_server(
    shared_guard: EgressGuard, header: str, body: bytes, seen: bytes
) -> None:
    async def act(line: Wire) -> None:
        await line.head()
        while not line.noted.endswith(seen):
            await line.read()
        await line.send(OK)
        line.writer.write_eof()
        await line.rest()

    async with origin(act) as server:
        answer = await asked(shared_guard.proxy("probe", 1), f"POST {server.url}/", header, body=body)
        assert answer.endswith(b"ok")
        assert bytes(server.received[0]).partition(b"\r\n\r\n")[2] == seen


@pytest.mark.parametrize(
    ("request_line", "headers"),
    [
        ("GET /", ()),
        ("GET *", ()),
        ("GET https://127.0.0.1:{port}/", ()),
        ("GET ftp://127.0.0.1:{port}/", ()),
        ("GET http:127.0.0.1:{port}/", ()),
        ("GET http://", ()),
        ("GET http:///a", ()),
        ("GET http://127.0.0.1:99999/", ()),
        ("GET http://127.0.0.1:{port}x/", ()),
        ("GET http://127.0.0.1:{port}\\@10.0.0.1/", ()),
        ("GET http://[127.0.0.1]:{port}:80/", ()),
        ("GET http://127.0.0.1 :{port}/", ()),
        ("CONNECT 127.0.0.1", ()),
        ("CONNECT http://127.0.0.1:{port}/", ()),
        ("CONNECT 127.0.0.1:{port}/a", ()),
        ("CONNECT a@127.0.0.1:{port}", ()),
        ("CONNECT :{port}", ()),
        ("POST http://127.0.0.1:{port}/", ("Content-Length: 1", "Content-Length: 2")),
        ("POST http://127.0.0.1:{port}/", ("Content-Length: 1", "Transfer-Encoding: chunked")),
        ("POST http://127.0.0.1:{port}/", ("Transfer-Encoding: gzip, chunked",)),
        ("POST http://127.0.0.1:{port}/", ("Transfer-Encoding: chunked", "Transfer-Encoding: chunked")),
        ("POST http://127.0.0.1:{port}/", ("Content-Length: +1",)),
        ("POST http://127.0.0.1:{port}/", ("Content-Length: -1",)),
        ("GET http://127.0.0.1:{port}/", ("X y: 1",)),
        ("GET http://127.0.0.1:{port}/", ("X: a\rb: c",)),
        ("GET http://127.0.0.1:{port}/", ("X: a\0b",)),
        ("GET http://127.0.0.1:{port}/", ("Host: a", "Host: b")),
        ("GET http://127.0.0.1:{port}/", ("X: " + "a" * 80_000,)),
        ("GET http://127.0.0.1:{port}/" + "a" * 80_000, ()),
    ],
)
async def test_what_is_ambiguous_or_no_request_to_a_proxy_is_refused(
    shared_guard: EgressGuard, request_line: str, headers: tuple[str, ...]
) -> None:
    async with origin(echo) as server:
        answer = await asked(shared_guard.proxy("probe", 1), request_line.format(port=server.port), *headers, body=b"x")
        assert status_of(answer) in (400, 431, 501), answer
        assert server.received == []


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: 1\r\n",
        b"ICY 200 OK\r\n\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 99 No\r\n\r\n",
        b"HTTP/1.1 101 Switching\r\nUpgrade: h2c\r\n\r\nxxxx",
        b"HTTP/1.1 200 OK\r\n" + b"X: " + b"a" * 70_000 + b"\r\n\r\n",
        b"HTTP/1.1 100 Wait\r\n\r\n" * 4000,
        b"\x16\x03\x01\x02\x00",
    ],
)
async def test_what_is_no_answer_becomes_a_bad_gateway(shared_guard: EgressGuard, answer: bytes) -> None:
    async with origin(answers(answer)) as server:
        got = await asked(shared_guard.proxy("probe", 1), f"GET {server.url}/")
        assert b"HTTP/1.1 502 Bad Gateway\r\n" in got
        assert b"gave no answer that is understood" in got


async def test_a_tunnel_carries_what_was_sent_too_early_and_half_closed_ends(shared_guard: EgressGuard) -> None:
    proxy = shared_guard.proxy("probe", 1)

    async def act(line: Wire) -> None:
        said = await line.rest()
        await line.send(b"you said ", said)

    async with origin(act) as server, wire(proxy) as line:
        await line.send(asking(proxy, f"CONNECT 127.0.0.1:{server.port}"), b"early, ")
        await line.head()
        await line.send(b"late")
        line.writer.write_eof()
        assert await line.rest() == b"you said early, late"


async def test_a_tunnel_carries_other_protocols_both_ways(shared_guard: EgressGuard) -> None:
    async with origin(echo) as server, tunnel(shared_guard.proxy("browser", 1), server.port) as line:
        data = bytes(range(256)) * 16384
        sending = asyncio.create_task(line.send(data))
        assert await line.exactly(len(data)) == data
        await sending
        assert bytes(server.received[0]) == data


async def test_who_can_not_prove_who_it_is_gets_nothing(shared_guard: EgressGuard) -> None:
    good = shared_guard.proxy("probe", 1)
    other = shared_guard.proxy("probe", 2)

    def basic(user: str, password: str) -> str:
        return type(good)(host="", port=0, username=user, password=password).header

    async with origin(answers(OK)) as server:
        for headers in (
            (),
            (basic(good.username, "wrong"),),
            (basic(good.username, other.password),),
            (basic(good.username, ""),),
            (basic("probe.1.u7", good.password),),
            (basic("PROBE.1", good.password),),
            (basic("nobody", password_of("nobody", b"")),),
            (good.header.replace("Basic", "Bearer"),),
            ("Proxy-Authorization: Basic !!!",),
            ("Proxy-Authorization: Basic",),
            ("Proxy-Authorization: Basic w6k6w6k=",),
            (good.header, good.header),
            (good.header.replace("Proxy-", ""),),
        ):
            for request in (f"GET {server.url}/", f"CONNECT 127.0.0.1:{server.port}"):
                async with wire(good) as line:
                    await line.send("\r\n".join((f"{request} HTTP/1.1", "Host: a", *headers, "", "")).encode())
                    answer = await line.rest()
                assert status_of(answer) == 407, headers
                assert b'Proxy-Authenticate: Basic realm="boss-bot"' in answer
        assert server.received == []


async def test_answers_have_a_cap_and_whoever_is_cut_off_sees_it(shared_guard: EgressGuard) -> None:
    async with origin(answers(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 8 * MIB)) as server:
        proxy = shared_guard.proxy("small", 1)
        for request in (f"GET {server.url}/", f"CONNECT 127.0.0.1:{server.port}"):
            async with wire(proxy) as line:
                await line.send(asking(proxy, request))
                await line.head()
                if request.startswith("CONNECT"):
                    await line.send(b"GET / HTTP/1.1\r\n\r\n")
                with pytest.raises(ConnectionResetError):  # a clean end would look like the end of the file
                    await line.rest()
                assert len(line.noted) < 4 * MIB


async def test_a_server_that_breaks_off_is_no_clean_end(shared_guard: EgressGuard) -> None:
    async def act(line: Wire) -> None:
        await line.head()
        await line.send(b"HTTP/1.1 200 OK\r\n\r\nhalf")
        await line.read()
        line.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        line.writer.transport.abort()

    proxy = shared_guard.proxy("probe", 1)
    async with origin(act) as server, tunnel(proxy, server.port) as line:
        await line.send(b"GET / HTTP/1.1\r\n\r\n")
        await line.head()
        assert await line.exactly(4) == b"half"
        await line.send(b"more")
        with pytest.raises(ConnectionResetError):
            await line.rest()


async def test_what_carries_nothing_ends(shared_guard: EgressGuard) -> None:
    async def act(line: Wire) -> None:
        await line.head()
        await line.send(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n")
        await line.rest()

    async def silent(line: Wire) -> None:
        await line.rest()

    async def drip(line: Wire) -> None:
        await line.head()
        await line.send(b"HTTP/1.1 200 OK\r\nX: ")
        while True:
            await line.send(b"1")
            await asyncio.sleep(0.1)

    proxy = shared_guard.proxy("hasty", 1)
    async with origin(act) as server, origin(silent) as mute, origin(drip) as slow:
        assert status_of(await asked(proxy, f"GET {mute.url}/")) == 504
        assert status_of(await asked(proxy, f"GET {slow.url}/")) == 504, "a byte now and then makes no head"
        for request in (f"GET {server.url}/", f"CONNECT 127.0.0.1:{server.port}"):
            async with wire(proxy) as line:
                await line.send(asking(proxy, request))
                await line.head()
                with pytest.raises(ConnectionResetError):
                    await line.rest()


async def test_the_connections_of_a_client_have_a_limit_and_those_over_it_wait(shared_guard: EgressGuard) -> None:
    proxy = shared_guard.proxy("single", 1)
    async with origin(echo) as server:
        async with tunnel(proxy, server.port):
            assert status_of(await asked(proxy, f"CONNECT 127.0.0.1:{server.port}")) == 503
            async with tunnel(shared_guard.proxy("probe", 1), server.port):
                pass  # another kind has its own
            async with tunnel(shared_guard.proxy("single", 2), server.port):
                pass  # and so has another download
        async with tunnel(proxy, server.port) as line:
            await line.send(b"a")
            assert await line.exactly(1) == b"a"


async def test_a_client_that_goes_away_takes_its_connection_along(shared_guard: EgressGuard) -> None:
    ended = asyncio.Event()

    async def act(line: Wire) -> None:
        try:
            while True:
                await line.send(b"x" * MIB)
        finally:
            ended.set()

    async with origin(act) as server:
        async with tunnel(shared_guard.proxy("probe", 1), server.port) as line:
            await line.exactly(MIB)
        async with asyncio.timeout(10):
            await ended.wait()


async def test_a_server_that_keeps_its_connection_is_left_when_the_client_goes(shared_guard: EgressGuard) -> None:
    ended = asyncio.Event()

    async def act(line: Wire) -> None:
        await line.head()
        await line.send(OK)
        with contextlib.suppress(ConnectionError):
            await line.rest()
        ended.set()

    proxy = shared_guard.proxy("probe", 1)
    async with origin(act) as server:
        async with wire(proxy) as line:
            await line.send(asking(proxy, f"GET {server.url}/"))
            await line.head()
            assert await line.exactly(2) == b"ok"
            assert not ended.is_set()
        async with asyncio.timeout(10):
            await ended.wait()


@pytest.mark.parametrize(
    ("host", "why"),
    [
        ("127.0.0.2", "address"),
        ("2130706434", "address"),
        ("0x7f.2", "address"),
        ("[::ffff:127.0.0.2]", "address"),
        ("[::1]", "address"),
        ("[fe80::1%lo]", "address"),
        ("[64:ff9b::127.0.0.2]", "address"),
        ("0.0.0.0", "address"),
        ("169.254.169.254", "address"),
        ("10.0.0.1", "address"),
    ],
)
async def test_what_is_refused_is_not_dialled_and_is_told(shared_guard: EgressGuard, host: str, why: str) -> None:
    async with origin(echo, "") as server:
        proxy = shared_guard.proxy("probe", 77)
        for request in (f"GET http://{host}:{server.port}/", f"CONNECT {host}:{server.port}"):
            answer = await asked(proxy, request)
            assert status_of(answer) == 403, answer
            assert f"X-Boss-Bot-Refused: {why}".encode() in answer
            assert shared_guard.refused(77) == f"{host}:{server.port}"
            shared_guard.forget(77)
            assert shared_guard.refused(77) is None
        assert server.received == []


async def test_ports_of_other_protocols_are_refused(shared_guard: EgressGuard) -> None:
    for port in (0, 22, 25, 6667):
        answer = await asked(shared_guard.proxy("probe", 5), f"CONNECT 127.0.0.1:{port}")
        assert b"X-Boss-Bot-Refused: port" in answer


async def test_a_host_that_is_not_there_is_a_bad_gateway(shared_guard: EgressGuard) -> None:
    for target in ("nowhere.invalid:80", "127.0.0.1:9", "a" * 64 + ".test:80", "a..b:80"):
        answer = await asked(shared_guard.proxy("probe", 5), f"CONNECT {target}")
        assert status_of(answer) in (502, 403), answer
    assert status_of(await asked(shared_guard.proxy("probe", 5), "CONNECT 127.0.0.1:1023")) == 502


async def test_of_many_short_exchanges_none_gets_in_the_way_of_another(shared_guard: EgressGuard) -> None:
    """Descriptors are used again at once: what is still watched of an old one must not be taken for the new one."""
    async with origin(answers(OK)) as server:

        async def ask_often(download_id: int) -> list[bytes]:
            proxy = shared_guard.proxy("probe", download_id)
            return [await asked(proxy, f"GET {server.url}/") for _ in range(10)]

        said = await asyncio.gather(*[ask_often(number) for number in range(1, 41)])
    assert {status_of(answer) for one in said for answer in one} == {200}
