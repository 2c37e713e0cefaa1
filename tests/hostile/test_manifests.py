"""Playlists, MPDs and metalinks that strangers wrote: bounded, without entities, and naming nothing but the web."""

from collections.abc import Sequence

import pytest

from tests.download_module.given import MIB
from tests.hostile.siege import DOWNLOADED, Case, Siege, case
from tests.support.media_server import Endless, MediaServer, payload

NOT_FOUND = "MediaNotFound"
UNREADABLE = (NOT_FOUND, "ExtractionError", "SourceUnreachable", "SourceExpired", "LiveNotSupported")
SECRET = "only-on-this-host"
TS = bytes([0x47, 0x40, 0, 0x10] + [0xFF] * 184) * 50
HEAD = "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:10\n#EXT-X-MEDIA-SEQUENCE:0\n"
END = "#EXT-X-ENDLIST\n"
LAUGHS = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))


def hls(*lines: str, head: str = HEAD) -> str:
    """A media playlist of these lines."""
    return head + "\n".join(lines) + "\n" + END


def mpd(inside: str, *, before: str = "", duration: str = "PT10S") -> str:
    """An MPD with one picture."""
    return (
        f'<?xml version="1.0"?>{before}<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" '
        f'mediaPresentationDuration="{duration}"><Period><AdaptationSet mimeType="video/mp4">'
        f'<Representation id="v" bandwidth="1000" codecs="avc1.4d401e" width="320" height="180">{inside}'
        "</Representation></AdaptationSet></Period></MPD>"
    )


def metalink(*files: str, before: str = "") -> str:
    """A metalink of these <file> elements."""
    return f'<?xml version="1.0"?>{before}<metalink xmlns="urn:ietf:params:xml:ns:metalink">{"".join(files)}</metalink>'


