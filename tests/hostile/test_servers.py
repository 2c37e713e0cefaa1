"""Servers that lie, stall, break off or say too much: the row ends with the right class, and nobody else notices."""

import gzip
from collections.abc import Sequence

import brotli  # type: ignore[import-untyped]  # it ships none
import pytest

from tests.download_module.given import MIB
from tests.hostile.siege import DOWNLOADED, Case, Siege, case
from tests.support.media_server import Endless, MediaServer, filler_headers, gzip_bomb, payload
from tests.support.sample_media import page

UNREACHABLE = "SourceUnreachable"
NOT_FOUND = "MediaNotFound"
BODY = payload(3 * MIB)
HTML = page("Please log in", "<form><input name=password></form>")
ELF = b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x02\x00\x3e\x00" + bytes(4000)
EXE = b"MZ\x90\x00" + bytes(56) + b"\x80\x00\x00\x00" + b"This program cannot be run in DOS mode" + bytes(4000)
SVG = '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def raw(head: str, body: bytes = b"x" * 2000) -> bytes:
    """An answer as it goes over the wire."""
    return head.replace("\n", "\r\n").encode("latin-1") + b"\r\n\r\n" + body


def bodies(server: MediaServer) -> Sequence[Case]:
    """What comes after the head is not what the head said."""
    add = server.add
    return [
        case("endless body", add("/endless.bin", Endless(), length="none", rate=8 * MIB), "TooLarge"),
        case("endless chunks", add("/chunks.bin", Endless(), length="chunked", rate=8 * MIB), "TooLarge"),
        case("10 TB", add("/10tb.bin", 100_000, length=10**13, ranges=False), "TooLarge"),
        case(
            "a length beyond 64 bits",
            add("/2e30.bin", 100_000, length=2 * 10**30, ranges=False),
            UNREACHABLE,
            "TransferError",
        ),
        case(
            "short body",
            add("/short.bin", 1000, length=200_000, ranges=False),
            UNREACHABLE,
            "TransferError",
            "ChecksumMismatch",
        ),
        case(
            "reset at half",
            add("/half.bin", BODY, ranges=False, reset_after=MIB),
            UNREACHABLE,
            "TransferError",
            "ChecksumMismatch",
        ),
        case("reset at every range", add("/resets.bin", BODY, reset_after=0), UNREACHABLE, "TransferError"),
        case("no ranges", add("/whole.bin", BODY, ranges=False), DOWNLOADED),
        case(
            "another range",
            add("/range.bin", BODY, content_range=f"bytes 7-{BODY.size - 1}/{BODY.size}"),
            DOWNLOADED,
            "TransferError",
            UNREACHABLE,
            "ChecksumMismatch",
        ),
        case(
            "a range of nonsense",
            add("/nonsense.bin", BODY, content_range="bytes banana/-4"),
            DOWNLOADED,
            "TransferError",
            UNREACHABLE,
        ),
        case(
            "a gzip bomb",
            add("/bomb.bin", gzip_bomb(64 * MIB), headers={"Content-Encoding": "gzip"}),
            DOWNLOADED,
            "TooLarge",
        ),
        case(
            "a bomb as metalink",
            add(
                "/bomb.metalink", gzip.compress(bytes(512 * MIB), 1), headers={"Content-Encoding": "gzip"}, ranges=False
            ),
            "TooLarge",
        ),
        case(
            "a bomb of brotli",
            add("/bomb.meta4", _brotli(), headers={"Content-Encoding": "br"}, ranges=False),
            "ExtractionError",
            "TooLarge",
        ),
        case(
            "a bomb as page",
            add("/bomb", gzip_bomb(1024 * MIB), headers={"Content-Encoding": "gzip"}, content_type="text/html"),
            NOT_FOUND,
            "ExtractionError",
            UNREACHABLE,
        ),
        case(
            "a body that grows",
            add("/grows.bin", lambda number: payload(3 * MIB + number * 1000)),
            *(DOWNLOADED, UNREACHABLE, "TransferError", "ChecksumMismatch"),
        ),
        case("empty", add("/empty.mp4", b""), NOT_FOUND),
        case(
            "a login page",
            add("/login.mp4", HTML, content_type="video/mp4"),
            "ChecksumMismatch",
            words="a page in place",
        ),
        case("a login page as picture", add("/login.jpg", HTML, content_type="image/jpeg"), NOT_FOUND),
        case("a program as video", add("/prog.mp4", EXE, content_type="video/mp4"), "ChecksumMismatch"),
        case("another program as video", add("/elf.mp4", ELF, content_type="video/mp4"), "ChecksumMismatch"),
        case("a program as picture", add("/prog.jpg", EXE, content_type="image/jpeg"), "ChecksumMismatch"),
        case("text as sound", add("/text.mp3", "just words " * 500, content_type="audio/mpeg"), "ChecksumMismatch"),
        case(
            "a playlist as video",
            add("/list.mp4", "#EXTM3U\n#EXTINF:1,\n/etc/passwd\n", content_type="video/mp4"),
            "ChecksumMismatch",
            NOT_FOUND,
            "ExtractionError",
        ),
        case("a script in a picture", add("/evil.svg", SVG, content_type="image/svg+xml"), DOWNLOADED),
    ]


