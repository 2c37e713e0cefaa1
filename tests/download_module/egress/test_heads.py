"""Whatever is said to the guard, it neither falls over nor dials."""

import asyncio
import socket
from typing import Any

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from download_module.egress import exchange
from download_module.egress.credentials import Client, authenticated, password_of
from download_module.egress.dialling import Dialler
from download_module.egress.exchange import Exchange, Guard
from download_module.egress.heads import BadHeadError, answer_head, end_of_head, is_chunked, request_head, target_of
from download_module.egress.limits import ClientLimits
from download_module.egress.resolver import Resolver
from download_module.egress.rules import Rules

SECRET = b"secret"
PIECES = (
    *(b"GET ", b"CONNECT ", b"http://", b"127.0.0.1", b"[::1]", b"a.test", b":80", b"/", b" HTTP/1.1", b"\r\n", b"\n"),
    *(b"Host: ", b"Content-Length: 5", b"Transfer-Encoding: chunked", b"Connection: close", b"Proxy-Authorization: "),
    *(b"\r\n\r\n", b"\0", b"\x80", b" ", b"@", b"\\", b"%", b"#", b"?", b"HTTP/1.1 200 OK\r\n", b"100 Continue"),
)
SAID = st.lists(st.sampled_from(PIECES) | st.binary(max_size=8), max_size=25).map(b"".join)


class Nobody(Dialler):
    """Never to be asked."""

    async def dial(self, *_: Any, **__: Any) -> socket.socket:
        raise AssertionError("dialled")


@given(SAID)
def test_whatever_is_said_without_a_password_is_answered_and_not_dialled(said: bytes) -> None:
    asyncio.run(_say(said))


async def _say(said: bytes) -> None:
    dialler = Nobody(Rules(), Resolver())
    guard = Guard(dialler=dialler, secret=SECRET, limits={"probe": ClientLimits()}, report=print)
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    theirs.setblocking(False)
    loop = asyncio.get_running_loop()
    with ours:
        await loop.sock_sendall(ours, said)
        ours.shutdown(socket.SHUT_WR)
        async with asyncio.timeout(10):
            await Exchange(guard, theirs).run()
            answer = await loop.sock_recv(ours, 65536)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 4"), answer


async def test_a_client_that_never_comes_to_its_point_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "HEAD_TIMEOUT", 0.2)
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    with ours:
        ours.send(b"GET http://a/ HTTP/1.1\r\nX: ")
        guard = Guard(dialler=Nobody(Rules(), Resolver()), secret=SECRET, limits={}, report=print)
        async with asyncio.timeout(10):
            await Exchange(guard, theirs).run()
        assert ours.recv(100) == b""


@given(SAID)
def test_an_answer_is_written_anew_or_refused(said: bytes) -> None:
    try:
        end = end_of_head(said)
        if end is None:
            return
        status, head = answer_head(said[:end])
    except BadHeadError:
        return
    assert 100 <= status <= 999
    assert head.endswith(b"\r\n\r\n")
    assert head.count(b"\r\n\r\n") == 1
    assert (b"Connection: close" in head) == (status >= 200)


@given(st.sampled_from((b"GET", b"CONNECT", b"POST")), SAID, st.lists(st.tuples(SAID, SAID), max_size=4))
def test_a_request_is_written_anew_as_one_request_or_refused(
    method: bytes, target: bytes, headers: list[tuple[bytes, bytes]]
) -> None:
    try:
        request = h11.Request(method=method, target=target, headers=[(b"Host", b"a"), *headers])
        meant = target_of(request)
        is_chunked(request)
    except (BadHeadError, h11.LocalProtocolError):
        return
    assert 0 <= meant.port <= 65535
    assert meant.host
    if meant.path is None:
        return
    server = h11.Connection(h11.SERVER)
    server.receive_data(request_head(request, meant))
    seen = server.next_event()
    assert isinstance(seen, h11.Request)
    assert [name for name, _ in seen.headers].count(b"host") == 1
    assert not any(name.startswith(b"proxy-") for name, _ in seen.headers)
    assert dict(seen.headers)[b"connection"] == b"close"
    assert not server.trailing_data[0], "one request, and nothing after it"


@given(st.binary(max_size=60) | st.text(max_size=40).map(lambda said: b"Basic " + said.encode()))
def test_no_header_is_a_proof_but_the_right_one(header: bytes) -> None:
    assert authenticated(header, SECRET) is None


@given(
    st.builds(
        Client,
        st.from_regex(r"[a-z][a-z0-9-]{0,31}", fullmatch=True),
        st.none() | st.integers(0, 10**17),
        st.none() | st.integers(0, 10**8),
    )
)
def test_a_username_means_the_client_that_it_was_made_for(client: Client) -> None:
    assert Client.of(client.username) == client
    assert password_of(client.username, SECRET) != password_of(client.username + "0", SECRET)
