"""A URL that is the file itself, asked of a server that behaves and misbehaves."""

import asyncio
import email.utils
import time
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import (
    BossBotError,
    ForbiddenTarget,
    GeoRestricted,
    LoginRequired,
    MediaNotFound,
    RateLimited,
    SourceUnreachable,
    UnsupportedUrl,
)
from download_module import web_client
from download_module.extractors import direct_extractor
from download_module.extractors.direct_extractor import DirectExtractor, error_of_status
from download_module.plan import Kind
from tests.download_module.given import LOOPBACK
from tests.support.media_server import Endless, MediaServer, filler_headers
from tests.support.processes import free_port

SIZE = 3_000_000


@pytest.fixture
async def server() -> AsyncIterator[MediaServer]:
    async with MediaServer() as server:
        yield server


@pytest.fixture
def extractor() -> DirectExtractor:
    return DirectExtractor(LOOPBACK)


@pytest.mark.parametrize(
    ("behaviour", "size"),
    [
        ({}, SIZE),
        ({"ranges": False}, SIZE),
        ({"head": False}, SIZE),
        ({"length": "none", "ranges": False}, None),
        ({"length": "chunked", "ranges": False}, None),
        ({"length": "chunked"}, SIZE),
        ({"content_range": "bytes 0-0/*"}, None),
        ({"content_range": "bytes 0-0/" + "9" * 5000}, None),
        ({"content_range": "nonsense"}, None),
        ({"encoding": "gzip", "ranges": False}, None),
        ({"headers": filler_headers(40_000)}, SIZE),
        ({"delay": 0.3}, SIZE),
    ],
    ids=lambda value: str(value)[:60],
)
async def test_the_size_is_learned_without_fetching_the_file(
    server: MediaServer, extractor: DirectExtractor, behaviour: dict[str, Any], size: int | None
) -> None:
    url = server.add("/cat.mp4", SIZE, **behaviour)
    plan = await extractor.extract(url)
    (output,) = plan.outputs
    (part,) = output.parts
    assert (part.uris, part.size, plan.size) == ((url,), size, size)
    assert (output.filename, output.kind, plan.title, plan.extractor) == ("cat.mp4", Kind.VIDEO, "cat.mp4", "direct")
    assert [request.method for request in server.requests()] == ["GET"]


async def test_a_body_without_an_end_is_let_go_at_once(server: MediaServer, extractor: DirectExtractor) -> None:
    url = server.add("/cat.mp4", Endless(), ranges=False, length="none")
    plan = await extractor.extract(url)
    await server.wait_until_idle("/cat.mp4", timeout=5)
    assert plan.size is None


@pytest.mark.parametrize(
    ("behaviour", "identity"),
    [
        ({"etag": '"v1"', "last_modified": "Sat, 21 Nov 2026 00:00:00 GMT"}, f'"v1" {SIZE}'),
        ({"etag": 'W/"v1"', "last_modified": "Sat, 21 Nov 2026 00:00:00 GMT"}, f"Sat, 21 Nov 2026 00:00:00 GMT {SIZE}"),
        ({"etag": 'W/"v1"'}, None),
        ({}, None),
        ({"last_modified": "Sat, 21 Nov 2026 00:00:00 GMT", "ranges": False, "length": "none"}, None),
    ],
)
async def test_only_a_strong_validator_says_that_bytes_are_the_same(
    server: MediaServer, extractor: DirectExtractor, behaviour: dict[str, Any], identity: str | None
) -> None:
    plan = await extractor.extract(server.add("/cat.mp4", SIZE, **behaviour))
    assert plan.parts[0].identity == identity
    strong = identity is not None and identity.startswith('"')
    assert dict(plan.parts[0].headers).get("If-Range") == ('"v1"' if strong else None)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_followed_before_the_transfer(
    server: MediaServer, extractor: DirectExtractor, status: int
) -> None:
    final = server.add("/media/cat.mp4", SIZE)
    plan = await extractor.extract(server.add_redirect("/go", "/media/cat.mp4", status=status, hops=5))
    assert plan.parts[0].uris == (final,)
    assert plan.outputs[0].filename == "cat.mp4"
    assert plan.source_url == server.url("/go")


@pytest.mark.parametrize(
    ("target", "error"),
    [
        ("/loop", SourceUnreachable),
        ("file:///etc/passwd", MediaNotFound),
        ("data:,a", UnsupportedUrl),
        ("javascript:alert(1)", UnsupportedUrl),
        ("http://10.0.0.1/a", ForbiddenTarget),
        ("http://169.254.169.254/latest/meta-data", ForbiddenTarget),
        ("//192.168.1.1/a", ForbiddenTarget),
        ("http://[bad/a", MediaNotFound),
        ("udp://127.0.0.1/a", MediaNotFound),
        ("ftp://127.0.0.1/a", MediaNotFound),
    ],
)
async def test_a_redirect_that_leads_nowhere_good_is_not_followed(
    server: MediaServer, extractor: DirectExtractor, target: str, error: type[BossBotError]
) -> None:
    with pytest.raises(error):
        await extractor.extract(server.add_redirect("/loop", target))
    assert len(server.requests()) <= direct_extractor.MAX_REDIRECTS + 1