def playlists(server: MediaServer, secret: str) -> Sequence[Case]:
    """HLS."""
    server.add("/seg.ts", TS)
    server.add("/page.ts", "<html>log in</html>", content_type="video/mp2t")
    server.add("/inner.ts", f"#EXTM3U\n#EXTINF:1,\nfile://{secret}\n", content_type="video/mp2t")
    server.add("/short.key", b"short")

    def add(name: str, text: str | bytes) -> str:
        return server.add(f"/{name}.m3u8", text, content_type="application/vnd.apple.mpegurl")

    segment = ("#EXTINF:1,", "/seg.ts")
    broken = (*UNREADABLE, "ChecksumMismatch")
    return [
        case(
            "1,000,000 segments",
            add("million", HEAD + "#EXTINF:1,\na\n" * 1_000_000 + END),
            "TooLarge",
            "ExtractionError",
        ),
        case(
            "2,000,000 tags",
            add("tags", hls("#EXT-X-DISCONTINUITY\n" * 800_000, *segment)),
            "TooLarge",
            "ExtractionError",
        ),
        case("itself as a segment", add("self", hls("#EXTINF:1,", "self.m3u8")), NOT_FOUND, words="contains itself"),
        case(
            "itself as a variant", add("variant", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nvariant.m3u8\n"), *UNREADABLE
        ),
        case(
            "10,000 variants",
            add("variants", "#EXTM3U\n" + "#EXT-X-STREAM-INF:BANDWIDTH=1\nnone.m3u8\n" * 10_000),
            *UNREADABLE,
        ),
        case(
            "a file as a segment", add("file", hls("#EXTINF:1,", f"file://{secret}")), NOT_FOUND, words="not on the web"
        ),
        case(
            "a file as a key",
            add("key", hls(f'#EXT-X-KEY:METHOD=AES-128,URI="file://{secret}"', *segment)),
            NOT_FOUND,
            words="not on the web",
        ),
        case(
            "a file as a map",
            add("map", hls(f'#EXT-X-MAP:URI="file://{secret}"', *segment)),
            NOT_FOUND,
            words="not on the web",
        ),
        case("a path as a segment", add("path", hls("#EXTINF:1,", secret)), *UNREADABLE, "ChecksumMismatch"),
        case("concat as a segment", add("concat", hls("#EXTINF:1,", f"concat:{secret}|{secret}")), NOT_FOUND),
        case("a pipe", add("pipe", hls("#EXTINF:1,", "pipe:0")), NOT_FOUND),
        case("a page as a segment", add("page", hls("#EXTINF:1,", "/page.ts")), "ChecksumMismatch"),
        case("a playlist as a segment", add("inner", hls("#EXTINF:1,", "/inner.ts")), "ChecksumMismatch"),
        case(
            "a key that is short",
            add("short", hls('#EXT-X-KEY:METHOD=AES-128,URI="/short.key"', *segment)),
            "ChecksumMismatch",
        ),
        case(
            "copy protection",
            add(
                "drm",
                hls('#EXT-X-KEY:METHOD=SAMPLE-AES,URI="skd://x",KEYFORMAT="com.apple.streamingkeydelivery"', *segment),
            ),
            "DrmProtected",
            *UNREADABLE,
        ),
        case("ranges of nonsense", add("range", hls("#EXT-X-BYTERANGE:-5@-9", *segment)), *broken),
        case(
            "ranges beyond the end",
            add("beyond", hls("#EXT-X-BYTERANGE:99999999@99999999999", *segment)),
            *broken,
            "TooLarge",
            "TransferError",
        ),
        case(
            "numbers of nonsense",
            add(
                "numbers",
                hls(
                    "#EXTINF:nan,",
                    "/seg.ts",
                    "#EXTINF:1e999,",
                    "/seg.ts",
                    head="#EXTM3U\n#EXT-X-TARGETDURATION:inf\n#EXT-X-MEDIA-SEQUENCE:" + "9" * 5000 + "\n",
                ),
            ),
            *broken,
        ),
        case("a line of 2 MB", add("line", hls("#EXTINF:1,", "a" * 2 * MIB)), *UNREADABLE),
        case(
            "line ends in an address",
            add("split", hls("#EXTINF:1,", "/seg.ts%0d%0aX:y\x0bX")),
            *broken,
            "TransferError",
        ),
        case("no text", add("noise", b"#EXTM3U\n" + payload(200_000, 5).to_bytes()), *broken),
        case("nothing but the head", add("empty", hls()), *UNREADABLE),
        case(
            "an endless playlist",
            server.add(
                "/endless.m3u8", Endless(), length="none", rate=8 * MIB, content_type="application/vnd.apple.mpegurl"
            ),
            *UNREADABLE,
            "TooLarge",
        ),
    ]


def dash(server: MediaServer, secret: str) -> Sequence[Case]:
    """MPEG-DASH."""

    def add(name: str, text: str) -> str:
        return server.add(f"/{name}.mpd", text, content_type="application/dash+xml")

    external = f'<!DOCTYPE MPD [<!ENTITY x SYSTEM "file://{secret}">]>'
    every_second = '<SegmentTemplate timescale="1" duration="1" startNumber="1" media="s$Number$.m4s"/>'
    return [
        case(
            "entities that grow",
            add("laughs", mpd("<BaseURL>&a9;</BaseURL>", before=f'<!DOCTYPE MPD [<!ENTITY a0 "lol">{LAUGHS}]>')),
            *UNREADABLE,
        ),
        case(
            "a file as an entity",
            add("entity", mpd("<BaseURL>http://127.0.0.1:1/&x;</BaseURL>", before=external)),
            *UNREADABLE,
            "UnsupportedUrl",
        ),
        case(
            "a file as the base",
            add("base", mpd(f"<BaseURL>file://{secret}</BaseURL>")),
            *UNREADABLE,
            "UnsupportedUrl",
            "ForbiddenTarget",
            "TransferError",
        ),
        case(
            "a segment for each second of a century",
            add("century", mpd(every_second, duration="PT876000H")),
            "TooLarge",
            *UNREADABLE,
        ),
        case(
            "a million entries",
            add("entries", mpd("<SegmentList>" + '<SegmentURL media="a"/>' * 300_000 + "</SegmentList>")),
            "TooLarge",
            *UNREADABLE,
        ),
        case("deep nesting", add("deep", mpd("<a>" * 100_000 + "</a>" * 100_000)), *UNREADABLE),
        case("cut off", add("cut", mpd(every_second)[:200]), *UNREADABLE),
    ]


def metalinks(server: MediaServer, secret: str) -> Sequence[Case]:
    """Metalinks."""
    good = server.add("/good.bin", 5000)

    def add(name: str, text: str) -> str:
        return server.add(f"/{name}.meta4", text)

    def file(name: str = "a.bin", url: str = good, more: str = "") -> str:
        return f'<file name="{name}">{more}<url>{url}</url></file>'

    return [
        case(
            "names upwards",
            add("upwards", metalink(file("../../../escaped.bin"), file("/tmp/escaped.bin"), file(".."), file(""))),
            DOWNLOADED,
        ),
        case("names of controls", add("controls", metalink(file("a&#10;b&#x202e;.bin"))), DOWNLOADED),
        case("100,000 files", add("files", metalink(file() * 100_000)), "TooLarge"),
        case(
            "files in files",
            add("nested", metalink("<file>" * 30_000 + file() + "</file>" * 30_000)),
            DOWNLOADED,
            NOT_FOUND,
            "TooLarge",
        ),
        case("10 TB promised", add("size", metalink(file(more="<size>10000000000000</size>"))), "TooLarge"),
        case("a size of nonsense", add("minus", metalink(file(more="<size>-5</size>"))), DOWNLOADED),
        case(
            "another checksum",
            add("hash", metalink(file(more=f'<hash type="sha-256">{"ab" * 32}</hash>'))),
            "ChecksumMismatch",
        ),
        case("a checksum of nonsense", add("odd", metalink(file(more='<hash type="sha-256">x=y</hash>'))), DOWNLOADED),
        case(
            "mirrors of another kind",
            add("kinds", metalink(file(url=f"file://{secret}"), file(url="sftp://127.0.0.1/x"))),
            NOT_FOUND,
        ),
        case(
            "laughs",
            add("laughs", metalink(file(url="&a9;"), before=f'<!DOCTYPE metalink [<!ENTITY a0 "lol">{LAUGHS}]>')),
            NOT_FOUND,
        ),
        case(
            "an entity",
            add(
                "entity",
                metalink(
                    file(url="http://127.0.0.1:1/&x;"),
                    before=f'<!DOCTYPE metalink [<!ENTITY x SYSTEM "file://{secret}">]>',
                ),
            ),
            NOT_FOUND,
        ),
        case(
            "another doctype",
            add("doctype", metalink(file(), before='<!DOCTYPE metalink SYSTEM "http://127.0.0.1:1/x.dtd">')),
            NOT_FOUND,
        ),
        case(
            "another spelling",
            server.add("/utf7.meta4", "<?xml version='1.0' encoding='utf-7'?><metalink/>"),
            NOT_FOUND,
        ),
    ]


@pytest.mark.timeout(240)
async def test_no_manifest_reads_a_file_or_outgrows_its_limits(siege: Siege) -> None:
    secret = siege.scene.directory / "data" / "secret.ts"
    secret.write_text(SECRET)
    server, path = siege.server, str(secret)
    await siege.run([*playlists(server, path), *dash(server, path), *metalinks(server, path)], timeout=150)
    asked = [request.target for request in server.requests()]
    assert not [target for target in asked if SECRET in target]
    assert SECRET not in siege.runner.output