def heads(server: MediaServer) -> Sequence[Case]:
    """Heads that no server should send."""
    add = server.add
    names = {
        "upwards": "../../../../escaped.bin",
        "absolute": "/tmp/escaped.bin",
        "a Windows path": "..\\\\..\\\\escaped.bin",
        "a drive": "C:\\\\escaped.bin",
        "a NUL": "a\0b.bin",
        "long": "x" * 4000 + ".bin",
        "turned around": "\u202enib.exe",
        "an emoji": "\U0001f600" * 300 + ".bin",
        "nothing": "",
        "dots": "...",
        "reserved": "CON.bin",
        "a dash": "-rf",
        "staging": ".staging",
        "a tilde": "~/.bashrc",
    }
    cases = [
        case(
            f"called {kind}",
            add(
                f"/named-{number}",
                2000,
                content_type="application/zip",
                headers={"Content-Disposition": f'attachment; filename="{name}"'.encode()},
            ),
            DOWNLOADED,
        )
        if "\0" not in name
        else case(
            f"called {kind}",
            add(
                f"/named-{number}",
                b"",
                raw=raw(
                    "HTTP/1.1 200 OK\nContent-Length: 2000\nContent-Type: application/zip\n"
                    f'Content-Disposition: attachment; filename="{name}"'
                ),
            ),
            DOWNLOADED,
            UNREACHABLE,
            "TransferError",
        )
        for number, (kind, name) in enumerate(names.items())
    ]
    cases += [
        case("1 MB of headers", add("/heads.bin", 2000, headers=filler_headers(MIB)), UNREACHABLE, "TransferError"),
        case("no HTTP", add("/ssh.bin", b"", raw=b"SSH-2.0-OpenSSH_9.2\r\n"), UNREACHABLE),
        case("nothing said", add("/nothing.bin", b"", raw=b""), UNREACHABLE),
        case("a status of words", add("/words.bin", b"", raw=raw("HTTP/1.1 banana OK")), UNREACHABLE),
        case(
            "a status of 999",
            add("/999.bin", b"", raw=raw("HTTP/1.1 999 Denied\nContent-Length: 0", b"")),
            UNREACHABLE,
            NOT_FOUND,
            "ExtractionError",
        ),
        case(
            "a negative length",
            add("/minus.bin", b"", raw=raw("HTTP/1.1 200 OK\nContent-Length: -5")),
            UNREACHABLE,
            "TransferError",
        ),
        case(
            "two lengths",
            add("/two.bin", b"", raw=raw("HTTP/1.1 200 OK\nContent-Length: 5\nContent-Length: 2000")),
            UNREACHABLE,
            "TransferError",
        ),
        case(
            "a length and chunks",
            add(
                "/both.bin",
                b"",
                raw=raw("HTTP/1.1 200 OK\nContent-Length: 3\nTransfer-Encoding: chunked", b"5\r\nhello\r\n0\r\n\r\n"),
            ),
            DOWNLOADED,
            UNREACHABLE,
            "TransferError",
            "ChecksumMismatch",
        ),
        case(
            "endless chunk size",
            add("/size.bin", b"", raw=raw("HTTP/1.1 200 OK\nTransfer-Encoding: chunked", b"f" * 5000 + b"\r\nx")),
            UNREACHABLE,
            "TransferError",
        ),
        case(
            "a negative chunk",
            add("/chunk.bin", b"", raw=raw("HTTP/1.1 200 OK\nTransfer-Encoding: chunked", b"-5\r\nhello\r\n0\r\n\r\n")),
            UNREACHABLE,
            "TransferError",
        ),
        case("a torrent by its type", add("/type.bin", 3000, content_type="application/x-bittorrent"), NOT_FOUND),
        case(
            "mirrors by Link",
            add("/linked.bin", 3000, headers={"Link": "<http://10.9.9.9/x>; rel=duplicate; pri=1"}),
            DOWNLOADED,
        ),
        case(
            "cookies and refreshes",
            add(
                "/refresh.bin", 3000, headers={"Refresh": "0; url=file:///etc/passwd", "Set-Cookie": "a=" + "b" * 3000}
            ),
            DOWNLOADED,
        ),
    ]
    return cases