@pytest.mark.parametrize(
    ("status", "error", "transient"),
    [
        (400, MediaNotFound, False),
        (401, LoginRequired, False),
        (403, LoginRequired, False),
        (404, MediaNotFound, False),
        (407, LoginRequired, False),
        (408, SourceUnreachable, True),
        (410, MediaNotFound, False),
        (418, MediaNotFound, False),
        (425, SourceUnreachable, True),
        (429, RateLimited, True),
        (451, GeoRestricted, False),
        (500, SourceUnreachable, True),
        (503, SourceUnreachable, True),
        (599, SourceUnreachable, True),
    ],
)
async def test_a_refusal_of_the_server_becomes_a_sentence(
    server: MediaServer, extractor: DirectExtractor, status: int, error: type[BossBotError], transient: bool
) -> None:
    with pytest.raises(error) as refused:
        await extractor.extract(server.add("/cat.mp4", b"no", status=status, ranges=False))
    assert type(refused.value) is error
    assert refused.value.transient is transient
    assert str(refused.value).endswith((".", "!"))


@pytest.mark.parametrize("status", [429, 503])
async def test_the_wait_that_a_server_asks_for_is_kept(
    server: MediaServer, extractor: DirectExtractor, status: int
) -> None:
    url = server.add("/cat.mp4", SIZE, fail_first=1, fail_status=status, retry_after=77)
    with pytest.raises(BossBotError) as refused:
        await extractor.extract(url)
    assert refused.value.retry_after == 77
    assert (await extractor.extract(url)).size == SIZE


def test_a_wait_may_be_a_date() -> None:
    then = email.utils.formatdate(time.time() + 60, usegmt=True)
    assert error_of_status(429, then).retry_after == pytest.approx(60, abs=3)
    assert error_of_status(429, "Sat, 21 Nov 2020 00:00:00 GMT").retry_after == 0


@given(
    st.one_of(
        st.text(), st.from_regex(r"\w{3}, \d{1,2} (Jan|Dec) \d{1,5} \d\d:\d\d:\d\d( GMT)?"), st.integers().map(str)
    )
)
def test_a_wait_that_makes_no_sense_is_none(header: str) -> None:
    wait = error_of_status(429, header).retry_after
    assert wait is None or wait >= 0


@pytest.mark.parametrize(
    "content_type",
    [
        "text/html",
        "TEXT/HTML; charset=utf-8",
        "application/xhtml+xml",
        "application/dash+xml",
        "application/vnd.apple.mpegurl",
        "application/x-mpegURL",
        "application/rss+xml",
    ],
)
async def test_a_page_or_manifest_is_handed_over(
    server: MediaServer, extractor: DirectExtractor, content_type: str
) -> None:
    with pytest.raises(UnsupportedUrl):
        await extractor.extract(server.add("/cat.mp4", b"words", content_type=content_type))


@pytest.mark.parametrize("behaviour", [{}, {"ranges": False}])
async def test_an_empty_file_is_no_media(
    server: MediaServer, extractor: DirectExtractor, behaviour: dict[str, Any]
) -> None:
    with pytest.raises(MediaNotFound, match="empty"):
        await extractor.extract(server.add("/cat.mp4", b"", **behaviour))


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ('attachment; filename="My cat.mp4"', "My cat.mp4"),
        ("attachment; filename=cat.mp4; size=7", "cat.mp4"),
        (r'attachment; filename="a \"quoted\" cat.mp4"', "a __quoted__ cat.mp4"),
        ("attachment; filename=x.mp4; filename*=UTF-8''%e7%8c%ab.mp4", "猫.mp4"),
        ("attachment; filename*=utf-8'ja'%e7%8c%ab.mp4", "猫.mp4"),
        ("attachment; filename*=iso-8859-1''caf%e9.mp4", "café.mp4"),
        ('attachment; filename="../../etc/passwd"', "_.._etc_passwd"),
        ('attachment; filename="/etc/passwd.mp4"', "_etc_passwd.mp4"),
        ("attachment; filename*=UTF-8''..%2f..%2fa.mp4", "_.._a.mp4"),
        ("attachment; filename*=UTF-8''a%00%0d%0ab.mp4", "ab.mp4"),
        ("attachment; filename*=UTF-8''%e2%80%aegp4.exe", "gp4.exe"),
        ("attachment; filename*=UTF-8''" + quote("🎬🍿.mp4"), "🎬🍿.mp4"),
        ("attachment; filename=" + "a" * 4000 + ".mp4", "a" * 176 + ".mp4"),
        ('attachment; filename=""', "real.bin"),
        ("attachment; filename=", "real.bin"),
        ("attachment; filename*=UTF-8''", "real.bin"),
        ("attachment", "real.bin"),
        ('attachment; filename=".."', "download.bin"),
        (b"attachment; filename=\xff\xfe\x01.mp4", None),
        ("é.mp4", "real.bin"),
        ('attachment; filename="\x7f.mp4"', "mp4.bin"),
    ],
    ids=lambda value: repr(value)[:60],
)
async def test_a_hostile_disposition_gives_a_safe_name(
    server: MediaServer, extractor: DirectExtractor, disposition: str | bytes, name: str | None
) -> None:
    url = server.add(
        "/real.bin", SIZE, headers=[("Content-Disposition", disposition)], content_type="application/octet-stream"
    )
    plan = await extractor.extract(url)
    filename = plan.outputs[0].filename
    assert 0 < len(filename.encode()) <= 200
    assert not set(filename) & set("/\\\0\r\n")
    if name is not None:
        assert filename == name


