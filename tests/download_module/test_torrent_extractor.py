"""Magnet links and .torrent files: what is kept of them, and what is not."""

import hashlib
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
import torf
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BossBotError, MediaNotFound, TooLarge
from core.options import parse_options
from download_module.extractors import torrent_extractor
from download_module.extractors.base_extractor import Wish
from download_module.extractors.torrent_extractor import TorrentExtractor
from tests.download_module.given import LOOPBACK
from tests.support.media_server import Endless, MediaServer

INFOHASH = "c12fe1c06bba254a9dc9f519b335aa7c1367a88a"
BASE32 = "YEX6DQDLXISUVHOJ6UM3GNNKPQJWPKEK"
TRACKER = "http://127.0.0.1:6969/announce"
LINK = f"magnet:?xt=urn:btih:{INFOHASH}"


def bencode(value: Any) -> bytes:
    """Bencode, for metainfo that no library would write."""
    match value:
        case int():
            return b"i%de" % value
        case str():
            return bencode(value.encode())
        case bytes():
            return b"%d:%s" % (len(value), value)
        case list():
            return b"l" + b"".join(map(bencode, value)) + b"e"
        case dict():
            return b"d" + b"".join(bencode(key) + bencode(value[key]) for key in sorted(value)) + b"e"
    raise TypeError(value)


