"""A picture of a page by headless Chromium."""

import os
import shutil
from pathlib import Path

from playwright.async_api import Browser, Playwright, async_playwright

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


async def take_picture(page_html: str, path: Path, *, width: int = 760, scale: float = 1) -> None:
    """Write the page as PNG or JPEG, by the suffix, as high as it is.

    Args:
        page_html: a page that needs no network.
        path: overwritten.
        width: pixels of the page.
        scale: pixels of the picture for each of those.
    """
    async with async_playwright() as playwright:
        browser = await launch(playwright)
        page = await browser.new_page(viewport={"width": width, "height": 200}, device_scale_factor=scale)
        await page.set_content(page_html)
        await page.screenshot(path=path, full_page=True)
        await browser.close()


async def launch(playwright: Playwright) -> Browser:
    """The system's Chromium, without a window."""
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    return await playwright.chromium.launch(
        executable_path=program, chromium_sandbox=os.geteuid() != 0, args=["--disable-dev-shm-usage"]
    )
