"""One page, from opening it to knowing its main media. Runs in the browser's child process."""

import asyncio
import contextlib
import time
from pathlib import Path
from typing import Any

from playwright.async_api import BrowserContext, Download, Error, Frame, Page
from pydantic import BaseModel, ConfigDict, ValidationError

from download_module.extractors.playwright_browser import SCREEN
from download_module.extractors.playwright_chooser import Choice, Element, choose, only_segments
from download_module.extractors.playwright_listener import Listener
from download_module.extractors.playwright_media import Form, Seen
from download_module.extractors.playwright_report import About, Answer, Media
from download_module.extractors.playwright_words import DISMISS, PLAY

LOOK = Path(__file__).with_name("playwright_page.js").read_text(encoding="utf-8")
ABOUT = """() => {
  const meta = (name) => document.querySelector(`meta[property="${name}"], meta[name="${name}"]`)?.content || null;
  const cut = (text) => (text ? String(text).slice(0, 2000) : null);
  return {
    title: cut(meta("og:title") || document.title), description: cut(meta("og:description")),
    thumbnail: cut(meta("og:image")), url: location.href,
  };
}"""
BETWEEN_LOOKS = 0.3  # seconds
LOOK_TIMEOUT = 3.0  # seconds; a page may never answer
PATIENCE = 4.0  # times `settle`: how long a choice that is not sure, or none at all, is waited with
MAX_FRAMES = 30
MOUSE_CLICKS = 2


class Look(BaseModel):
    """What a frame shows."""

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)

    elements: list[Element] = []
    clicked: int = 0
    target: tuple[float, float] | None = None  # where a person would click to play


class Visit:
    """Opens a page, presses what there is to press, and waits until the main media is clear."""

    def __init__(self, context: BrowserContext, page: Page, *, settle: float) -> None:
        """`settle` is for how many seconds the choice must stay the same."""
        self._context = context
        self._page = page
        self._settle = settle
        self._listener = Listener(context)
        self._download: Download | None = None
        self._clicks_left = MOUSE_CLICKS
        self._target: tuple[float, float] | None = None  # of the next one
        self._last_click = self._changed = time.monotonic()
        self._choice: Choice | None = None
        self._played = 0.0  # seconds, of all elements
        context.on("page", self._close_popup)
        page.on("download", self._note_download)

    async def open(self, url: str) -> int | None:
        """Load the page; its HTTP status.

        Raises:
            Error: it can't be loaded.
        """
        try:
            response = await self._page.goto(url, wait_until="commit", timeout=0)
        except Error as error:
            if "Download is starting" not in error.message:
                raise
            return None
        return response.status if response else None

    async def watch(self) -> None:
        """Look and press until nothing better is to be expected."""
        while not self._is_clear():
            await asyncio.sleep(BETWEEN_LOOKS)
            act = not (self._choice and self._choice.sure)
            frames = self._page.frames[:MAX_FRAMES]
            looks = await asyncio.gather(*(_look(frame, act=act) for frame in frames))
            elements = [element for look in looks for element in look.elements]
            choice = choose(self._listener.seen, elements, SCREEN[0] * SCREEN[1], self._listener.ads)
            self._note(choice, sum(element.played for element in elements))
            if any(look.clicked for look in looks):
                self._last_click = time.monotonic()
            elif act and looks:
                await self._click(looks[0].target)

    async def answer(self, status: int | None) -> Answer:
        """What is known by now."""
        self._listener.close()
        about = About()
        with contextlib.suppress(Error, TimeoutError, ValidationError):
            async with asyncio.timeout(LOOK_TIMEOUT):
                about = About.model_validate(await self._page.evaluate(ABOUT))
        choice = self._choice
        answer = Answer(about=about, status=status, segments=only_segments(self._listener.seen))
        if choice is not None:
            answer.media = [_handed_over(one) for one in choice.media]
            answer.seconds = choice.seconds
            about.thumbnail = about.thumbnail or (choice.element.poster if choice.element else None)
        elif self._download is not None:
            answer.media = [await self._of_download(self._download)]
        return answer

    def _note(self, choice: Choice | None, played: float) -> None:
        is_other = (choice and choice.urls) != (self._choice and self._choice.urls)
        if is_other or (choice is None and played != self._played):  # what plays now is an ad: the rest comes after it
            self._changed = time.monotonic()
        self._choice, self._played = choice, played

    def _is_clear(self) -> bool:
        now = time.monotonic()
        if self._download is not None and self._choice is None:
            return True
        if self._choice and self._choice.sure:
            return now - self._changed >= self._settle
        if self._target and self._clicks_left:
            return False
        calm = min(now - self._changed, now - self._last_click, self._listener.calm())
        return calm >= PATIENCE * self._settle / (1 if self._choice else 2)

    async def _click(self, target: tuple[float, float] | None) -> None:
        """As a person would, for players that only obey a person; not often, and never beside the screen."""
        self._target = target if target and 0 <= target[0] < SCREEN[0] and 0 <= target[1] < SCREEN[1] else None
        if self._target is None or not self._clicks_left or time.monotonic() - self._last_click < self._settle:
            return
        self._clicks_left -= 1
        self._last_click = time.monotonic()
        with contextlib.suppress(Error, TimeoutError):
            async with asyncio.timeout(LOOK_TIMEOUT):
                await self._page.mouse.click(*self._target)

    async def _of_download(self, download: Download) -> Media:
        headers = {"user-agent": await self._page.evaluate("navigator.userAgent")}
        cookies = await self._context.cookies(download.url)
        if cookies:
            headers["cookie"] = "; ".join(f"{cookie['name']}={cookie['value']}" for cookie in cookies)
        return Media(url=download.url, form=Form.FILE, headers=headers, name=download.suggested_filename)

    def _note_download(self, download: Download) -> None:
        self._download = self._download or download

    async def _close_popup(self, page: Page) -> None:
        if page is not self._page:
            with contextlib.suppress(Error):
                await page.close()


async def _look(frame: Frame, *, act: bool) -> Look:
    try:
        async with asyncio.timeout(LOOK_TIMEOUT):
            seen: Any = await frame.evaluate(LOOK, {"dismiss": DISMISS, "play": PLAY, "act": act})
        look = Look.model_validate(seen)
    except (Error, TimeoutError, ValidationError):  # it is gone, it hangs, or its scripts lie
        return Look()
    look.elements = [element.model_copy(update={"frame": id(frame)}) for element in look.elements]
    return look


def _handed_over(one: Seen) -> Media:
    return Media(url=one.url, form=one.form, mime=one.mime, size=one.size, headers=dict(one.headers))
