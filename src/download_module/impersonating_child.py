"""A child process that fetches with the TLS handshake of a browser, for servers that answer nobody else: curl_cffi.

One request comes in on stdin, a JSON object `{"max_bytes": N, "proxy": "http://...", "parts": [{"uris": [...],
"headers": {...}, "browser": "...", "target": "..."}, ...]}`. Lines of JSON go out, each with the part's position `n`:
`{"n", "completed", "total", "speed"}` while bytes arrive, then one of `{"n", "ended": true}`, `{"n", "error": "status",
"status", "retry_after"}`, `{"n", "error": "network"}`, `{"n", "error": "size"}`. What was fetched of a part is
continued when the server gave a validator, which is kept beside it (`x.http`).
"""

import asyncio
import contextlib
import json
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from curl_cffi.requests import AsyncSession, Response
from curl_cffi.requests.exceptions import RequestException

AT_ONCE = 8  # parts
TRIES = 3  # of each address, when the network fails
BETWEEN_TRIES = 1.0  # seconds
SILENCE = 30.0  # seconds without a byte
TELL = 0.3  # seconds between two words about a part


class _Refused(Exception):
    def __init__(self, status: int, retry_after: str | None) -> None:
        super().__init__()
        self.status = status
        self.retry_after = retry_after


class _TooLarge(Exception):
    pass


@dataclass(slots=True)
class _Fetcher:
    session: AsyncSession[Response]
    left: int  # bytes that may still be written
    turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    async def fetch(self, number: int, part: dict[str, Any]) -> None:
        async with self.turns:
            told: dict[str, Any] = {"ended": True}
            for uri in part["uris"]:
                try:
                    await self._persist(number, part, uri)
                    told = {"ended": True}
                    break
                except _Refused as error:
                    told = {"error": "status", "status": error.status, "retry_after": error.retry_after}
                except _TooLarge:
                    told = {"error": "size"}
                    break
                except (RequestException, TimeoutError):
                    told = {"error": "network"}
            _say(number, **told)

    async def _persist(self, number: int, part: dict[str, Any], uri: str) -> None:
        for _ in range(TRIES - 1):
            with contextlib.suppress(RequestException, TimeoutError):
                return await self._once(number, part, uri)
            await asyncio.sleep(BETWEEN_TRIES)
        return await self._once(number, part, uri)

    async def _once(self, number: int, part: dict[str, Any], uri: str) -> None:
        target, note = Path(part["target"]), Path(part["target"] + ".http")
        validator = note.read_text(encoding="utf-8") if note.exists() and target.exists() else ""
        here = target.stat().st_size if validator else 0
        headers = dict(part["headers"])
        if here:
            headers |= {"Range": f"bytes={here}-", "If-Range": validator}
        async with asyncio.timeout(SILENCE):
            answer = await self.session.request(
                "GET", uri, headers=headers, impersonate=part["browser"], accept_encoding="identity", stream=True
            )
        try:
            status = answer.status_code
            if here and status == 416 and answer.headers.get("Content-Range", "").endswith(f"/{here}"):
                return  # it was whole already
            goes_on = status == 206 and answer.headers.get("Content-Range", "").startswith(f"bytes {here}-")
            if status != 200 and not goes_on:
                note.unlink(missing_ok=True)
                raise _Refused(status, answer.headers.get("Retry-After"))
            if not goes_on:
                here = 0
            _keep_validator(note, answer)
            await self._write(number, answer, target, here)
        finally:
            await answer.aclose()  # type: ignore[no-untyped-call]  # curl_cffi has no types here

    async def _write(self, number: int, answer: Response, target: Path, here: int) -> None:
        length = answer.headers.get("Content-Length", "")
        total = here + int(length) if length.isdecimal() and "Content-Encoding" not in answer.headers else None
        told, told_here = time.monotonic(), here
        pieces = answer.aiter_content()  # type: ignore[no-untyped-call]  # curl_cffi has no types here
        with target.open("r+b" if here else "wb") as file:
            file.seek(here)
            file.truncate()
            while True:
                async with asyncio.timeout(SILENCE):
                    piece = await anext(pieces, None)
                if piece is None:
                    break
                here += file.write(piece)
                self.left -= len(piece)
                if self.left < 0 or (total is not None and total - here > self.left):
                    raise _TooLarge
                passed = time.monotonic() - told
                if passed > TELL:
                    _say(number, completed=here, total=total, speed=int((here - told_here) / passed))
                    told, told_here = time.monotonic(), here
        if total is not None and here != total:
            raise TimeoutError
        _say(number, completed=here, total=here, speed=0)


def _keep_validator(note: Path, answer: Response) -> None:
    tag = answer.headers.get("ETag", "")
    validator = tag if tag.startswith('"') else answer.headers.get("Last-Modified", "")
    if validator and "Content-Encoding" not in answer.headers:
        note.write_text(validator, encoding="utf-8")
    else:
        note.unlink(missing_ok=True)


def _say(number: int, **what: Any) -> None:
    sys.stdout.write(json.dumps({"n": number, **what}) + "\n")
    sys.stdout.flush()


async def _main() -> None:
    request = json.loads(sys.stdin.buffer.readline())
    session: AsyncSession[Response]
    async with AsyncSession(max_clients=AT_ONCE, trust_env=False, proxy=request["proxy"]) as session:
        fetcher = _Fetcher(session, request["max_bytes"])
        await asyncio.gather(*(fetcher.fetch(number, part) for number, part in enumerate(request["parts"])))


if __name__ == "__main__":
    asyncio.run(_main())
