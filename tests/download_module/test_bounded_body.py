"""Bodies that are read whole: never more of them than there is room for, however they are packed."""

import gzip
import resource
import zlib
from collections.abc import AsyncIterator

import brotli  # type: ignore[import-untyped]  # it ships none
import httpx
import pytest

from core.errors import BossBotError, ExtractionError, TooLarge
from download_module.bounded_body import read_body
from tests.download_module.given import MIB
from tests.support.media_server import Endless, MediaServer

TEXT = b"#EXTM3U\n" * 1000


@pytest.fixture
async def server() -> AsyncIterator[MediaServer]:
    async with MediaServer() as server:
        yield server


async def read(url: str, limit: int = MIB) -> bytes:
    async with httpx.AsyncClient(trust_env=False) as client, client.stream("GET", url) as answer:
        return await read_body(answer, limit, lambda: TooLarge("Too large."))


@pytest.mark.parametrize(
    ("packing", "body"),
    [
        (None, TEXT),
        ("identity", TEXT),
        ("gzip", gzip.compress(TEXT, mtime=0)),
        ("GZIP", gzip.compress(TEXT, mtime=0)),
        ("deflate", zlib.compress(TEXT)),
    ],
)
async def test_a_body_is_read_as_it_is_meant(server: MediaServer, packing: str | None, body: bytes) -> None:
    headers = {"Content-Encoding": packing} if packing else {}
    assert await read(server.add("/a", body, headers=headers)) == TEXT


@pytest.mark.parametrize(
    ("packing", "body", "error"),
    [
        ("br", brotli.compress(TEXT), ExtractionError),
        ("zstd", TEXT, ExtractionError),
        ("gzip, gzip", gzip.compress(gzip.compress(TEXT, mtime=0), mtime=0), ExtractionError),
        ("gzip", TEXT, ExtractionError),
        ("deflate", b"\xff" * 100, ExtractionError),
    ],
)
async def test_other_ways_of_packing_and_damage_are_refused(
    server: MediaServer, packing: str, body: bytes, error: type[BossBotError]
) -> None:
    with pytest.raises(error):
        await read(server.add("/a", body, headers={"Content-Encoding": packing}))


async def test_a_body_that_fits_exactly_is_read_and_one_byte_more_is_not(server: MediaServer) -> None:
    url = server.add("/a", b"x" * 1000)
    assert len(await read(url, 1000)) == 1000
    with pytest.raises(TooLarge):
        await read(url, 999)
    with pytest.raises(TooLarge):
        await read(server.add("/z", gzip.compress(b"x" * 1000), headers={"Content-Encoding": "gzip"}), 999)


async def test_bombs_and_endless_bodies_cost_no_more_than_the_limit(server: MediaServer) -> None:
    bomb = server.add("/bomb", gzip.compress(bytes(512 * MIB), 1), headers={"Content-Encoding": "gzip"})
    endless = server.add("/endless", Endless(), length="none")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for url in (bomb, endless):
        with pytest.raises(TooLarge):
            await read(url)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 * 1024  # KiB
