"""A web page for each test, and one browser for all tests of a file."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from tests.support.channel_page.shot import launch
from tests.web.place import Place, open_place


@pytest_asyncio.fixture(loop_scope="module")
async def place(sqlite_file: Path, tmp_path: Path) -> AsyncIterator[Place]:
    async with open_place(sqlite_file, tmp_path) as place:
        yield place


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    """Headless Chromium, the system's."""
    async with async_playwright() as playwright:
        browser = await launch(playwright)
        yield browser
        await browser.close()
