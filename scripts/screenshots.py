"""`python -m scripts.screenshots`: the web page with made-up history, drawn as docs/web-*.png."""

import asyncio
import math
import random
import sqlite3
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from playwright.async_api import Browser, async_playwright

from core import migrate
from core.database import Database
from tests.support.channel_page.shot import launch
from tests.support.processes import wait_until
from tests.web.place import OWNER, Place, open_place

DOCS = Path(__file__).parents[1] / "docs"
WIDE, PHONE = {"width": 1180, "height": 820}, {"width": 390, "height": 844}
COLOURS = 256  # of a picture: flat surfaces need no more
SITES = ("youtube", "twitter", "reddit", "tiktok", "instagram", "bluesky", "vimeo")
ERRORS = ("PrivateMedia", "RateLimited", "RemovedMedia", "SourceUnreachable")
TITLES = ("Harbour at dawn", "Night watch", "Low tide", "Gulls over the pier", "The ferry", "Lost buoy", "Storm front")
DAYS, A_DAY = 30, 18
GUILD = 81384788765712384
SHOWS = "(video => video.readyState >= 2 && video.networkState === 1)(document.querySelector('video'))"
TIME = "%Y-%m-%d %H:%M:%S"


async def main() -> None:
    """Draw all pictures."""
    with TemporaryDirectory() as name:
        directory = Path(name)
        file = directory / "boss-bot.db"
        database = Database(f"sqlite+aiosqlite:///{file}")
        await migrate.upgrade(database)
        await database.close()
        _past(file)
        async with open_place(file, directory) as place, async_playwright() as playwright:
            watched = await _present(place, directory)
            browser = await launch(playwright)
            await _draw(browser, place, "web-queue", "/")
            await _draw(browser, place, "web-queue-dark", "/", dark=True)
            await _draw(browser, place, "web-queue-phone", "/", size=PHONE)
            await _draw(browser, place, "web-download", f"/downloads/{watched}")
            await _draw(browser, place, "web-figures-dark", "/figures", dark=True)
            await browser.close()


async def _draw(
    browser: Browser, place: Place, name: str, path: str, *, size: dict[str, int] = WIDE, dark: bool = False
) -> None:
    context = await browser.new_context(
        viewport={"width": size["width"], "height": size["height"]},
        color_scheme="dark" if dark else "light",
        device_scale_factor=2 if size is PHONE else 1,
    )
    cookies = await place.cookie(OWNER)
    await context.add_cookies([{"name": key, "value": value, "url": place.url} for key, value in cookies.items()])
    page = await context.new_page()
    await page.goto(place.url + path, wait_until="load")
    has_video = bool(await page.locator("video").count())
    if has_video:
        await wait_until(lambda: page.evaluate(SHOWS), 30)
        await page.wait_for_timeout(1000)  # the browser's sign that it loads goes by itself, and tells nobody
    picture = DOCS / f"{name}.png"
    await page.screenshot(path=picture)
    await context.close()
    with Image.open(picture) as drawn:
        flat = drawn.convert("RGB")
        flat = flat if has_video else flat.quantize(COLOURS, dither=Image.Dither.NONE)
        flat.save(picture, optimize=True)
    print(f"{picture.name}: {picture.stat().st_size / 1024:.0f} KB")


async def _present(place: Place, directory: Path) -> int:
    """What moves now, and one that is done, with its file; the id of that."""
    film = await asyncio.to_thread(_film, directory / "harbour.mp4")
    done = await place.running(url="https://media.example/watch/harbour", user_id=11, guild_id=GUILD, channel_id=5)
    await place.runner.write(done, title="Harbour at dawn", site="youtube", author="Coast stories", extractor="ytdlp")
    await place.finish(done, {"Harbour at dawn.mp4": (film.read_bytes(), "video/mp4")})
    for title, percent, site in (("The whole regatta", 63.4, "vimeo"), ("Sails in the fog, part 2", 21.0, "youtube")):
        claim = await place.running(url="https://media.example/watch/regatta", user_id=12, guild_id=GUILD, channel_id=5)
        await place.runner.write(claim, title=title, site=site)
        await place.progress(claim, percent)
    for title in ("Lighthouse keepers, a portrait", "Tide tables explained"):
        number = await place.row("https://media.example/watch/next", user_id=13, guild_id=GUILD, channel_id=5)
        await place.shell("UPDATE downloads SET title = ? WHERE id = ?", title, number)
    return done.id


def _film(path: Path) -> Path:
    source = "gradients=s=1280x720:c0=0x1b2a49:c1=0xf2a65a:c2=0xd1495b:nb_colors=3:speed=0.02:seed=4"
    argv = ["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-t", "6", "-i", source]
    subprocess.run([*argv, "-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", str(path)], check=True)
    return path


def _past(file: Path) -> None:
    """A month of downloads that are over."""
    dice, now = random.Random(7), datetime.now(UTC)
    rows = []
    for back in range(DAYS * A_DAY):
        ended = now - timedelta(minutes=40 + back * 24 * 60 / A_DAY * dice.uniform(0.8, 1.2))
        if dice.random() > 0.65 + 0.35 * math.sin(ended.hour / 24 * math.tau):
            continue
        seconds, failed = dice.lognormvariate(3.2, 0.7), dice.random() < 0.09
        begun, site = ended - timedelta(seconds=seconds), dice.choices(SITES, weights=range(len(SITES), 0, -1))[0]
        rows.append(
            (
                f"https://{site}.example/watch/{back}",
                "failed" if failed else "uploaded",
                dice.choice(TITLES),
                site,
                None if failed else round(dice.lognormvariate(16.6, 0.9)),
                dice.choice(ERRORS) if failed else None,
                "This media is private." if failed else None,
                "download" if failed else None,
                dice.randrange(11, 19),
                GUILD,
                5,
                *(moment.strftime(TIME) for moment in (begun, begun, ended)),
            )
        )
    rows.sort(key=lambda row: str(row[-1]))
    names = (
        "url, status, title, site, file_size, error_kind, error, failed_stage, user_id, guild_id, channel_id, "
        "added_at, started_at, finished_at"
    )
    with sqlite3.connect(file) as connection:
        places = ", ".join("?" * len(rows[0]))
        connection.executemany(f"INSERT INTO downloads ({names}) VALUES ({places})", rows)
    connection.close()


if __name__ == "__main__":
    asyncio.run(main())
