"""What is refused: strangers, forms of other sites, foreign names, files and downloads of others."""

import asyncio

import httpx
import pytest

from core.errors import ConfigurationError
from core.settings import Settings
from core.viewers import Viewer
from tests.web.place import ANNA, BEN, MODERATOR, OWNER, TOKEN, Place
from web.attempts import FROM_ONE, Attempts
from web.server import run

pytestmark = pytest.mark.asyncio(loop_scope="module")
PAGES = ("/", "/downloads", "/links", "/figures", "/sites", "/members", "/servers", "/system", "/charts/bytes.svg")
STREAMS = ("/live", "/downloads/1/live")


async def test_without_a_login_every_page_leads_to_the_login(place: Place) -> None:
    number = await place.done()
    async with place.client() as client:
        for path in (*PAGES, *STREAMS, f"/downloads/{number}", "/files/1/clip.bin"):
            answer = await client.get(path)
            assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/login"), path
        assert (await client.post("/downloads", data={"url": "https://a.example"})).headers["location"] == "/login"


async def test_the_owner_sees_every_page_and_a_member_his(place: Place) -> None:
    await place.done(user_id=ANNA.user_id)
    async with place.client(OWNER) as owner, place.client(ANNA) as anna, place.client(MODERATOR) as moderator:
        for path in PAGES:
            assert (await owner.get(path)).status_code == 200, path
            for_moderators = path in ("/members", "/servers")
            closed = path == "/system"
            assert (await anna.get(path)).status_code == (404 if closed or for_moderators else 200), path
            assert (await moderator.get(path)).status_code == (404 if closed else 200), path


async def test_every_answer_says_what_a_browser_may_do_with_it(place: Place) -> None:
    async with place.client(OWNER) as client:
        for path in ("/", "/static/page.js", "/nothing", "/login"):
            headers = (await client.get(path)).headers
            assert "default-src 'none'" in headers["content-security-policy"]
            assert "unsafe" not in headers["content-security-policy"]
            assert "frame-ancestors 'none'" in headers["content-security-policy"]
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "same-origin"
        assert "<script>" not in (await client.get("/")).text
        assert "style=" not in (await client.get("/")).text


async def test_another_name_for_this_address_is_refused(place: Place) -> None:
    async with place.client(OWNER) as client:
        assert (await client.get("/", headers={"Host": "evil.example"})).status_code == 400


async def test_a_write_needs_the_word_of_its_login_and_may_come_from_no_other_site(place: Place) -> None:
    number = (await place.running(user_id=ANNA.user_id)).id
    async with place.client(ANNA) as client, place.client(BEN) as other:
        path, ask = f"/downloads/{number}/ask", {"ask": "cancel"}
        word = await place.csrf(client)
        refused = [
            await client.post(path, data=ask),
            await client.post(path, data={**ask, "csrf": await place.csrf(other)}),
            await client.post(path, data={**ask, "csrf": word}, headers={"Origin": "https://evil.example"}),
            await client.post(path, data={**ask, "csrf": word}, headers={"Sec-Fetch-Site": "cross-site"}),
            await client.post("/logout", data={}),
        ]
        assert [answer.status_code for answer in refused] == [403] * 5
        found = await place.desk.queries.get(number)
        assert found is not None
        assert not found.cancelled
        assert (await client.post(path, data={**ask, "csrf": word}, headers={"Origin": place.url})).status_code == 303
        found = await place.desk.queries.get(number)
        assert found is not None
        assert found.cancelled


async def test_a_member_gets_nothing_of_another_and_a_moderator_that_of_his_server(place: Place) -> None:
    number = await place.done(user_id=ANNA.user_id, guild_id=1, channel_id=5)
    file = f"/files/{await place.file_id(number)}/clip.bin"
    for viewer, status in ((ANNA, 200), (BEN, 404), (MODERATOR, 200), (OWNER, 200)):
        async with place.client(viewer) as client:
            assert (await client.get(f"/downloads/{number}")).status_code == status, viewer.name
            assert (await client.get(file)).status_code == status, viewer.name
            assert (f"/downloads/{number}" in (await client.get("/downloads")).text) == (status == 200), viewer.name
            assert (f"/downloads/{number}" in (await client.get("/")).text) == (status == 200), viewer.name
            if status == 404:
                asked = await place.post(client, f"/downloads/{number}/ask", ask="retry")
                shared = await place.post(client, file.replace("/clip.bin", "/links"))
                assert (asked.status_code, shared.status_code) == (404, 404)