def statuses(server: MediaServer) -> Sequence[Case]:
    """Refusals, with a time to wait and without."""
    kinds = {
        204: (NOT_FOUND, UNREACHABLE, "TransferError", DOWNLOADED),
        304: (NOT_FOUND, UNREACHABLE, "ExtractionError"),
        400: (NOT_FOUND,),
        401: ("LoginRequired",),
        402: (NOT_FOUND,),
        403: ("LoginRequired",),
        404: (NOT_FOUND,),
        405: (NOT_FOUND,),
        407: ("LoginRequired", UNREACHABLE),
        408: (UNREACHABLE,),
        410: (NOT_FOUND,),
        416: (NOT_FOUND,),
        418: (NOT_FOUND,),
        429: ("RateLimited",),
        451: ("GeoRestricted",),
        500: (UNREACHABLE,),
        502: (UNREACHABLE,),
        503: (UNREACHABLE,),
        504: (UNREACHABLE,),
        511: (UNREACHABLE,),
    }
    waits = ("1", "banana", "-5", "Thu, 01 Jan 1970 00:00:00 GMT", "1e999", "9" * 400)
    return [
        *(
            case(f"HTTP {status}", server.add(f"/status/{status}.bin", 10, status=status), *ends)
            for status, ends in kinds.items()
        ),
        *(
            case(
                f"HTTP {status} after {wait[:9]!r}",
                server.add(f"/wait/{status}-{number}.bin", 10, status=status, headers={"Retry-After": wait}),
                *kinds[status],
            )
            for status in (429, 503)
            for number, wait in enumerate(waits)
        ),
    ]


def redirects(server: MediaServer) -> Sequence[Case]:
    """Ways that lead nowhere."""
    go = server.add_redirect
    server.add("/there.bin", 3000)
    return [
        case("in a circle", go("/circle.bin", "/circle.bin"), UNREACHABLE, words="circles"),
        case("by turns", (go("/ping.bin", "/pong.bin"), go("/pong.bin", "/ping.bin"))[0], UNREACHABLE, words="circles"),
        case("eleven hops", go("/far.bin", "/there.bin", hops=11), UNREACHABLE, words="circles"),
        case("three hops", go("/near.bin", "/there.bin", hops=3), DOWNLOADED),
        case("to nowhere", go("/nowhere.bin", "http://[::1"), NOT_FOUND, UNREACHABLE),
        case("to a file", go("/file.bin", "file:///etc/passwd"), "UnsupportedUrl", NOT_FOUND, "ForbiddenTarget"),
        case("to data", go("/data.bin", "data:video/mp4;base64,AAAA"), "UnsupportedUrl", NOT_FOUND, "ExtractionError"),
        case(
            "to ftp", go("/ftp.bin", "ftp://127.0.0.1:1/x"), "UnsupportedUrl", NOT_FOUND, "ForbiddenTarget", UNREACHABLE
        ),
        case(
            "to a magnet",
            go("/magnet.bin", "magnet:?xt=urn:btih:" + "a" * 40),
            "UnsupportedUrl",
            NOT_FOUND,
            "ForbiddenTarget",
        ),
        case(
            "to itself with more",
            server.add("/more.bin", b"", redirect="/more.bin?" + "a" * 60_000, status=302),
            UNREACHABLE,
            NOT_FOUND,
        ),
        case(
            "with a line end",
            server.add(
                "/split.bin", b"", raw=b"HTTP/1.1 302 Found\r\nLocation: /there.bin\rX: y\r\nContent-Length: 0\r\n\r\n"
            ),
            DOWNLOADED,
            UNREACHABLE,
            NOT_FOUND,
        ),
    ]


@pytest.mark.timeout(240)
async def test_lies_breaks_and_bombs_cost_their_own_row_alone(siege: Siege) -> None:
    server = siege.server
    await siege.run([*bodies(server), *heads(server), *statuses(server), *redirects(server)], timeout=150)


@pytest.mark.timeout(240)  # a minute is what an answer may take
async def test_what_never_comes_to_an_end_is_ended(siege: Siege) -> None:
    add, slow = siege.server.add, 0.5
    async with MediaServer(mute=True) as mute, MediaServer(drip=slow) as handshake, MediaServer(mute=True) as silent:
        await siege.run(
            [
                case("headers by bytes", add("/head.bin", BODY, stall_headers=slow), UNREACHABLE),
                case("a body by bytes", add("/body.bin", BODY, stall=slow), UNREACHABLE, "TransferError"),
                case(
                    "a body that stops",
                    add("/stop.bin", BODY, ranges=False, stall=1e6, stall_after=MIB),
                    UNREACHABLE,
                    "TransferError",
                ),
                case(
                    "a page by bytes",
                    add("/page", HTML * 100, stall=slow, content_type="text/html"),
                    NOT_FOUND,
                    UNREACHABLE,
                    "ExtractionError",
                ),
                case("a torrent by bytes", add("/slow.torrent", BODY, stall=slow), UNREACHABLE),
                case("silence", mute.url("/x.bin"), UNREACHABLE),
                case("a handshake by bytes", handshake.url("/x.bin").replace("http:", "https:"), UNREACHABLE),
                case("a handshake of silence", silent.url("/x.bin").replace("http:", "https:"), UNREACHABLE),
            ],
            timeout=150,
        )
    assert max(siege.took.values()) < 120, siege.took


def _brotli() -> bytes:
    return bytes(brotli.compress(bytes(256 * MIB), quality=5))