async def test_a_host_without_an_address_is_said_to_be_missing(extractor: DirectExtractor) -> None:
    with pytest.raises(SourceUnreachable, match=r"nowhere\.invalid was not found"):
        await extractor.extract("http://nowhere.invalid/cat.mp4")


async def test_a_refused_connection_is_tried_again_later(extractor: DirectExtractor) -> None:
    with pytest.raises(SourceUnreachable, match="can't be reached"):
        await extractor.extract(f"http://127.0.0.1:{free_port()}/cat.mp4")


@pytest.mark.parametrize("behaviour", [{"delay": float("inf")}, {"stall_headers": 0.2}])
async def test_a_server_that_does_not_come_to_the_point_is_left(
    server: MediaServer, extractor: DirectExtractor, monkeypatch: pytest.MonkeyPatch, behaviour: dict[str, Any]
) -> None:
    monkeypatch.setattr(web_client, "TIMEOUT", httpx.Timeout(0.3))
    monkeypatch.setattr(direct_extractor, "TOTAL_TIMEOUT", 0.6)
    with pytest.raises(SourceUnreachable, match="in time"):
        await asyncio.wait_for(extractor.extract(server.add("/cat.mp4", SIZE, **behaviour)), 3)


@pytest.mark.parametrize("answer", [b"", b"garbage\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n"])
async def test_a_server_that_does_not_speak_http_is_an_error_with_a_sentence(
    extractor: DirectExtractor, answer: bytes
) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as listener:
        port = listener.sockets[0].getsockname()[1]
        with pytest.raises(SourceUnreachable):
            await extractor.extract(f"http://127.0.0.1:{port}/cat.mp4")


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/pub/My%20cat.mp4", "FTP://127.0.0.1/pub/My%20cat.mp4"])
async def test_ftp_is_planned_without_asking(extractor: DirectExtractor, url: str) -> None:
    plan = await extractor.extract(url)
    assert (plan.parts[0].uris, plan.size, plan.title) == ((url,), None, "My cat.mp4")


async def test_ftp_to_an_address_inside_is_refused(extractor: DirectExtractor) -> None:
    with pytest.raises(ForbiddenTarget):
        await extractor.extract("ftp://192.168.1.1/cat.mp4")


async def test_nothing_of_the_environment_sends_the_probe_elsewhere(
    server: MediaServer, extractor: DirectExtractor, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    assert (await extractor.extract(server.add("/cat.mp4", SIZE))).size == SIZE


@pytest.mark.parametrize("content_type", ["application/octet-stream", "text/plain", ""])
async def test_where_the_type_says_nothing_the_first_bytes_say_what_it_is(
    server: MediaServer, extractor: DirectExtractor, content_type: str
) -> None:
    picture = b"\x89PNG\r\n\x1a\n" + bytes(9000)
    plan = await extractor.extract(server.add("/get", picture, content_type=content_type))
    assert (plan.outputs[0].filename, plan.outputs[0].kind, plan.size) == ("get.png", Kind.IMAGE, len(picture))


@pytest.mark.parametrize("body", [b"<!DOCTYPE html><title>Log in</title>", b"#EXTM3U\n#EXT-X-VERSION:3\n"])
async def test_a_page_that_calls_itself_a_video_is_handed_over(
    server: MediaServer, extractor: DirectExtractor, body: bytes
) -> None:
    with pytest.raises(UnsupportedUrl):
        await extractor.extract(server.add("/cat.mp4", body, content_type="video/mp4"))


async def test_a_body_that_dribbles_does_not_hold_up_the_plan(
    server: MediaServer, extractor: DirectExtractor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(direct_extractor, "HEAD_TIMEOUT", 0.2)
    plan = await extractor.extract(server.add("/cat.mp4", SIZE, rate=100))
    assert plan.size == SIZE
