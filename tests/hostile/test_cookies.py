"""The cookies that the admin gave for a site arrive at that site, and never anywhere else, whoever fetches."""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from download_module.personal_headers import headers_to, kept_at_home
from download_module.plan import Part
from download_module.way_out import STRAIGHT
from tests.download_module.scene import opened
from tests.support.media_server import MediaServer, Request
from tests.support.player_pages import add_click_page
from tests.support.processes import Programs, wait_until
from tests.support.sample_media import add_hls, clip
from tests.support.video_pages import add_json_ld

MARK = "member-4711-of-site-a"
OTHER_MARK = "member-4712-of-site-b"
SESSION = f"session={MARK}"
PERSONAL = ("Cookie", SESSION)


@pytest.fixture
async def site() -> AsyncIterator[MediaServer]:
    async with MediaServer("127.0.0.1") as site:
        yield site


@pytest.fixture
async def elsewhere() -> AsyncIterator[MediaServer]:
    """Cookies know no ports: another site is another address."""
    async with MediaServer("127.0.0.2") as elsewhere:
        yield elsewhere


def jar(directory: Path) -> Path:
    """A browser's whole jar, as an admin exports it."""
    path = directory / "cookies.txt"
    lines = (
        f"127.0.0.1\tFALSE\t/\tFALSE\t0\tsession\t{MARK}",
        f"127.0.0.2\tFALSE\t/\tFALSE\t0\tsession\t{OTHER_MARK}",
        f".example.test\tTRUE\t/\tFALSE\t0\tsession\t{OTHER_MARK}",
    )
    path.write_text("# Netscape HTTP Cookie File\n" + "".join(f"{line}\n" for line in lines))
    path.chmod(0o400)
    return path


def told(requests: list[Request]) -> set[str]:
    """What the headers of these requests say about an account."""
    return {name for request in requests for name, value in request.headers.items() if "member-47" in value}


async def test_each_way_to_fetch_shows_them_to_their_site_alone(
    sqlite_file: Path, tmp_path: Path, programs: Programs, site: MediaServer, elsewhere: MediaServer
) -> None:
    film = clip(tmp_path / "film.mp4", 2)
    rules = f'[sites."127.0.0.1"]\ncookies = "{jar(tmp_path)}"\n'
    (tmp_path / "sites.toml").write_text(rules)
    member = site.add("/member.mp4", film, cookie=SESSION, content_type="video/mp4")
    for server in (site, elsewhere):
        server.add("/open.mp4", film, content_type="video/mp4")
    for number in range(3):  # to be met by redirects that a probe of the page does not see
        site.add_redirect(f"/away-{number}.mp4", elsewhere.url("/open.mp4"), cookie=SESSION)
    asked: Mapping[str, str] = {
        "direct": site.add("/direct.bin", 50_000, cookie=SESSION),
        "direct, redirected": site.url("/away-0.mp4"),
        "direct, elsewhere": elsewhere.add("/theirs.bin", 50_000),
        "yt-dlp": add_json_ld(site, "/page", member, name="one"),
        "yt-dlp, redirected": add_json_ld(site, "/page-away", site.url("/away-1.mp4"), name="two"),
        "yt-dlp, elsewhere": add_json_ld(site, "/page-else", elsewhere.url("/open.mp4"), name="three"),
        "HLS": add_hls(site, "/hls", tmp_path / "hls", seconds=2, cookie=SESSION),
        "HLS, redirected": add_hls(site, "/hls-away", tmp_path / "hls-away", seconds=2),
        "browser": add_click_page(site, "/click", film, cookie=SESSION),
    }
    for segment in (tmp_path / "hls-away").glob("*.ts"):
        elsewhere.add(f"/{segment.name}", segment)
        site.add_redirect(f"/hls-away/{segment.name}", elsewhere.url(f"/{segment.name}"), cookie=SESSION)
    async with opened(sqlite_file, tmp_path, programs) as scene:
        runner = await scene.start(SITES_FILE=str(tmp_path / "sites.toml"), MAX_DOWNLOAD_RETRIES="0")
        rows = {name: scene.ask(url) for name, url in asked.items()}

        def over() -> bool:
            return all(scene.row(row)["status"] in ("downloaded", "failed") for row in rows.values())

        await wait_until(over, 90, description=lambda: str({name: scene.row(row) for name, row in rows.items()}))
        ends = {name: (scene.row(row)["status"], scene.row(row)["error"]) for name, row in rows.items()}
        assert ends == dict.fromkeys(rows, ("downloaded", None))
        output = runner.output
    assert {"/open.mp4", "/theirs.bin"} <= {request.path for request in elsewhere.requests()}
    assert told(elsewhere.requests()) == set()
    assert told(site.requests()) == {"cookie"}
    assert all(OTHER_MARK not in str(request.headers) for request in site.requests())
    assert MARK not in output
    assert OTHER_MARK not in output
    assert jar_is_as_it_was(tmp_path)


def jar_is_as_it_was(directory: Path) -> bool:
    """A site that sets cookies anew does not write to the admin's file."""
    file = directory / "cookies.txt"
    return MARK in file.read_text() and file.stat().st_mode & 0o777 == 0o400


