"""Hears everything that a page receives, and keeps what is media. Runs in the browser's child process."""

import asyncio
import time
from urllib.parse import urlsplit

from playwright.async_api import BrowserContext, Error, Request, Response

from download_module.extractors.playwright_media import (
    FETCHED,
    VAGUE_TYPES,
    Form,
    Seen,
    ads_of,
    form_of,
    form_of_text,
    read_manifest,
    size_of,
)

MAX_TEXT = 4 * 1024 * 1024  # bytes of a manifest
MAX_SEEN = 2000
READ_TIMEOUT = 5.0  # seconds
DECORATION = frozenset(("image", "font", "stylesheet", "ping", "other"))  # a page that only loads these has settled
BLOCKING = frozenset(("document", "script", *FETCHED))  # while these are under way, it has not
LONG = 10.0  # seconds after which a request is one that waits for something to happen


class Listener:
    """What one browser context received so far."""

    def __init__(self, context: BrowserContext) -> None:
        self.ads: frozenset[str] = frozenset()
        self.last_news = time.monotonic()  # when something came that the page had not asked for before
        self._seen: dict[str, Seen] = {}
        self._paths: set[str] = set()
        self._under_way: dict[Request, float] = {}  # and since when
        self._reading: set[asyncio.Task[None]] = set()
        context.on("request", self._began)
        context.on("requestfinished", self._ended)
        context.on("requestfailed", self._ended)
        context.on("response", self._hear)

    @property
    def seen(self) -> list[Seen]:
        """All media, in the order in which it came."""
        return list(self._seen.values())

    def calm(self) -> float:
        """Seconds since there was news of the page."""
        now = time.monotonic()
        waits = any(now - since < LONG for since in self._under_way.values())
        return 0.0 if waits else now - self.last_news

    def close(self) -> None:
        """Hear no more."""
        for task in self._reading:
            task.cancel()

    def _began(self, request: Request) -> None:
        if request.resource_type in BLOCKING:
            self._under_way[request] = time.monotonic()
        path = urlsplit(request.url)._replace(query="", fragment="").geturl()
        if request.resource_type not in DECORATION and path not in self._paths:
            self._paths.add(path)
            self.last_news = time.monotonic()

    def _ended(self, request: Request) -> None:
        self._under_way.pop(request, None)

    def _hear(self, response: Response) -> None:
        if response.status not in (200, 203, 206) or len(self._seen) >= MAX_SEEN:
            return
        task = asyncio.create_task(self._take(response))
        self._reading.add(task)
        task.add_done_callback(self._reading.discard)

    async def _take(self, response: Response) -> None:
        request, url = response.request, response.url
        mime = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        form = form_of(url, mime, request.resource_type)
        size = size_of(response.status, response.headers)
        text = None
        may_be_manifest = request.resource_type in FETCHED and mime in VAGUE_TYPES and (size or 0) <= MAX_TEXT
        if form in (Form.HLS, Form.DASH) or may_be_manifest:
            text = await _text_of(response)
            self.ads |= ads_of(text or "")
            form = form_of_text(text or "") or form
        if form is None:
            return
        try:
            async with asyncio.timeout(READ_TIMEOUT):
                headers = await request.all_headers()
        except (Error, TimeoutError):  # the page is gone
            headers = request.headers
        self._seen[url] = Seen(
            url=url,
            asked=_asked(request),
            form=form,
            frame=_frame_of(request),
            mime=mime,
            size=size,
            ranged=response.status == 206,
            manifest=read_manifest(form, text, url) if text and form in (Form.HLS, Form.DASH) else None,
            headers=headers,
        )
        self.last_news = time.monotonic()


async def _text_of(response: Response) -> str | None:
    try:
        async with asyncio.timeout(READ_TIMEOUT):
            body = await response.body()
    except (Error, TimeoutError):  # the browser does not keep every body
        return None
    return body[:MAX_TEXT].decode(errors="replace")


def _asked(request: Request) -> str:
    while request.redirected_from is not None:
        request = request.redirected_from
    return request.url


def _frame_of(request: Request) -> int:
    try:
        return id(request.frame)
    except Error:  # of a worker, or of a page that is not there yet
        return 0
