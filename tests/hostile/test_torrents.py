"""Torrent files that strangers wrote: read and judged before aria2c sees them."""

from collections.abc import Sequence

from tests.download_module.given import MIB
from tests.download_module.test_torrent_extractor import bencode, metainfo
from tests.hostile.siege import Case, Siege, case
from tests.support.media_server import Endless, MediaServer

DAMAGED = ("MediaNotFound",)


def info(**keys: object) -> bytes:
    """A .torrent whose `info` has these keys beside a name, pieces and a length."""
    known = {"name": "album", "piece length": 16384, "pieces": b"x" * 20, "length": 7}
    merged = known | {key.replace("_", " "): value for key, value in keys.items()}
    return bencode({"info": {key: value for key, value in merged.items() if value is not None}})


def one(**file: object) -> bytes:
    """A .torrent of one file in a list, with these keys."""
    return info(length=None, files=[{"length": 7, "path": ["a.mp4"], **file}])


def cases(server: MediaServer) -> Sequence[Case]:
    """Every one of them ends before aria2c hears of it."""

    def add(name: str, torrent: bytes) -> str:
        return server.add(f"/{name}.torrent".replace(" ", "-"), torrent)

    names = {
        "upwards": ["..", "..", "escaped.mp4"],
        "here": [".", "a.mp4"],
        "absolute": ["/tmp/escaped.mp4"],
        "empty": [""],
        "no name": [],
        "NUL": ["a\0.mp4"],
        "line end": ["a\n.mp4"],
        "Windows": ["..\\..\\escaped.mp4"],
        "slash": ["a/../../b.mp4"],
        "long": ["x" * 300 + ".mp4"],
        "deep": ["d"] * 100 + ["a.mp4"],
    }
    garbage = {
        "nothing": b"",
        "text": b"just words",
        "a number": b"i1e",
        "a list": b"l4:infoe",
        "no info": b"d8:announce1:ae",
        "deep lists": b"d4:info" + b"l" * 200_000 + b"e" * 200_000 + b"e",
        "deep dicts": b"d4:info" + b"d1:a" * 100_000 + b"i1e" + b"e" * 100_000 + b"e",
        "a long string": b"d4:info99999999999999:ae",
        "a length of digits": b"d4:info" + b"9" * 100_000 + b":ae",
        "an endless number": b"d4:infoi" + b"9" * 500_000 + b"ee",
        "no number": b"d4:infoi--5ee",
        "cut off": metainfo([["a.mp4"]])[:-20],
    }
    return [
        *(case(f"a path: {kind}", add(f"path-{kind}", one(path=path)), *DAMAGED) for kind, path in names.items()),
        *(
            case(f"another path: {kind}", add(f"path8-{kind}", one(**{"path.utf-8": path})), *DAMAGED)
            for kind, path in names.items()
        ),
        *(
            case(f"a name: {name!r}", add(f"name-{number}", info(name=name)), *DAMAGED)
            for number, name in enumerate(("..", "../x", "/etc", "", "a\0", "x" * 300))
        ),
        *(
            case(f"another name: {name!r}", add(f"name8-{number}", info(**{"name.utf-8": name})), *DAMAGED)
            for number, name in enumerate(("..", "../x", "/etc"))
        ),
        *(case(f"garbage: {kind}", add(f"garbage-{kind}", data), *DAMAGED) for kind, data in garbage.items()),
        case(
            "100,000 files",
            add("many", metainfo([[f"{n}.mp4"] for n in range(100_000)])),
            "TooLarge",
        ),
        case("100 GB", add("large", metainfo([["a.mp4"]], length=100 * 1024**3)), "TooLarge"),
        case("100 GB in one file", add("single", metainfo(None, length=100 * 1024**3)), "TooLarge"),
        case("a negative length", add("minus", one(length=-5)), *DAMAGED),
        case("a length beyond 64 bits", add("huge", one(length=2**80)), *DAMAGED),
        case(
            "lengths that wrap around",
            add(
                "wrap",
                info(length=None, files=[{"length": 2**63, "path": ["a.mp4"]}, {"length": 2**63, "path": ["b.mp4"]}]),
            ),
            *DAMAGED,
        ),
        case("pieces of no length", add("zero", info(piece_length=0)), *DAMAGED),
        case("pieces of negative length", add("negative", info(piece_length=-16384)), *DAMAGED),
        case("no pieces", add("none", info(pieces=b"")), *DAMAGED),
        case("too many pieces", add("pieces", info(pieces=b"x" * 20 * 100_000)), *DAMAGED),
        case("pieces of words", add("words", info(pieces=[1, 2])), *DAMAGED),
        case("files of words", add("files", info(length=None, files="a")), *DAMAGED),
        case("a file of words", add("file", info(length=None, files=["a"])), *DAMAGED),
        case("a path of numbers", add("numbers", one(path=[1, 2])), *DAMAGED),
        case("endless", server.add("/endless.torrent", Endless(), length="none", rate=20 * MIB), "TooLarge"),
    ]


async def test_a_hostile_torrent_never_reaches_the_download_engine(siege: Siege) -> None:
    await siege.run(cases(siege.server), timeout=90)
    assert not list((siege.scene.downloads / ".staging").iterdir())
