"""Reads stretches of a file on a server: what an index needs, before the file itself is fetched."""

import contextlib
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

import httpx

from core.errors import BossBotError
from download_module.byte_ranges import BLOCK
from download_module.egress import Egress
from download_module.extractors.direct_extractor import error_of_status, mapped_http_errors
from download_module.plan import Part
from download_module.way_out import STRAIGHT, WayOut
from download_module.web_client import web_client

MAX_BYTES = 16 * 1024 * 1024  # of one file; the index of a film of three hours has about 10 MiB
MAX_SIZE = 1024**4  # bytes of the file itself; nobody has a longer one, and not every disk takes its holes
HEAD = BLOCK  # bytes that are read at once where it is not yet known how much there is
MAX_REDIRECTS = 10
TIMEOUT = httpx.Timeout(15.0, connect=10.0)
PRIVATE = ("cookie", "authorization")  # headers that go to their own host alone
_CONTENT_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18})")


class Unreadable(Exception):
    """The server gives no stretches of this file, or what it gives is no index that is understood."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RangeReader:
    """Opens files on servers."""

    egress: Egress
    inherit: tuple[int, ...] = ()  # descriptors that child processes of whoever reads keep open
    way_out: WayOut = STRAIGHT

    @contextlib.asynccontextmanager
    async def open(self, part: Part, *, head: int = HEAD) -> AsyncIterator["RemoteFile"]:
        """A part's file, with its first bytes read.

        Raises:
            Unreadable: the server gives no stretches of it.
            BossBotError: it does not give it at all, or not in time.
        """
        if not part.uris or not part.uris[0].lower().startswith(("http://", "https://")) or part.impersonate:
            raise Unreadable("not a file that is read by HTTP")
        async with mapped_http_errors(), web_client(self.way_out, TIMEOUT) as client:
            file = RemoteFile(_client=client, _egress=self.egress, _part=part, _url=part.uris[0])
            await file.read(0, head)
            if part.size not in (None, file.size):
                raise Unreadable("another size than was promised")
            yield file


@dataclass(slots=True, eq=False, kw_only=True)
class RemoteFile:
    """A file on a server; what was read of it is kept."""

    _client: httpx.AsyncClient
    _egress: Egress
    _part: Part
    _url: str  # where redirects led
    size: int = 0
    _read: list[tuple[int, bytearray]] = field(default_factory=list)

    @property
    def known(self) -> tuple[tuple[int, bytes], ...]:
        """(offset, bytes) of all that was read."""
        return tuple((offset, bytes(data)) for offset, data in self._read)

    async def read(self, first: int, end: int, *, at_least: int = 0) -> bytes:
        """The bytes from `first` to before `end`, fewer at the end of the file.

        Args:
            at_least: how many are fetched when the server is asked, because more will be wanted.

        Raises:
            Unreadable: the server did not give them, the file changed, or too much was read already.
        """
        offset, data = next(
            ((offset, data) for offset, data in self._read if offset <= first <= offset + len(data)), (first, None)
        )
        if data is None:
            data = bytearray()
            self._read.append((offset, data))
        here = offset + len(data)
        if self.size:
            end = min(end, self.size)
        if here < end:
            await self._fetch_into(data, here, max(end, here + at_least))
        return bytes(data[first - offset : end - offset])

    async def answers_head(self) -> bool:
        """Whether HEAD gives the size too; addresses that are signed for GET refuse it."""
        try:
            async with self._answer("HEAD", self._part.uris[0], {}) as answer:
                return answer.status_code == 200 and answer.headers.get("Content-Length") == str(self.size)
        except (BossBotError, httpx.HTTPError):
            return False

    async def _fetch_into(self, data: bytearray, first: int, end: int) -> None:
        end = min(end, self.size) if self.size else end
        if sum(len(known) for _, known in self._read) + end - first > MAX_BYTES:
            raise Unreadable("an index that is too large")
        async with self._answer("GET", self._url, {"Range": f"bytes={first}-{end - 1}"}) as answer:
            self._url = str(answer.url)
            size, end = self._checked(answer, first, end)
            async for piece in answer.aiter_raw():
                data += piece[: end - first]
                first += min(len(piece), end - first)
                if first == end:
                    break
        if first < end:
            raise Unreadable("fewer bytes than were promised")
        self.size = size

    def _checked(self, answer: httpx.Response, first: int, end: int) -> tuple[int, int]:
        """The file's size and the end of what comes."""
        found = _CONTENT_RANGE.fullmatch(answer.headers.get("Content-Range", "").strip())
        if answer.status_code != 206 or found is None or "Content-Encoding" in answer.headers:
            raise Unreadable("no ranges")
        size = int(found[3])
        end = min(end, size)
        if (int(found[1]), int(found[2])) != (first, end - 1) or self.size not in (0, size) or size > MAX_SIZE:
            raise Unreadable("another range than was asked for")
        return size, end

    @contextlib.asynccontextmanager
    async def _answer(self, method: str, url: str, headers: dict[str, str]) -> AsyncIterator[httpx.Response]:
        """The answer at the end of all redirects, each checked; its body is not read yet."""
        for _ in range(MAX_REDIRECTS + 1):
            await self._egress.check(url)
            sent = self._headers(url) | {"Accept-Encoding": "identity"} | headers
            async with self._client.stream(method, url, headers=sent) as answer:
                if not answer.has_redirect_location:
                    if answer.is_error:
                        raise error_of_status(answer.status_code, answer.headers.get("Retry-After"))
                    yield answer
                    return
                try:
                    url = urljoin(url, answer.headers["Location"])
                except ValueError as error:
                    raise Unreadable("a redirect to nowhere") from error
        raise Unreadable("redirects in circles")

    def _headers(self, url: str) -> dict[str, str]:
        at_home = urlsplit(url)[:2] == urlsplit(self._part.uris[0])[:2]
        return {name: value for name, value in self._part.headers if at_home or name.lower() not in PRIVATE}
