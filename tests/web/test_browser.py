"""The page as people use it: a real browser, with the mouse, with the keyboard alone, on a phone."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, expect

from core.requests import Ask
from core.viewers import Viewer
from tests.support.discord_server import DiscordServer, Permission
from tests.support.processes import wait_until
from tests.support.sample_media import clip
from tests.web.place import ANNA, MODERATOR, OWNER, TOKEN, Place, open_place

pytestmark = pytest.mark.asyncio(loop_scope="module")
PATIENCE = 30_000.0  # milliseconds; a loaded machine is no failure
PLAYABLE = "document.querySelector('video')?.readyState >= 1"  # not by wait_for_function, which needs eval
PHONE = {"width": 360, "height": 740}
expect.set_options(timeout=PATIENCE)


@pytest_asyncio.fixture(loop_scope="module")
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    context = await browser.new_context()
    context.set_default_timeout(PATIENCE)
    yield context
    await context.close()


@pytest_asyncio.fixture(loop_scope="module")
async def page(context: BrowserContext) -> AsyncIterator[Page]:
    """A page in which nothing may be refused by the policy for scripts and styles, or fail unheard."""
    page = await context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    yield page
    assert not [text for text in said if "Security" in text or "Error" in text], said


async def come_in(context: BrowserContext, place: Place, viewer: Viewer) -> None:
    await context.clear_cookies()
    await context.add_cookies(
        [{"name": name, "value": value, "url": place.url} for name, value in (await place.cookie(viewer)).items()]
    )


async def test_paste_watch_cancel(place: Place, context: BrowserContext, page: Page) -> None:
    await come_in(context, place, ANNA)
    await page.goto(place.url)
    await page.fill("#url", "media.example")
    await page.click("#submit")
    await expect(page.locator("#fault")).to_contain_text("starts with https://")
    await expect(page.locator("#url")).to_have_value("media.example")
    await page.fill("#url", "https://media.example/regatta.mp4")
    await page.get_by_label("Clip").fill("0:30-1:10")
    await page.get_by_label("Only the sound").check()
    await page.click("#submit")
    await expect(page.locator("h1")).to_have_text("https://media.example/regatta.mp4")
    claim = await place.runner.claim()
    assert claim is not None
    assert (claim.options, claim.user_id, claim.upload) == ({"clip": "0:30-1:10", "audio": True}, ANNA.user_id, False)
    await page.goto(place.url)
    bar = page.locator(f"#row-{claim.id} progress")
    await place.progress(claim, 40)
    await expect(bar).to_have_attribute("value", "40.0")
    await page.focus(f"#cancel-{claim.id}")
    await place.progress(claim, 60)
    await expect(bar).to_have_attribute("value", "60.0")
    assert await page.evaluate("document.activeElement.id") == f"cancel-{claim.id}"  # drawn anew, and still there
    await page.keyboard.press("Enter")
    await expect(page.locator(".toast")).to_have_text(f"#{claim.id}: cancel asked.")
    await expect(page.locator(f"#row-{claim.id} .state")).to_have_text("cancelling")
    assert place.desk.hub.watchers == 1


async def test_what_is_done_is_played_and_others_are_not_shown(
    place: Place, context: BrowserContext, page: Page, tmp_path: Path
) -> None:
    film = clip(tmp_path / "film.mp4", 2).read_bytes()
    await come_in(context, place, ANNA)
    claim = await place.running(user_id=ANNA.user_id)
    other = await place.running(user_id=99)
    await page.goto(f"{place.url}/downloads/{claim.id}")
    await expect(page.locator("#panel .state")).to_have_text("downloading")
    await place.finish(claim, {"film.mp4": (film, "video/mp4")})
    await expect(page.locator("#panel .state")).to_have_text("done")
    await wait_until(lambda: page.evaluate(PLAYABLE), PATIENCE / 1000)
    await page.locator("video").evaluate("video => { video.muted = true; return video.play() }")
    await page.goto(place.url)
    await expect(page.locator(f"#row-{claim.id} .state")).to_have_text("done")
    await expect(page.locator(f"#row-{other.id}")).to_have_count(0)
    answer = await page.goto(f"{place.url}/downloads/{other.id}")
    assert answer is not None
    assert answer.status == 404


async def test_log_in_with_the_token_by_keyboard_alone(place: Place, page: Page) -> None:
    await page.goto(f"{place.url}/downloads?shown=failed")
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.textContent") == "Skip to the content"
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.id") == "token"
    await page.keyboard.type(TOKEN)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/downloads?shown=failed")
    for _ in range(30):
        await page.keyboard.press("Tab")
        if await page.evaluate("document.activeElement.textContent") == "Queue":
            break
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"{place.url}/")
    await expect(page.locator("#paste")).to_be_visible()
    for _ in range(30):
        await page.keyboard.press("Tab")
        if await page.evaluate("document.activeElement.id") == "url":
            break
    ring = "getComputedStyle(document.activeElement).outlineStyle"
    assert await page.evaluate(ring) == "solid"
    await page.keyboard.type("https://media.example/a.mp4")
    await page.keyboard.press("Enter")
    await page.wait_for_url(re.compile(r"/downloads/\d+$"))


async def test_log_in_with_discord_and_out_again(
    sqlite_file: Path, tmp_path: Path, context: BrowserContext, page: Page
) -> None:
    async with DiscordServer() as discord:
        guild = discord.add_guild("Harbour")
        moderators = guild.add_role("moderators", Permission.MANAGE_MESSAGES)
        mo = guild.add_member("mo", roles=(moderators,))
        settings = {
            "DISCORD_CLIENT_ID": discord.consent.client_id,
            "DISCORD_CLIENT_SECRET": discord.consent.client_secret,
            "DISCORD_API_BASE": discord.api_base,
        }
        async with open_place(sqlite_file, tmp_path, **settings) as place:
            discord.consent.redirects.append(f"{place.url}/login/discord/back")
            discord.consent.person = mo.user
            await page.goto(place.url)
            await page.click("#discord")
            await expect(page.locator(".fault")).to_contain_text("You share no server")  # with a bot it never met
            theirs = await place.running(guild_id=guild.id, channel_id=5, user_id=99)
            await page.goto(f"{place.url}/downloads/{theirs.id}")
            await page.click("#discord")
            await page.wait_for_url(f"**/downloads/{theirs.id}")
            await expect(page.locator(".who")).to_have_text("Mo")
            await page.click(f"#pause-{theirs.id}")
            await expect(page.locator("#panel .state")).to_have_text("pausing")
            other = await context.new_page()
            await other.goto(place.url)
            await page.click("#logout")
            await expect(page.locator("#discord")).to_be_visible()
            await place.requests.ask(Ask.RESUME, [theirs.id])  # something to be told of, to nobody any more
            await expect(other.locator("#discord")).to_be_visible()
            discord.consent.person = None
            await page.goto(f"{place.url}/login/discord")
            await expect(page.locator(".fault")).to_contain_text("did not confirm")
            await page.goto(f"{place.url}/login/discord/back?code=x&state=forged")
            await expect(page.locator(".fault")).to_contain_text("not begun here")


async def test_a_link_is_made_handed_on_and_revoked(
    place: Place, browser: Browser, context: BrowserContext, page: Page, tmp_path: Path
) -> None:
    film = clip(tmp_path / "film.mp4", 2).read_bytes()
    number = await place.done({"film.mp4": (film, "video/mp4")}, user_id=ANNA.user_id)
    await come_in(context, place, ANNA)
    await page.goto(f"{place.url}/downloads/{number}")
    field, button = f"#hours-{await place.file_id(number)}", f"#link-{await place.file_id(number)}"
    await expect(page.locator(field)).to_have_value("72")
    await page.fill(field, "a week")
    await page.click(button)
    await expect(page.locator("#fault")).to_contain_text("1 to 720 hours")
    await expect(page.locator(field)).to_have_value("a week")
    await expect(page.locator(field)).to_be_focused()
    await wait_until(lambda: place.desk.hub.watchers == 1, PATIENCE / 1000)
    await page.fill(field, "5")
    await page.keyboard.press("Enter")
    url = await page.locator("#made").input_value()
    (link,) = await place.desk.links.list()
    assert link.expires_at < (datetime.now(UTC) + timedelta(hours=5.1)).strftime("%Y-%m-%d %H:%M:%S")
    strangers = await browser.new_context()
    strange = await strangers.new_page()
    await strange.goto(url)
    await wait_until(lambda: strange.evaluate(PLAYABLE), PATIENCE / 1000)
    async with strange.expect_download(timeout=PATIENCE) as saving:
        await strange.click("#save")
    saved = await (await saving.value).path()
    assert saved.read_bytes() == film
    await page.goto(f"{place.url}/downloads/{number}")
    await expect(page.locator(".live-link")).to_contain_text(f"until {link.expires_at[:16]} UTC")
    await page.click(f"#revoke-{link.id}")
    await expect(page.locator(".live-link")).to_have_count(0)
    await page.wait_for_url(f"{place.url}/downloads/{number}")
    await page.goto(f"{place.url}/links")
    await expect(page.locator(".empty")).to_contain_text("no links that work")
    await strange.goto(url)
    await expect(strange.locator("h1")).to_have_text("This link works no more")
    await strangers.close()


async def test_a_phone_shows_every_page_without_scrolling_sideways(
    place: Place, context: BrowserContext, page: Page
) -> None:
    long = "https://media.example/" + "a-very-long-name-" * 20
    number = await place.done({"x" * 120 + ".mp4": (b"abc", "video/mp4")}, url=long, guild_id=1, channel_id=5)
    long_row = await place.running(url=long, guild_id=1, channel_id=5, user_id=10**18, user_name="W\u202e" * 50)
    await page.set_viewport_size({"width": 360, "height": 740})
    await page.goto(f"{place.url}/login")
    assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    await place.desk.links.make(await place.file_id(number), seconds=3600, actor="web")
    lists = ("/downloads", f"/downloads?member={10**18}", "/links", "/sites", "/members", "/servers")
    paths = ("/", *lists, "/figures", f"/downloads/{number}", f"/downloads/{long_row.id}")
    for viewer, more in ((MODERATOR, ()), (OWNER, ("/system",))):
        await come_in(context, place, viewer)
        for path in (*paths, *more):
            await page.goto(place.url + path)
            assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], path


async def test_light_and_dark_as_the_system_has_it_until_one_is_chosen(
    place: Place, context: BrowserContext, page: Page
) -> None:
    await come_in(context, place, OWNER)
    ground = "getComputedStyle(document.body).backgroundColor"
    await page.emulate_media(color_scheme="dark")
    await page.goto(place.url)
    dark = await page.evaluate(ground)
    await page.click("#theme")
    light = await page.evaluate(ground)
    assert light != dark
    await page.reload()
    assert await page.evaluate(ground) == light