async def test_a_site_that_refuses_its_cookies_is_named_to_both(
    sqlite_file: Path, tmp_path: Path, programs: Programs, site: MediaServer
) -> None:
    (tmp_path / "sites.toml").write_text(f'[sites."127.0.0.1"]\ncookies = "{jar(tmp_path)}"\n')
    url = site.add("/private.bin", 50_000, cookie="session=a-newer-one")
    async with opened(sqlite_file, tmp_path, programs) as scene:
        runner = await scene.start(SITES_FILE=str(tmp_path / "sites.toml"))
        row = scene.ask(url)
        await wait_until(lambda: scene.row(row)["status"] == "failed", 30, description=lambda: str(scene.row(row)))
        found = scene.row(row)
        assert found["error_kind"] == "LoginRequired"
        assert "They may have expired: ask its admin for new ones." in found["error"]
        assert "export them anew" in runner.output
        assert str(tmp_path / "cookies.txt") in runner.output
        assert MARK not in runner.output


# -- what aria2 is told ----------------------------------------------------------------------------------------------


async def test_redirects_that_leave_the_host_are_followed_before_and_without_the_account(
    site: MediaServer, elsewhere: MediaServer
) -> None:
    end = elsewhere.add("/file", 1000)
    stays = site.add("/stays", 1000)
    parts = {
        0: Part(uris=(stays,), headers=(PERSONAL,)),
        1: Part(uris=(site.add_redirect("/within", "/stays"),), headers=(PERSONAL,)),
        2: Part(uris=(site.add_redirect("/away", end),), headers=(("Referer", "x"), PERSONAL), identity="film"),
        3: Part(uris=(site.add_redirect("/far", end, hops=3),), headers=(("authorization", MARK),)),
        4: Part(uris=(site.add_redirect("/nobody", end),), headers=(("Referer", "x"),)),
        5: Part(uris=(site.url("/missing"),), headers=(PERSONAL,)),
        6: Part(uris=("magnet:?xt=urn:btih:" + "a" * 40,), headers=(PERSONAL,)),
        7: Part(uris=("http://127.0.0.1:1/refused",), headers=(PERSONAL,)),
        8: Part(uris=(site.add_redirect("/loop", "/loop"),), headers=(PERSONAL,)),
        9: Part(uris=(site.add_redirect("/nonsense", "http://["),), headers=(PERSONAL,)),
    }
    moved = await kept_at_home(parts, STRAIGHT)
    assert moved == {
        2: Part(uris=(end,), headers=(("Referer", "x"),), identity="film"),
        3: Part(uris=(end,), headers=()),
    }
    assert told(elsewhere.requests()) == set()
    assert not site.requests("/nobody")  # nothing personal, nothing to ask for


async def test_aria2_by_itself_sends_them_on(
    site: MediaServer, elsewhere: MediaServer, tmp_path: Path, programs: Programs
) -> None:
    away = site.add_redirect("/away", elsewhere.add("/file", 1000))
    header = ": ".join(PERSONAL)
    aria2c = await programs.start(["aria2c", "--no-conf", f"--dir={tmp_path}", f"--header={header}", away])
    assert await aria2c.wait(20) == 0
    assert told(elsewhere.requests()) == {"cookie"}  # should that ever change, `kept_at_home` can go


async def test_of_a_long_stream_a_sample_is_asked_and_all_if_one_of_it_leaves(
    site: MediaServer, elsewhere: MediaServer
) -> None:
    end = elsewhere.add("/segment", 100)
    for number in range(200):
        site.add(f"/{number}.ts", 100)
        site.add_redirect(f"/away/{number}.ts", end)
    staying = {n: Part(uris=(site.url(f"/{n}.ts"),), headers=(PERSONAL,)) for n in range(200)}
    leaving = {n: Part(uris=(site.url(f"/away/{n}.ts"),), headers=(PERSONAL,)) for n in range(200)}
    assert await kept_at_home(staying, STRAIGHT) == {}
    assert len(site.requests()) < 40
    assert await kept_at_home(leaving, STRAIGHT) == {n: Part(uris=(end,)) for n in range(200)}
    assert told(elsewhere.requests()) == set()


@pytest.mark.parametrize(
    ("uris", "sent"),
    [
        (("https://a.test/1",), True),
        (("https://a.test:443/2",), True),
        (("https://a.test/1", "https://a.test/2"), True),
        (("https://b.test/1",), False),  # a fallback elsewhere
        (("https://a.test/1", "https://b.test/1"), False),  # mirrors get the same headers
        (("https://a.test:8443/1",), False),
        (("http://a.test/1",), False),  # in the clear
        (("https://a.test.evil.test/1",), False),
        (("https://a.test@evil.test/1",), False),
        (("https://[/",), False),
    ],
)
def test_mirrors_and_fallbacks_elsewhere_hear_nothing_of_the_account(uris: tuple[str, ...], sent: bool) -> None:
    part = Part(uris=("https://a.test/1",), headers=(("Referer", "x"), PERSONAL))
    assert headers_to(part, uris) == (part.headers if sent else (("Referer", "x"),))