async def test_only_files_of_the_downloads_are_served(place: Place) -> None:
    number = await place.done()
    secret = place.directory / "secret.txt"
    secret.write_text("abc")
    link = place.directory / "downloads" / "link.mp4"
    link.symlink_to(secret)
    path = f"/files/{await place.file_id(number)}/x"
    async with place.client(OWNER) as client:
        for named in (secret, link, place.directory / "downloads" / ".." / "secret.txt"):
            await place.shell("UPDATE media_files SET bytes = 3, path = ?", str(named))
            assert (await client.get(path)).status_code == 404, named
        assert (await client.get(f"/files/{10**30}/x")).status_code == 404
        assert (await client.get(f"/downloads?before={10**30}&member=x")).status_code == 200


async def test_what_could_run_in_a_browser_is_saved_instead(place: Place) -> None:
    hostile = b"<script>alert(1)</script>"
    number = await place.done({"a.svg": (hostile, "image/svg+xml")})
    async with place.client(OWNER) as client:
        answer = await client.get(f"/files/{await place.file_id(number)}/a.svg")
        assert answer.headers["content-type"] == "application/octet-stream"
        assert answer.headers["content-disposition"].startswith("attachment")
        assert "sandbox" in answer.headers["content-security-policy"]


async def test_wrong_tokens_are_few_and_the_right_one_opens(place: Place) -> None:
    async with place.client() as client:
        for _ in range(FROM_ONE):
            assert (await client.post("/login", data={"token": "wrong"})).status_code == 403
        assert (await client.post("/login", data={"token": "wrong"})).status_code == 429
        assert (await client.post("/login", data={"token": TOKEN})).status_code == 303, "nobody can keep the owner out"


async def test_an_owner_is_none_once_the_settings_changed(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    former = Viewer(user_id=77, name="Former", is_owner=True)
    async with place.client(OWNER) as owner, place.client(former) as other:
        assert (await owner.get("/system")).status_code == 200
        assert (await other.get("/system")).status_code == 404
        monkeypatch.setattr(place.desk.admin_token, "_fixed", "another-token-of-the-tests")
        assert (await owner.get("/system")).headers["location"].startswith("/login")


async def test_the_login_leads_back_inside_and_nowhere_else(place: Place) -> None:
    async with place.client() as client:
        for after, leads in (
            ("/links", "/links"),
            ("//evil.example", "/"),
            ("https://evil.example", "/"),
            ("/\\evil.example", "/"),
            ("", "/"),
        ):
            answer = await client.post("/login", data={"token": TOKEN, "after": after})
            assert answer.headers["location"] == leads
            cookie = answer.headers["set-cookie"]
            assert "HttpOnly" in cookie
            assert "SameSite=lax" in cookie


async def test_a_logout_ends_the_login_on_the_server_too(place: Place) -> None:
    async with place.client(OWNER) as client:
        cookies = dict(client.cookies)
        assert (await place.post(client, "/logout")).status_code == 303
        async with httpx.AsyncClient(base_url=place.url, cookies=cookies, trust_env=False) as thief:
            assert (await thief.get("/")).status_code == 303


async def test_a_form_is_small(place: Place) -> None:
    async with place.client(OWNER) as client:
        assert (await client.post("/downloads", content=b"x" * 100_000)).status_code == 413


async def test_tries_are_forgotten_after_a_minute() -> None:
    now = [0.0]
    attempts = Attempts(clock=lambda: now[0])
    for _ in range(FROM_ONE):
        attempts.failed("a")
    assert attempts.wait("a") == 60.0
    assert attempts.wait("b") == 0.0
    now[0] = 61.0
    assert attempts.wait("a") == 0.0


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"WEB_HOST": "0.0.0.0"}, "no login"),
        ({"DISCORD_CLIENT_ID": "1"}, "go together"),
        ({"WEB_HOST": "192.0.2.1", "WEB_ADMIN_TOKEN": TOKEN}, "can't be listened at"),
    ],
)
async def test_it_refuses_to_start_where_everybody_could_come_in(given: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        await run(Settings.model_validate({"WEB_PORT": "0", **given}), asyncio.Event())
