"""The warm browser of a child process: started when it is first needed, and again when it is gone."""

import asyncio
import contextlib
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from playwright.async_api import (
    Browser,
    BrowserContext,
    Error,
    Playwright,
    ProxySettings,
    async_playwright,
)

from download_module.extractors.playwright_home import Home
from download_module.site_cookies import parse_cookies

SCREEN = (1280, 720)  # pixels
CLOSE_TIMEOUT = 5.0  # seconds
# What a browser does for itself, beside all pages, ends here: nobody listens on this port.
NOWHERE = "http://127.0.0.1:9"
FLAGS = (
    "--autoplay-policy=no-user-gesture-required",
    "--disable-dev-shm-usage",
    "--disable-domain-reliability",
    "--disable-quic",
    # One process for all sites of a page keeps its memory within the limit; a context is used for one page only.
    "--disable-site-isolation-trials",
    "--dns-prefetch-disable",
    # The proxy resolves names; whatever else would is told that there is none, and asks no server.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--mute-audio",
    "--no-pings",
)
INIT = Path(__file__).with_name("playwright_init.js").read_text(encoding="utf-8")


class WarmBrowser:
    """One browser, and a fresh context for each page."""

    def __init__(self, program: str) -> None:
        """`program` is Chromium's path."""
        self._program = program
        self._home: Home | None = None
        self._playwright: Playwright | None = None
        self._browser: Browser | None = None

    async def ready(self) -> Browser:
        """The browser, started if it has to be.

        Raises:
            Error: it does not start.
        """
        return self._browser if self._browser and self._browser.is_connected() else await self._start()

    @contextlib.asynccontextmanager
    async def context(self, *, proxy: str | None, cookies: str | None) -> AsyncIterator[BrowserContext]:
        """A context with no memory of others; its storage is gone afterwards.

        Args:
            proxy: the only way out, loopback included; None: there is none.
            cookies: the text of a Netscape cookie file.

        Raises:
            Error: the browser ended in between.
        """
        try:
            context = await _new_context(await self.ready(), proxy)
        except Error:  # it ended while nobody asked, and nobody heard of it
            context = await _new_context(await self._start(), proxy)
        try:
            await context.add_init_script(INIT)
            if cookies is not None:
                await _add_cookies(context, cookies)
            yield context
        finally:
            await self._end(context)

    async def close(self) -> None:
        """End the browser and remove its files."""
        with contextlib.suppress(Error, TimeoutError):
            async with asyncio.timeout(CLOSE_TIMEOUT):
                if self._browser is not None:
                    await self._browser.close()
        with contextlib.suppress(Error, TimeoutError):
            async with asyncio.timeout(CLOSE_TIMEOUT):
                if self._playwright is not None:
                    await self._playwright.stop()
        if self._home is not None:
            self._home.close()
        self._browser = self._playwright = self._home = None

    async def _start(self) -> Browser:
        await self.close()
        self._home = Home()
        # Playwright's driver and Chromium take their directories from here.
        os.environ["TMPDIR"] = os.environ["HOME"] = str(self._home.path)
        self._playwright = await async_playwright().start()
        self._browser = await self._playwright.chromium.launch(
            executable_path=_dying_with_parent(self._program, self._home.path),
            chromium_sandbox=os.geteuid() != 0,  # as root Chromium starts only without it
            args=FLAGS,
            proxy={"server": NOWHERE},
        )
        return self._browser

    async def _end(self, context: BrowserContext) -> None:
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT):
                await context.close()
        except (Error, TimeoutError):  # it hangs or is gone: the next page gets a new one
            await self.close()


async def _new_context(browser: Browser, proxy: str | None) -> BrowserContext:
    major = browser.version.partition(".")[0]
    return await browser.new_context(
        # As that of a browser with a window, which is what sites serve.
        user_agent="Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
        f"Chrome/{major}.0.0.0 Safari/537.36",
        viewport={"width": SCREEN[0], "height": SCREEN[1]},
        service_workers="block",
        accept_downloads=False,
        proxy=_proxy(proxy) if proxy else None,
    )


async def _add_cookies(context: BrowserContext, text: str) -> None:
    for cookie in parse_cookies(text):
        # One by one: a browser refuses what a file may hold, such as `__Host-` without the rest that it demands.
        with contextlib.suppress(Error):
            await context.add_cookies(
                [
                    {
                        "name": cookie.name,
                        "value": cookie.value,
                        "domain": f".{cookie.domain}" if cookie.subdomains else cookie.domain,
                        "path": cookie.path,
                        "expires": cookie.expires or -1,
                        "secure": cookie.secure,
                        "httpOnly": cookie.http_only,
                    }
                ]
            )


def _proxy(url: str) -> ProxySettings:
    parts = urlsplit(url)
    server = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    if parts.username is None:
        return {"server": server}
    return {"server": server, "username": unquote(parts.username), "password": unquote(parts.password or "")}


def _dying_with_parent(program: str, home: Path) -> str:
    """A program that runs Chromium so that the kernel ends it with Playwright's driver.

    The driver starts it in a process group of its own, which a kill of ours does not reach.
    """
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        return program  # it still ends by itself when the pipe to the driver breaks
    wrapper = home / "browser"
    wrapper.write_text(f'#!/bin/sh\nexec "{setpriv}" --pdeathsig KILL "{program}" "$@"\n')
    wrapper.chmod(0o700)
    return str(wrapper)
