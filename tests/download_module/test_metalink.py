"""Metalinks: mirrors, sizes and checksums in XML that strangers wrote."""

import contextlib
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ForbiddenTarget, MediaNotFound, TooLarge
from core.options import parse_options
from download_module.extractors.base_extractor import Wish
from download_module.extractors.direct_extractor import DirectExtractor
from download_module.extractors.metalink import outputs_of
from download_module.extractors.torrent_extractor import TorrentExtractor
from download_module.plan import Kind
from tests.download_module.given import LOOPBACK
from tests.support.media_server import MediaServer

SHA256 = "ab" * 32
FOUR = """<?xml version="1.0" encoding="UTF-8"?>
<metalink xmlns="urn:ietf:params:xml:ns:metalink">
  <file name="../../cat.mp4">
    <size>3000</size>
    <hash type="md5">00</hash><hash type="sha-256">{sha}</hash>
    <pieces length="1000" type="sha-256"><hash type="sha-256">{other}</hash></pieces>
    <url priority="2">{base}/second.mp4</url>
    <url priority="1">{base}/first.mp4</url>
    <url>file:///etc/passwd</url>
    <metaurl mediatype="torrent">{base}/cat.torrent</metaurl>
  </file>
  <file name="notes.txt"><url>{base}/notes.txt</url></file>
</metalink>"""
THREE = """<metalink version="3.0" xmlns="http://www.metalinker.org/"><files><file name="cat.mp4">
  <verification><hash type="sha1">{sha1}</hash></verification>
  <resources><url type="http" preference="10">{base}/slow.mp4</url>
  <url type="http" preference="90">{base}/fast.mp4</url>
  <url type="bittorrent" preference="100">{base}/cat.torrent</url></resources></file></files></metalink>"""


@pytest.fixture
async def server() -> AsyncIterator[MediaServer]:
    async with MediaServer() as server:
        yield server


@pytest.fixture
def extractor() -> TorrentExtractor:
    return TorrentExtractor(LOOPBACK)


def four(base: str) -> bytes:
    return FOUR.format(sha=SHA256, other="cd" * 32, base=base).encode()


async def test_a_file_has_its_mirrors_in_order_its_size_and_its_checksum(
    server: MediaServer, extractor: TorrentExtractor
) -> None:
    plan = await extractor.extract(server.add("/cat.meta4", four(server.url(""))))
    video, notes = plan.outputs
    assert (video.filename, video.kind, notes.kind) == ("cat.mp4", Kind.VIDEO, Kind.DOCUMENT)
    (part,) = video.parts
    assert part.uris == (server.url("/first.mp4"), server.url("/second.mp4"))
    assert (part.size, part.checksum, part.identity) == (3000, f"sha-256={SHA256}", f"sha-256={SHA256} 3000")
    assert (plan.extractor, plan.title) == ("metalink", "cat.mp4")


async def test_version_three_is_read_too(server: MediaServer, extractor: TorrentExtractor) -> None:
    document = THREE.format(sha1="AB" * 20, base=server.url("")).encode()
    (part,) = (await extractor.extract(server.add("/cat.metalink", document))).parts
    assert part.uris == (server.url("/fast.mp4"), server.url("/slow.mp4"))
    assert part.checksum == f"sha-1={'ab' * 20}"


async def test_items_choose_among_the_files(server: MediaServer, extractor: TorrentExtractor) -> None:
    url = server.add("/cat.meta4", four(server.url("")))
    plan = await extractor.extract(url, Wish(options=parse_options({"items": "2"})))
    assert [output.filename for output in plan.outputs] == ["notes.txt"]
    with pytest.raises(MediaNotFound, match="only 2 files"):
        await extractor.extract(url, Wish(options=parse_options({"items": "3-"})))


async def test_mirrors_that_are_not_allowed_are_left_out(server: MediaServer, extractor: TorrentExtractor) -> None:
    document = four(server.url("")).replace(server.url("/first.mp4").encode(), b"http://10.0.0.1/first.mp4")
    plan = await extractor.extract(server.add("/cat.meta4", document))
    assert plan.parts[0].uris == (server.url("/second.mp4"),)
    with pytest.raises(ForbiddenTarget):
        await extractor.extract(server.add("/evil.meta4", four("http://10.0.0.1")))


async def test_a_metalink_that_only_its_type_shows_is_found_by_the_direct_extractor(
    server: MediaServer, extractor: TorrentExtractor
) -> None:
    url = server.add("/get?id=7", four(server.url("")), content_type="application/octet-stream")
    plan = await DirectExtractor(LOOPBACK, torrents=extractor).extract(url)
    assert plan.extractor == "metalink"


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"<",
        b"<metalink/>",
        b"<html><body>no</body></html>",
        b'<metalink><file name="a"><url>ftps://h/a</url></file></metalink>',
        b'<!DOCTYPE m [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><metalink><file name="&b;"/></metalink>',
        b'<!DOCTYPE m SYSTEM "file:///etc/passwd"><metalink/>',
    ],
)
def test_a_damaged_or_hostile_metalink_is_refused_with_a_sentence(document: bytes) -> None:
    with pytest.raises(MediaNotFound):
        outputs_of(document)


@given(st.binary(max_size=300) | st.text(alphabet="<>/metalinkfileurl =\"'&;!", max_size=300).map(str.encode))
def test_any_bytes_give_outputs_or_a_sentence(document: bytes) -> None:
    with contextlib.suppress(MediaNotFound):
        assert outputs_of(document)


def one_file(*, name: str = "a.bin", url: str = "https://site.test/a", more: str = "", before: str = "") -> bytes:
    """A metalink of one file."""
    return f'{before}<metalink><file name="{name}">{more}<url>{url}</url></file></metalink>'.encode()


@pytest.mark.parametrize(
    "before",
    [
        "<!DOCTYPE metalink>",
        '<!DOCTYPE metalink SYSTEM "http://127.0.0.1/x.dtd">',
        '<!DOCTYPE metalink [<!ENTITY a "b">]>',
        '<!DOCTYPE metalink [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
    ],
)
def test_a_metalink_has_no_document_type(before: str) -> None:
    with pytest.raises(MediaNotFound):
        outputs_of(one_file(before=before))


def test_a_metalink_of_very_many_elements_is_refused_before_it_fills_the_memory() -> None:
    with pytest.raises(TooLarge):
        outputs_of(b"<metalink>" + b"<a/>" * 2_000_000 + b"</metalink>")


def test_files_inside_of_files_are_read_once() -> None:
    nested = "<file>" * 5000 + "<url>https://site.test/a</url>" + "</file>" * 5000
    (output,) = outputs_of(f"<metalink>{nested}</metalink>".encode())
    assert output.parts[0].uris == ("https://site.test/a",)


@pytest.mark.parametrize("path", ["&#10;X: y", " x", "&#127;", "x" * 9000])
def test_an_address_that_no_fetcher_takes_is_no_mirror(path: str) -> None:
    with pytest.raises(MediaNotFound):
        outputs_of(one_file(url=f"https://site.test/{path}"))


@pytest.mark.parametrize("text", ["x=y", "ab", "zz" * 32, "ab" * 32 + "&#10;", "\u0663" * 64])
def test_a_checksum_that_is_none_is_left_out(text: str) -> None:
    (output,) = outputs_of(one_file(more=f'<hash type="sha-256">{text}</hash>'))
    assert output.parts[0].checksum in (None, "sha-256=" + "ab" * 32)