def metainfo(paths: list[list[str]] | None = None, *, name: str = "album", length: int = 7, **top: Any) -> bytes:
    """A .torrent with one file, or with files at these paths."""
    total = length * len(paths) if paths is not None else length
    piece = 16384 if total < 1 << 24 else 1 << 28
    pieces = b"x" * 20 * -(-total // piece)
    info: dict[str, Any] = {"name": name, "piece length": piece, "pieces": pieces, "source": "a key that is kept"}
    if paths is None:
        info["length"] = length
    else:
        info["files"] = [{"length": length, "path": path} for path in paths]
    return bencode({"announce": TRACKER, "info": info, **{key.replace("_", "-"): value for key, value in top.items()}})


def infohash_of(torrent: bytes) -> str:
    """The SHA-1 of the bencoded `info`, cut out of the bytes as they are."""
    return hashlib.sha1(torrent[torrent.index(b"4:info") + 6 : _end_of_info(torrent)]).hexdigest()


def _end_of_info(torrent: bytes) -> int:
    return _skip(torrent, torrent.index(b"4:info") + 6)


def _skip(data: bytes, at: int) -> int:
    if data[at : at + 1] == b"i":
        return data.index(b"e", at) + 1
    if data[at : at + 1] in (b"l", b"d"):
        at += 1
        while data[at : at + 1] != b"e":
            at = _skip(data, at)
        return at + 1
    colon = data.index(b":", at)
    return colon + 1 + int(data[at:colon])


@pytest.fixture
async def server() -> AsyncIterator[MediaServer]:
    async with MediaServer() as server:
        yield server


@pytest.fixture
def extractor() -> TorrentExtractor:
    return TorrentExtractor(LOOPBACK)


@pytest.mark.parametrize(
    "link", [LINK, LINK.replace("magnet", "MAGNET"), LINK.upper().replace("XT=URN:BTIH", "xt=urn:btih")]
)
async def test_a_magnet_is_known_by_its_infohash(extractor: TorrentExtractor, link: str) -> None:
    plan = await extractor.extract(link)
    assert plan.parts[0].is_torrent
    assert plan.parts[0].identity == INFOHASH
    assert plan.size is None
    assert plan.title


async def test_a_magnet_may_carry_its_infohash_in_base32(extractor: TorrentExtractor) -> None:
    plan = await extractor.extract(f"magnet:?xt=urn:btih:{BASE32}")
    assert plan.parts[0].is_torrent


async def test_of_a_magnet_only_hash_name_and_reachable_trackers_are_kept(extractor: TorrentExtractor) -> None:
    link = (
        f"{LINK}&dn=A+cat&xl=7&tr={quote(TRACKER)}&tr=http%3A%2F%2F192.168.1.1%2Fannounce"
        "&tr=udp%3A%2F%2F10.0.0.1%3A80&tr.1=udp%3A%2F%2F127.0.0.1%3A99%2Fannounce&tr=file%3A%2F%2F%2Fetc%2Fpasswd"
        "&tr=nonsense&tr=http%3A%2F%2Fnowhere.invalid%2F"
        "&ws=http%3A%2F%2F192.168.1.1%2Fa&x.pe=192.168.1.1%3A22&xs=http%3A%2F%2F10.0.0.1%2Fa&as=http%3A%2F%2F10.0.0.1"
        "&xt=urn%3Abtmh%3A1220abcd&so=0&mt=http%3A%2F%2F10.0.0.1%2F&made_up=1"
    )
    (uri,) = (await extractor.extract(link)).parts[0].uris
    assert parse_qs(urlsplit(uri).query) == {
        "xt": [f"urn:btih:{INFOHASH}"],
        "dn": ["A cat"],
        "tr": [TRACKER, "udp://127.0.0.1:99/announce"],
    }


@pytest.mark.parametrize(
    "link",
    [
        "magnet:?",
        "magnet:?dn=a",
        "magnet:?xt=urn:btih:",
        "magnet:?xt=urn:btih:1234",
        f"magnet:?xt=urn:btih:{'g' * 40}",
        f"magnet:?xt=urn:sha1:{INFOHASH}",
        "magnet:?xt=urn:btmh:1220" + "a" * 64,
        LINK + "&a=1" * 300,
    ],
    ids=lambda link: link[:60],
)
async def test_a_damaged_magnet_is_said_to_be_damaged(extractor: TorrentExtractor, link: str) -> None:
    with pytest.raises(MediaNotFound, match="magnet link is damaged"):
        await extractor.extract(link)


@given(st.text(max_size=200))
async def test_any_text_in_a_magnet_gives_a_plan_or_a_sentence(text: str) -> None:
    extractor = TorrentExtractor(LOOPBACK)
    for link in (f"magnet:?{text}", f"{LINK}&dn={text}", f"{LINK}&tr={quote(text)}", f"magnet:?xt=urn:btih:{text}"):
        try:
            plan = await extractor.extract(link)
        except MediaNotFound:
            continue
        assert plan.parts[0].uris[0].startswith("magnet:?xt=urn:btih:")


async def test_a_hostile_name_in_a_magnet_is_cleaned(extractor: TorrentExtractor) -> None:
    plan = await extractor.extract(f"{LINK}&dn=" + quote("../../etc/\u202epasswd&tr=http://10.0.0.1"))
    assert plan.title == "_.._etc_passwd&tr=http___10.0.0.1"
    assert "tr=" not in str(plan.parts[0].uris[0]).replace("tr%3D", "")


async def test_a_torrent_file_is_sent_on_without_what_is_not_allowed(
    server: MediaServer, extractor: TorrentExtractor
) -> None:
    tiers = [[TRACKER, "http://192.168.1.1/announce"], ["udp://10.0.0.1:80"]]
    webs: dict[str, Any] = {"url_list": ["http://192.168.1.1/a"], "httpseeds": ["http://10.0.0.1/a"]}
    nodes = [["192.168.1.1", 6881]]
    original = metainfo([["a.mp4"], ["sub", "b.mp4"]], announce_list=tiers, nodes=nodes, **webs)
    plan = await extractor.extract(server.add("/album.torrent", original))
    (part,) = plan.parts
    assert part.torrent is not None
    assert part.is_torrent
    for forbidden in (b"192.168", b"10.0.0.1"):
        assert forbidden not in part.torrent
    assert infohash_of(part.torrent) == infohash_of(original) == part.identity
    kept = torf.Torrent.read_stream(part.torrent)
    assert [str(tracker) for tier in kept.trackers for tracker in tier] == [TRACKER]
    assert (part.size, plan.title) == (14, "album")


@pytest.mark.parametrize(
    ("torrent", "error"),
    [
        (b"", MediaNotFound),
        (b"<html>not found</html>", MediaNotFound),
        (b"d4:infoi7ee", MediaNotFound),
        (b"d4:infodee", MediaNotFound),
        (b"l" * 200_000, MediaNotFound),
        (b"i" + b"9" * 10_000 + b"e", MediaNotFound),
        (bencode({"info": {"name": "a", "piece length": 16384, "pieces": b"x" * 20, "files": "none"}}), MediaNotFound),
        (
            bencode({"info": {"name": "a", "piece length": 16384, "pieces": b"x" * 20, "files": [{"length": 7}]}}),
            MediaNotFound,
        ),
        (metainfo([["..", "..", "etc", "passwd"]]), MediaNotFound),
        (metainfo([["a", "..", "b"]]), MediaNotFound),
        (metainfo([["/etc/passwd"]]), MediaNotFound),
        (metainfo([["sub/../../a"]]), MediaNotFound),
        (metainfo(name=".."), MediaNotFound),
        (metainfo(name="../a"), MediaNotFound),
        (metainfo([[f"{number}"] for number in range(1001)]), TooLarge),
        (metainfo([[f"{number}"] for number in range(100_000)]), TooLarge),
    ],
    ids=lambda value: repr(value)[:40],
)
async def test_a_torrent_that_is_damaged_hostile_or_huge_is_refused(
    server: MediaServer, extractor: TorrentExtractor, torrent: bytes, error: type[BossBotError]
) -> None:
    with pytest.raises(error):
        await extractor.extract(server.add("/a.torrent", torrent))


async def test_the_size_of_a_torrent_is_that_of_all_its_files(server: MediaServer, extractor: TorrentExtractor) -> None:
    plan = await extractor.extract(server.add("/a.torrent", metainfo(length=100 * 1024**3)))
    assert plan.size == 100 * 1024**3


async def test_a_torrent_file_without_an_end_is_not_read_to_its_end(
    server: MediaServer, extractor: TorrentExtractor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torrent_extractor, "MAX_METAINFO", 1 << 20)
    with pytest.raises(TooLarge):
        await extractor.extract(server.add("/a.torrent", Endless(), ranges=False, length="none"))


async def test_a_torrent_file_that_is_gone_is_not_found(server: MediaServer, extractor: TorrentExtractor) -> None:
    with pytest.raises(MediaNotFound):
        await extractor.extract(server.url("/gone.torrent"))


async def test_of_a_torrent_file_the_media_is_chosen_or_what_was_asked_for(
    server: MediaServer, extractor: TorrentExtractor
) -> None:
    url = server.add("/album.torrent", metainfo([["a.mp4"], ["b.nfo"], ["c.mp4"]]))
    (part,) = (await extractor.extract(url)).parts
    assert (part.files, part.size) == ((1, 3), 14)
    (asked,) = (await extractor.extract(url, Wish(options=parse_options({"items": "2"})))).parts
    assert (asked.files, asked.size) == ((2,), 7)
    assert asked.identity != part.identity


async def test_a_magnet_carries_the_items_that_were_asked_for(extractor: TorrentExtractor) -> None:
    (part,) = (await extractor.extract(LINK, Wish(options=parse_options({"items": "2-3,7-"})))).parts
    assert part.wanted == ((2, 3), (7, None))
