"""Keeps a browser warm and visits one page after the other: see `child_loop` for how it is asked and answers.

Started by `playwright_extractor`, without token or database. The browser reaches the network through the guard alone.
"""

import asyncio
import contextlib
import signal
import sys
from typing import Any

from playwright.async_api import Error
from pydantic import BaseModel

from download_module.extractors.child_loop import serve
from download_module.extractors.playwright_browser import WarmBrowser
from download_module.extractors.playwright_memory import end_largest_over
from download_module.extractors.playwright_report import Answer
from download_module.extractors.playwright_visit import Visit

MEMORY_LOOKS = 0.5  # seconds


class Request(BaseModel):
    """What `playwright_extractor` asks."""

    url: str
    program: str  # Chromium's path
    timeout: float  # seconds for the page
    settle: float  # seconds
    memory_bytes: int  # for the browser and its driver
    cookies: str | None = None  # the admin's for this site, as a file of Netscape's kind has them
    proxy: str | None = None  # with the name and the password of this download


class Child:
    """The browser."""

    def __init__(self) -> None:
        self._browser: WarmBrowser | None = None

    async def answer(self, message: dict[str, Any]) -> dict[str, Any]:
        """Visit a page."""
        request = Request.model_validate(message)
        if self._browser is None:
            self._browser = WarmBrowser(request.program)
        try:
            await self._browser.ready()
        except Error as error:
            return Answer(error="browser", detail=error.message[-2000:]).model_dump(mode="json")
        try:
            answer = await self._visit(self._browser, request)
        except Error as error:
            answer = Answer(error="unreachable", detail=error.message[-2000:])
        return answer.model_dump(mode="json")

    async def close(self) -> None:
        """End the browser."""
        if self._browser is not None:
            await self._browser.close()

    async def _visit(self, browser: WarmBrowser, request: Request) -> Answer:
        async with browser.context(proxy=request.proxy, cookies=request.cookies) as context:
            page = await context.new_page()
            crashed = asyncio.Event()
            page.on("crash", lambda _: crashed.set())
            visit = Visit(context, page, settle=request.settle)
            working = asyncio.create_task(_work(visit, request))
            guards = [asyncio.create_task(_over(request.memory_bytes)), asyncio.create_task(crashed.wait())]
            done, _ = await asyncio.wait([working, *guards], return_when=asyncio.FIRST_COMPLETED)
            for task in {working, *guards} - done:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError, Error):
                    await task
            if guards[0] in done:
                return Answer(error="memory")
            return Answer(error="crashed") if guards[1] in done else working.result()


async def _work(visit: Visit, request: Request) -> Answer:
    status = None
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(request.timeout):
            status = await visit.open(request.url)
            await visit.watch()
    return await visit.answer(status)


async def _over(limit: int) -> None:
    """Return when there was too much memory in use."""
    while True:
        await asyncio.sleep(MEMORY_LOOKS)
        if await asyncio.to_thread(end_largest_over, limit):
            return


def main() -> None:
    """Answer until nobody asks any more."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())  # through `close`
    child = Child()
    with asyncio.Runner() as runner:
        try:
            serve(lambda message: runner.run(child.answer(message)))
        finally:
            runner.run(child.close())


if __name__ == "__main__":
    main()
