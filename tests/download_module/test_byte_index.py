"""Which bytes of a file on a server a clip needs, by the file's own index."""

import struct
import subprocess
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.errors import ForbiddenTarget
from download_module import range_reader
from download_module.aria2c_control import prepare_ranges
from download_module.byte_index import limited_part, needed_part
from download_module.byte_ranges import BLOCK, subtract, union
from download_module.egress import Egress
from download_module.plan import Part
from download_module.range_reader import RangeReader
from tests.download_module.given import LOOPBACK
from tests.support.media_server import MediaServer
from tests.support.sample_media import audio_only, clip

SECONDS = 20
READER = RangeReader(egress=LOOPBACK)
VP8 = ("-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "400k", "-g", "25", "-c:a", "libopus")
B_FRAMES = ("-bf", "2")
FRAGMENTS = "+dash+global_sidx+frag_keyframe+empty_moov+delay_moov"


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same 20 seconds in each container, made once."""
    directory = tmp_path_factory.mktemp("media")
    source = clip(directory / "tail.mp4", SECONDS, options=B_FRAMES)

    def copy(name: str, *options: str) -> None:
        subprocess.run(
            ["ffmpeg", "-nostdin", "-v", "error", "-i", str(source), "-c", "copy", *options, str(directory / name)],
            check=True,
        )

    copy("faststart.mp4", "-movflags", "+faststart")
    copy("fragments.mp4", "-an", "-movflags", FRAGMENTS)
    copy("mixed.mp4", "-movflags", FRAGMENTS)
    copy("sound.mp4", "-vn", "-frag_duration", "1000000", "-movflags", "+dash+global_sidx+empty_moov+delay_moov")
    copy("no-index.mp4", "-movflags", "+frag_keyframe+empty_moov")
    copy("reordered.mkv")
    clip(directory / "cues.webm", SECONDS, "160x90", options=VP8)
    audio_only(directory / "sound.webm", SECONDS)
    return directory


@pytest.fixture
async def server() -> AsyncIterator[MediaServer]:
    async with MediaServer() as server:
        yield server


def fetched(part: Part, whole: bytes, path: Path) -> Path:
    """The file as aria2 would leave it: with holes, but for whole blocks of what is missing."""
    assert part.size == len(whole)
    prepare_ranges(path, part.size, part.ranges, part.known)
    missing = subtract(part.ranges, [(offset, offset + len(data)) for offset, data in part.known])
    with path.open("r+b") as file:
        for first, end in missing:
            begin = first // BLOCK * BLOCK
            file.seek(begin)
            file.write(whole[begin : -(-end // BLOCK) * BLOCK])
    return path


def frames(path: Path, start: float, end: float | None) -> list[str]:
    """Sums of all pictures and sounds that ffmpeg finds in that time."""
    length = ["-t", str(end - start)] if end is not None else []
    command = ["ffmpeg", "-nostdin", "-v", "quiet", "-ss", str(start), *length, "-i", str(path), "-f", "framemd5", "-"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return [line for line in done.stdout.splitlines() if not line.startswith("#")]


@pytest.mark.parametrize("stretch", [(7.3, 11.5), (15.0, None)], ids=str)
@pytest.mark.parametrize(
    "name",
    [
        *("tail.mp4", "faststart.mp4", "fragments.mp4", "mixed.mp4", "sound.mp4"),
        *("cues.webm", "sound.webm", "reordered.mkv"),
    ],
)
async def test_what_is_needed_is_as_good_as_the_whole_file(
    media: Path, server: MediaServer, tmp_path: Path, name: str, stretch: tuple[float, float | None]
) -> None:
    start, end = stretch
    url = server.add(f"/{name}", media / name)
    part, duration = await needed_part(Part(uris=(url,), identity="x"), start, end, READER)
    assert duration == pytest.approx(SECONDS, abs=0.1)
    assert part.ranges
    assert part.identity not in ("x", None)
    if "sound" not in name:  # 160 KB, of which the head is a tenth
        seconds = (end or SECONDS) - start
        most = (seconds + (3.5 if name == "mixed.mp4" else 2.2)) / SECONDS * len((media / name).read_bytes())
        assert sum(last - first for first, last in part.ranges) < most + server.bytes_served(f"/{name}")
    file = fetched(part, (media / name).read_bytes(), tmp_path / f"0{Path(name).suffix}")
    wanted = frames(media / name, start, end)
    assert len(wanted) > 50
    assert frames(file, start, end) == wanted


async def test_a_file_without_an_index_is_fetched_whole(media: Path, server: MediaServer) -> None:
    part = Part(uris=(server.add("/a.mp4", media / "no-index.mp4"),), identity="x")
    assert await needed_part(part, 5, 9, READER) == (part, None)


async def test_a_file_of_which_nearly_all_is_needed_is_fetched_whole(media: Path, server: MediaServer) -> None:
    part = Part(uris=(server.add("/a.mp4", media / "faststart.mp4"),), checksum="sha-256=00")
    found, duration = await needed_part(part, 0.5, None, READER)
    assert found == part
    assert duration == pytest.approx(SECONDS, abs=0.1)


@pytest.mark.parametrize(
    "behaviour",
    [
        {"ranges": False},
        {"status": 404},
        {"fail_first": 100, "fail_status": 503},
        {"length": "chunked", "ranges": False},
        {"truncate_after": 5000},
        {"content_range": "bytes 5-16388/99999"},
        {"content_range": "bytes 0-16383/*"},
        {"encoding": "gzip"},
        {"requires": {"Referer": "http://elsewhere.test"}},
    ],
    ids=lambda behaviour: str(behaviour),
)
async def test_a_server_that_gives_no_stretches_costs_the_clip_nothing_but_time(
    media: Path, server: MediaServer, behaviour: dict[str, Any]
) -> None:
    part = Part(uris=(server.add("/a.mp4", media / "faststart.mp4", **behaviour),))
    assert await needed_part(part, 5, 9, READER) == (part, None)


@pytest.mark.parametrize("kind", ["impersonate", "content", "ftp", "another size"])
async def test_parts_of_other_kinds_stay_as_they_are(media: Path, server: MediaServer, kind: str) -> None:
    url = server.add("/a.mp4", media / "faststart.mp4")
    part = {
        "impersonate": Part(uris=(url,), impersonate="chrome"),
        "content": Part(content=b"text"),
        "ftp": Part(uris=("ftp://127.0.0.1/a.mp4",)),
        "another size": Part(uris=(url,), size=5),
    }[kind]
    assert (await needed_part(part, 5, 9, READER))[0] is part


async def test_headers_and_cookies_are_sent_but_not_to_another_host(media: Path, server: MediaServer) -> None:
    async with MediaServer("127.0.0.2") as other:
        there = other.add("/a.mp4", media / "faststart.mp4", requires={"Referer": "http://page.test/"})
        url = server.add_redirect("/a.mp4", there, cookie="session=1")
        headers = (("Referer", "http://page.test/"), ("Cookie", "session=1"), ("Authorization", "Basic eDp5"))
        part, _ = await needed_part(Part(uris=(url,), headers=headers), 5, 9, READER)
        assert part.ranges
        assert part.uris == (url,)
        assert {"cookie", "authorization"} <= server.requests("/a.mp4")[0].headers.keys()
        for request in other.requests("/a.mp4"):
            assert not {"cookie", "authorization"} & request.headers.keys()
            assert request.headers["accept-encoding"] == "identity"


@pytest.mark.parametrize(("behaviour", "head"), [({}, True), ({"head": False}, False)])
async def test_it_is_told_whether_head_is_answered(server: MediaServer, behaviour: dict[str, Any], head: bool) -> None:
    url = server.add("/a.ts", 1_000_000, **behaviour)
    assert (await limited_part(Part(uris=(url,)), [(5, 9)], READER)).head is head


async def test_an_address_that_is_not_allowed_is_told(media: Path, server: MediaServer) -> None:
    with pytest.raises(ForbiddenTarget):
        await needed_part(Part(uris=(server.url("/a.mp4"),)), 5, 9, RangeReader(egress=Egress()))
    url = server.add_redirect("/b.mp4", "http://10.0.0.1/b.mp4")
    with pytest.raises(ForbiddenTarget):
        await needed_part(Part(uris=(url,)), 5, 9, READER)


async def test_a_file_that_changes_while_its_index_is_read_is_fetched_whole(media: Path, server: MediaServer) -> None:
    one, other = (media / "tail.mp4").read_bytes(), (media / "faststart.mp4").read_bytes() + b"more"
    part = Part(uris=(server.add("/a.mp4", lambda number: other if number else one),))
    assert await needed_part(part, 5, 9, READER) == (part, None)


async def test_an_index_that_is_too_large_is_not_read(
    media: Path, server: MediaServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(range_reader, "MAX_BYTES", 20_000)
    part = Part(uris=(server.add("/a.mp4", media / "faststart.mp4"),))
    assert await needed_part(part, 5, 9, READER) == (part, None)
    assert server.bytes_served("/a.mp4") <= 20_000


async def test_of_a_file_only_named_bytes_are_fetched(server: MediaServer) -> None:
    part = Part(uris=(server.add("/a.ts", 1_000_000),))
    found = await limited_part(part, [(100_000, 200_000), (220_000, 300_000)], READER)
    assert found == replace(part, size=1_000_000, ranges=((100_000, 300_000),), known=found.known, head=True)
    assert await limited_part(part, [], READER) is part
    assert await limited_part(part, [(0, 999_000)], READER) is part
    assert await limited_part(part, [(900_000, 1_000_001)], READER) is part


def boxes(*parts: tuple[bytes, bytes]) -> bytes:
    return b"".join(struct.pack(">I4s", len(body) + 8, kind) + body for kind, body in parts)


FTYP = (b"ftyp", b"isom\0\0\0\0isom")
SEGMENT = b"\x1a\x45\xdf\xa3\x80\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xff"
CLUSTER = b"\x1f\x43\xb6\x75\x81\x00" + b"\0" * 99


def sidx(*numbers: int) -> tuple[bytes, bytes]:
    """A segment index of one entry: its clock, the size, and the duration."""
    clock, size, duration = numbers
    return b"sidx", struct.pack(">IIIIIHHIII", 0, 1, clock, 0, 0, 0, 1, size, duration, 0)


TRAK = boxes((b"trak", b""))
HOSTILE: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "text": lambda _: b"<html>" * 1000,
    "a box of no size": lambda _: boxes(FTYP) + struct.pack(">I4s", 4, b"moov"),
    "a box beyond the end": lambda _: boxes(FTYP) + struct.pack(">I4sQ", 1, b"moov", 1 << 62) + b"\0" * 100,
    "boxes without an end": lambda _: boxes(FTYP, *[(b"free", b"")] * 5000),
    "an index of indexes": lambda _: boxes(FTYP, (b"moov", TRAK), sidx(1000, 1 << 31 | 50, 5000), (b"moof", bytes(50))),
    "an index without a clock": lambda _: boxes(FTYP, (b"moov", TRAK), sidx(0, 50, 5), (b"moof", bytes(50))),
    "an index beyond the end": lambda _: boxes(FTYP, (b"moov", TRAK), sidx(1, 1 << 30, 90)),
    "an index that is cut off": lambda _: boxes(FTYP, (b"moov", TRAK), (b"sidx", b"\1\0\0\0\0")),
    "sample tables of noise": lambda data: data[:60] + bytes(range(256)) * 200 + data[51_260:],
    "EBML alone": lambda _: b"\x1a\x45\xdf\xa3\x80",
    "EBML that is cut off": lambda _: b"\x1a\x45\xdf\xa3\x01\xff\xff",
    "a segment of zeros": lambda _: SEGMENT + bytes(99),
    "cues that lead nowhere": lambda _: (
        SEGMENT + b"\x1c\x53\xbb\x6b\x8e\xbb\x8c\xb3\x81\x05\xb7\x87\xf7\x81\x01\xf1\x82\xff\xff" + CLUSTER
    ),
    "cues that hold more than they have": lambda _: SEGMENT + b"\x1c\x53\xbb\x6b\x82\xbb\x8c" + CLUSTER,
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_index_leads_to_the_whole_file(media: Path, server: MediaServer, name: str) -> None:
    body = HOSTILE[name]((media / "faststart.mp4").read_bytes())
    part = Part(uris=(server.add("/a", body),))
    found, _ = await needed_part(part, 5, 9, READER)
    assert found is part


@pytest.mark.parametrize(("name", "times"), [("faststart.mp4", 6), ("fragments.mp4", 25), ("cues.webm", 25)])
async def test_a_damaged_index_never_breaks_the_plan(media: Path, server: MediaServer, name: str, times: int) -> None:
    whole = (media / name).read_bytes()
    for number in range(times):
        at = 40 + number * 37
        damaged = whole[:at] + bytes([whole[at] ^ 0xFF, 0xFF, 0xFF]) + whole[at + 3 :]
        part = Part(uris=(server.add(f"/{number}-{name}", damaged),))
        found, _ = await needed_part(part, 5, 9, READER)
        assert all(0 <= first < last <= len(whole) for first, last in found.ranges)
        assert union(found.ranges) == list(found.ranges)


async def test_no_copy_of_an_index_stays_on_disk(
    media: Path, server: MediaServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    await needed_part(Part(uris=(server.add("/a.mp4", media / "tail.mp4"),)), 5, 9, READER)
    assert list(tmp_path.iterdir()) == []
