"""The site of a stranger: files from a directory, and redirects to wherever it likes."""

import asyncio
import contextlib
import re
from collections.abc import Callable
from pathlib import Path, PurePosixPath

TYPES = {
    ".html": "text/html",
    ".mp4": "video/mp4",
    ".ts": "video/mp2t",
    ".m3u8": "application/vnd.apple.mpegurl",
    ".mpd": "application/dash+xml",
    ".torrent": "application/x-bittorrent",
    ".meta4": "application/metalink4+xml",
    ".jpg": "image/jpeg",
    ".js": "text/javascript",
    ".css": "text/css",
    "": "application/json",
}
# A look at the first bytes, as it is made before a transfer begins.
LOOK = re.compile(r"^range: bytes=0-\d+\s*$", re.IGNORECASE | re.MULTILINE)


def hop(target: str, code: int = 302) -> str:
    """The path that redirects to a target."""
    return f"/hop/{code}/{target.encode().hex()}/x.mp4"


def late(target: str) -> str:
    """The path of a video that is there when somebody looks, and redirects whoever fetches it."""
    return f"/late/{target.encode().hex()}/x.mp4"


class Site:
    """Answers HTTP; `note` hears every path below `/ran/`, with which page scripts prove that they ran."""

    def __init__(self, directory: Path, note: Callable[[str], None]) -> None:
        self._directory = directory
        self._note = note

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, one request."""
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, ValueError), contextlib.closing(writer):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            writer.write(self._answer(head))
            await writer.drain()

    def _answer(self, head: str) -> bytes:
        method, path = head.split(" ", 2)[:2]
        path = "/" + path.split("://", 1)[-1].split("/", 1)[-1] if "://" in path else path
        first, _, rest = path.partition("?")[0].strip("/").partition("/")
        if first == "ran":
            self._note(rest)
        if first == "hop":
            code, target = rest.split("/")[:2]
            return _redirect(int(code), bytes.fromhex(target))
        if first == "late" and not LOOK.search(head):
            return _redirect(302, bytes.fromhex(rest.split("/")[0]))
        name = "good.mp4" if first in ("late", "ran") else path.partition("?")[0].strip("/")
        file = self._directory / name
        if not file.is_file():
            return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        return _file(file, head, with_body=method != "HEAD")


def _redirect(code: int, target: bytes) -> bytes:
    lines = f"HTTP/1.1 {code} Elsewhere\r\nContent-Length: 0\r\nConnection: close\r\nLocation: ".encode()
    return lines + target + b"\r\n\r\n"


def _file(file: Path, head: str, *, with_body: bool) -> bytes:
    body = file.read_bytes()
    lines = [f"Content-Type: {TYPES.get(PurePosixPath(file).suffix, 'application/octet-stream')}", "Connection: close"]
    status = "200 OK"
    asked = re.search(r"^range: bytes=(\d+)-(\d*)", head, re.IGNORECASE | re.MULTILINE)
    if asked and file.suffix in (".mp4", ".ts"):
        start, end = int(asked[1]), min(int(asked[2] or len(body)), len(body) - 1)
        status, lines = "206 Partial Content", [*lines, f"Content-Range: bytes {start}-{end}/{len(body)}"]
        body = body[start : end + 1]
    if file.name == "duplicate.mp4":
        lines += ["Link: <http://10.0.0.5/good.mp4>; rel=duplicate; pri=1", "Digest: SHA-256=AAAA"]
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Accept-Ranges: bytes", *lines]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + (body if with_body else b"")
