"""Posts, albums and galleries that gallery-dl reads, in real children, on sites that answer as the real ones do."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest
import pytest_asyncio

from core.errors import (
    BossBotError,
    ExtractionError,
    ForbiddenTarget,
    LoginRequired,
    MediaNotFound,
    RateLimited,
    SourceUnreachable,
    UnsupportedUrl,
)
from core.options import parse_options
from download_module.egress import Egress
from download_module.extractors.base_extractor import ANYTHING, Wish
from download_module.extractors.gallerydl_extractor import GallerydlExtractor
from download_module.extractors.warm_children import ChildLimits
from download_module.plan import DownloadPlan, Kind, Output, Part
from download_module.sites import Site, Sites
from tests.download_module.given import LOOPBACK, MIB
from tests.support.galleries import PAGE, Galleries, serving

pytestmark = pytest.mark.asyncio(loop_scope="module")  # one loop for all, so that children stay warm

LIMITS = ChildLimits(timeout=60, memory_bytes=768 * MIB)
HOSTILE = "../../etc/passwd\x00\u202egnp.\r\nSet-Cookie: a=b <@everyone> " + "x" * 4000


@dataclass
class Video:
    """The other extractor: knows some URLs."""

    plans: dict[str, DownloadPlan | BossBotError] = field(default_factory=dict)
    asked: list[tuple[str, Wish]] = field(default_factory=list)

    async def extract(self, url: str, wish: Wish = ANYTHING) -> DownloadPlan:
        self.asked.append((url, wish))
        plan = self.plans.get(url, UnsupportedUrl())
        if isinstance(plan, BossBotError):
            raise plan
        return plan

    async def close(self) -> None: ...

    def knows(self, url: str) -> None:
        """There is one video behind that URL."""
        parts = (Part(uris=(url + "/v.mp4",)), Part(uris=(url + "/a.m4a",)))
        output = Output(filename="its own name.mp4", kind=Kind.VIDEO, parts=parts)
        self.plans[url] = DownloadPlan(source_url=url, extractor="fake", outputs=(output,))


@dataclass
class Desk:
    """An extractor with its rules and what it asks for videos."""

    extractor: GallerydlExtractor
    rules: dict[str, Site]
    video: Video

    def runs(self, instance: str | None, **site: Any) -> None:
        """What runs on loopback, and the site's other rules; its library does not slow down."""
        options = {"gallerydl": {"sleep-request": 0, **site.pop("gallerydl", {})}}
        self.rules["127.0.0.1"] = Site(options=options | ({"instance": instance} if instance else {}), **site)

    async def plan(self, url: str, max_items: int = 100, **options: Any) -> DownloadPlan:
        return await self.extractor.extract(url, Wish(options=parse_options(options), max_items=max_items))


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def kept() -> AsyncIterator[Desk]:
    rules: dict[str, Site] = {}
    video = Video()
    extractor = GallerydlExtractor(LOOPBACK, Sites(rules), video, LIMITS)
    yield Desk(extractor, rules, video)
    await extractor.close()


@pytest.fixture
def desk(kept: Desk) -> Desk:
    kept.rules.clear()
    kept.video.plans.clear()
    kept.video.asked.clear()
    return kept


@pytest_asyncio.fixture(loop_scope="module")
async def site() -> AsyncIterator[Galleries]:
    async with serving() as galleries:
        yield galleries


def names(plan: DownloadPlan) -> list[str]:
    """The last components of what is fetched."""
    return [part.uris[0].rpartition("/")[2] for part in plan.parts]


async def test_a_post_of_mastodon_gives_its_files_with_alt_text_and_metadata(desk: Desk, site: Galleries) -> None:
    desk.runs("mastodon")
    text = "<p>Two cats &amp; a <a href='#'>mat</a></p>"
    url = site.toot(site.attachment("1.jpg", alt="A cat"), site.attachment("2.mp4", "video"), text=text)
    plan = await desk.plan(url)
    assert [(output.kind, output.description) for output in plan.outputs] == [
        (Kind.IMAGE, "A cat"),
        (Kind.VIDEO, None),
    ]
    assert names(plan) == ["1.jpg", "2.mp4"]
    assert all(output.optional for output in plan.outputs)
    assert (plan.title, plan.author, plan.extractor, plan.source_url) == ("Two cats & a mat", "Bob B.", "mastodon", url)
    known = plan.metadata
    assert (known.platform, known.url, known.published_at) == ("mastodon", url, "2026-01-02 03:04:05")
    assert (known.like_count, known.retweet_count, known.comment_count) == (7, 5, 3)
    assert known.platform_data["visibility"] == "public"
    assert known.download_method == "api"


async def test_a_file_is_asked_for_as_the_library_would(desk: Desk, site: Galleries, tmp_path: Path) -> None:
    cookies = tmp_path / "cookies.txt"
    cookies.write_text(
        "# Netscape HTTP Cookie File\n"
        "127.0.0.1\tFALSE\t/\tFALSE\t0\tsession\tsecret\n"
        "other.test\tFALSE\t/\tFALSE\t0\tsession\telsewhere\n"
    )
    desk.runs("mastodon", cookies=cookies, gallerydl={"user-agent": "Cat/1.0"})
    before = cookies.read_bytes()
    plan = await desk.plan(site.toot(site.attachment()))
    headers = dict(plan.parts[0].headers)
    assert headers["User-Agent"] == "Cat/1.0"
    assert headers["Referer"] == f"{site.root}/"
    assert headers["Cookie"] == "session=secret"
    assert "Accept-Encoding" not in headers
    assert site.cookies == ["session=secret"]
    assert cookies.read_bytes() == before
    assert not plan.outputs[0].optional


async def test_rules_of_one_site_are_forgotten_for_the_next(desk: Desk, site: Galleries) -> None:
    desk.runs("mastodon", gallerydl={"user-agent": "Cat/1.0", "filename": "{id}.{extension}"})
    url = site.toot(site.attachment())
    assert (await desk.plan(url)).outputs[0].filename == "109000000000000000.jpg"
    desk.runs("mastodon")
    plan = await desk.plan(url)
    assert dict(plan.parts[0].headers)["User-Agent"] != "Cat/1.0"
    assert plan.outputs[0].filename.endswith("_109000000000000000_1.jpg")


async def test_an_account_of_another_host_is_not_taken_for_one_of_the_same_name(desk: Desk, site: Galleries) -> None:
    desk.runs("misskey")
    site.note("a.webp")
    await desk.plan(f"{site.root}/@eve")
    async with serving() as other:
        other.note("b.webp")
        assert names(await desk.plan(f"{other.root}/@eve")) == ["b.webp"]
        assert "/api/users/show" in other.requests


async def test_a_broken_page_of_many_costs_its_own_files_alone(desk: Desk, site: Galleries) -> None:
    desk.runs("postmill")
    for number in (1, 2, 3):
        site.submission(title=f"Post {number}", body="", link=f"{site.root}/files/{number}.jpg")
    site.refusals["/f/pics/2"] = (404, {})
    plan = await desk.plan(f"{site.root}/f/pics")
    assert names(plan) == ["3.jpg", "1.jpg"]
    assert plan.title == "Post 3"
    site.refusals["/f/pics/3"] = (429, {"Retry-After": "5"})  # of the same site: it holds for the other pages too
    with pytest.raises(RateLimited):
        await desk.plan(f"{site.root}/f/pics")


async def test_an_unknown_host_that_looks_like_mastodon_or_misskey_is_asked_as_one(desk: Desk, site: Galleries) -> None:
    assert names(await desk.plan(site.toot(site.attachment("m.jpg")))) == ["m.jpg"]
    assert names(await desk.plan(site.note("n.webp"))) == ["n.webp"]
    with pytest.raises(UnsupportedUrl):  # what is not there may be other software
        await desk.plan(f"{site.root}/@bob/109999999999999999")


async def test_a_note_of_misskey_gives_its_files(desk: Desk, site: Galleries) -> None:
    desk.runs("misskey")
    plan = await desk.plan(site.note("a.webp", "b.mp4", comment="A dog", text="Dogs"))
    assert names(plan) == ["a.webp", "b.mp4"]
    assert [output.description for output in plan.outputs] == ["A dog", "A dog"]
    assert (plan.title, plan.author, plan.metadata.platform) == ("Dogs", "Eve", "misskey")


async def test_a_user_gives_posts_until_there_is_enough(desk: Desk, site: Galleries) -> None:
    desk.runs("mastodon")
    for number in range(3 * PAGE):
        site.toot(site.attachment(f"{number}.jpg"))
    plan = await desk.plan(f"{site.root}/@bob", max_items=PAGE + 1)
    assert names(plan) == [f"{number}.jpg" for number in reversed(range(2 * PAGE - 1, 3 * PAGE))]
    pages = [request for request in site.requests if "/accounts/1/statuses" in request]
    assert len(pages) == 2


async def test_pages_that_a_page_names_are_followed(desk: Desk, site: Galleries) -> None:
    desk.runs("misskey")  # a user's page names the page of the user's notes
    for number in range(5):
        site.note(f"{number}.webp")
    plan = await desk.plan(f"{site.root}/@eve", max_items=3)
    assert names(plan) == ["4.webp", "3.webp", "2.webp"]
    assert plan.author == "Eve"


@pytest.mark.parametrize(("software", "path"), [("moebooru", "/post?tags=cat"), ("Danbooru", "/posts?tags=cat")])
async def test_a_gallery_of_200_pictures_comes_whole(desk: Desk, site: Galleries, software: str, path: str) -> None:
    desk.runs(software)
    site.picture(200)
    plan = await desk.plan(site.root + path, max_items=500)
    assert len(plan.outputs) == 200
    assert len({output.filename for output in plan.outputs}) == 200
    assert names(plan) == [f"{number:032x}.png" for number in range(200, 0, -1)]
    assert plan.metadata.platform == software.lower()


async def test_items_choose_files_and_skip_pages_before_them(desk: Desk, site: Galleries) -> None:
    desk.runs("moebooru")
    site.picture(300)
    plan = await desk.plan(f"{site.root}/post?tags=cat", items="101-103, 150")
    assert names(plan) == [f"{number:032x}.png" for number in (200, 199, 198, 151)]
    assert [request for request in site.requests if "page=1&" in request or "page=3&" in request] == []


async def test_items_count_files_over_all_posts(desk: Desk, site: Galleries) -> None:
    desk.runs("mastodon")
    site.toot(site.attachment("3.jpg"), site.attachment("4.jpg"))
    site.toot(site.attachment("1.jpg"), site.attachment("2.jpg"))
    assert names(await desk.plan(f"{site.root}/@bob", items="2-3")) == ["2.jpg", "3.jpg"]
    with pytest.raises(MediaNotFound, match="has 4 files"):
        await desk.plan(f"{site.root}/@bob", items="5-")


async def test_pictures_alone(desk: Desk, site: Galleries) -> None:
    desk.runs("mastodon")
    url = site.toot(site.attachment("1.jpg"), site.attachment("2.mp4", "video"))
    assert names(await desk.plan(url, videos=False)) == ["1.jpg"]


async def test_sound_alone_is_for_another_extractor_unless_the_file_is_sound(desk: Desk, site: Galleries) -> None:
    desk.runs("mastodon")
    with pytest.raises(UnsupportedUrl):
        await desk.plan(site.toot(site.attachment("2.mp4", "video")), audio=True)
    assert names(await desk.plan(site.toot(site.attachment("3.mp3", "audio")), audio=True)) == ["3.mp3"]


@pytest.mark.parametrize(("asked", "site_says", "found"), [(None, None, 2), (False, None, 1), (True, False, 2)])
async def test_a_member_s_wish_goes_over_the_site_s_rule(
    desk: Desk, site: Galleries, asked: bool | None, site_says: bool | None, found: int
) -> None:
    desk.runs("mastodon", gallerydl={} if site_says is None else {"replies": site_says})
    site.toot(site.attachment("1.jpg"))
    site.toot(site.attachment("2.jpg"), in_reply_to_id="1")
    plan = await desk.plan(f"{site.root}/@bob", **({} if asked is None else {"replies": asked}))
    assert len(plan.outputs) == found


async def test_hostile_titles_become_harmless_names(desk: Desk, site: Galleries) -> None:
    desk.runs("mastodon", gallerydl={"filename": "{content}.{extension}"})
    (output,) = (await desk.plan(site.toot(site.attachment(), text=HOSTILE))).outputs
    assert len(output.filename.encode()) <= 180
    assert output.filename.endswith(".jpg")
    assert not set(output.filename) & set('/\\\x00\r\n\u202e<>"')
    assert not output.filename.startswith(".")


async def test_a_file_at_an_address_that_is_not_allowed_is_left_out(desk: Desk, site: Galleries) -> None:
    desk.runs("mastodon")
    for address in ("http://10.0.0.1/a.jpg", "http://169.254.169.254/a.jpg"):
        forbidden = site.attachment() | {"url": address}
        with pytest.raises(ForbiddenTarget):
            await desk.plan(site.toot(forbidden))
        assert names(await desk.plan(site.toot(forbidden, site.attachment("mine.jpg")))) == ["mine.jpg"]
    for address in ("file:///etc/passwd", "", "//10.0.0.1/a.jpg", "http://[::1/a.jpg", "http://x.test/a.jpg\r\nX: y"):
        with pytest.raises(UnsupportedUrl):  # its only file is none that is fetched
            await desk.plan(site.toot(site.attachment() | {"url": address}))


@pytest.mark.parametrize(
    "url",
    [
        "r:file:///etc/passwd",
        "recursive:http://127.0.0.1/",
        "ytdl:http://127.0.0.1/",
        "oauth:reddit",
        "generic:http://127.0.0.1/",
        "g:http://127.0.0.1/",
        "noop",
        "file:///etc/passwd",
        "mastodon:http://127.0.0.1/@bob/1",
        "",
    ],
)
async def test_prefixes_that_the_library_obeys_are_refused(desk: Desk, url: str) -> None:
    with pytest.raises(UnsupportedUrl):
        await desk.plan(url)


async def test_a_page_that_the_library_does_not_know_is_handed_over(desk: Desk, site: Galleries) -> None:
    for path in ("/article", "/picture.jpg", "/"):
        with pytest.raises(UnsupportedUrl):
            await desk.plan(site.root + path)
    desk.runs("no-such-software")
    with pytest.raises(UnsupportedUrl):
        await desk.plan(f"{site.root}/article")
    assert site.requests == []


async def test_an_address_that_is_not_allowed_is_not_asked(site: Galleries) -> None:
    extractor = GallerydlExtractor(Egress(), Sites(), Video(), LIMITS)
    with pytest.raises(ForbiddenTarget):
        await extractor.extract(site.toot(site.attachment()))
    assert site.requests == []


@pytest.mark.parametrize(
    ("status", "headers", "error", "seconds"),
    [
        (401, {}, LoginRequired, None),
        (404, {}, MediaNotFound, None),
        (410, {}, ExtractionError, None),
        (429, {"X-RateLimit-Reset": "2126-01-02T03:04:05Z"}, RateLimited, 3e9),
        (429, {"X-RateLimit-Reset": "2126-01-02T03:04:05Z", "Retry-After": "17"}, RateLimited, 17),
        (429, {}, RateLimited, None),
        (503, {}, SourceUnreachable, None),
    ],
)
async def test_what_mastodon_refuses_becomes_an_error_of_ours(
    desk: Desk, site: Galleries, status: int, headers: dict[str, str], error: type[BossBotError], seconds: float | None
) -> None:
    desk.runs("mastodon")
    url = site.toot(site.attachment())
    site.refusals[f"/api/v1/statuses/{url.rpartition('/')[2]}"] = (status, headers)
    with pytest.raises(error) as refused:
        await desk.plan(url)
    assert type(refused.value) is error or error is ExtractionError
    assert (refused.value.retry_after or 0) >= (seconds or 0)
    if seconds == 17:
        assert refused.value.retry_after == 17


@pytest.mark.parametrize(
    ("status", "headers", "error"),
    [
        (403, {}, LoginRequired),
        (403, {"Server": "cloudflare", "cf-mitigated": "challenge"}, UnsupportedUrl),
        (404, {}, MediaNotFound),
        (429, {"Retry-After": "33"}, RateLimited),
    ],
)
async def test_what_a_booru_refuses_becomes_an_error_of_ours(
    desk: Desk, site: Galleries, status: int, headers: dict[str, str], error: type[BossBotError]
) -> None:
    desk.runs("Danbooru")
    site.picture()
    site.refusals["/posts/1.json"] = (status, headers)
    with pytest.raises(error) as refused:
        await desk.plan(f"{site.root}/posts/1")
    assert type(refused.value) is error
    assert refused.value.retry_after == (33 if status == 429 else None)


async def test_a_limit_between_two_pages_is_said_and_gives_no_half_gallery(desk: Desk, site: Galleries) -> None:
    desk.runs("misskey")
    site.note("a.webp")
    site.refusals["/api/users/notes"] = (429, {"Retry-After": "9"})
    with pytest.raises(RateLimited) as refused:
        await desk.plan(f"{site.root}/@eve")
    assert refused.value.retry_after == 9


async def test_a_site_that_is_not_there(desk: Desk) -> None:
    desk.runs("moebooru")
    with pytest.raises(SourceUnreachable):
        await desk.plan("http://127.0.0.1:2/post/show/1")


async def test_a_post_without_media_is_handed_over(desk: Desk, site: Galleries) -> None:
    desk.runs("mastodon")
    with pytest.raises(UnsupportedUrl):
        await desk.plan(site.toot())


async def test_a_site_that_hangs_costs_its_child_alone(site: Galleries) -> None:
    limits = ChildLimits(timeout=4, memory_bytes=768 * MIB)
    sites = Sites({"127.0.0.1": Site(options={"instance": "mastodon"})})
    extractor = GallerydlExtractor(LOOPBACK, sites, Video(), limits)
    url = site.toot(site.attachment())
    site.hanging.add(f"/api/v1/statuses/{url.rpartition('/')[2]}")
    before = children()
    with pytest.raises(ExtractionError, match="took too long") as slow:
        await extractor.extract(url)
    assert slow.value.transient
    assert children() == before
    await extractor.close()


async def test_text_comes_along_with_media_and_alone_where_the_admin_wants_it(desk: Desk, site: Galleries) -> None:
    desk.runs("postmill")
    words = site.submission(title="Words", body="<p>Only w\u00f6rds.</p>", link="/f/pics/1/a-post")
    with pytest.raises(UnsupportedUrl):
        await desk.plan(words)
    desk.runs("postmill", gallerydl={"text": True})
    (output,) = (await desk.plan(words)).outputs
    assert (output.kind, output.filename) == (Kind.DOCUMENT, "1_Words.htm")
    assert output.parts[0].content == "<p>Only w\u00f6rds.</p>".encode()
    assert output.parts[0].uris == ()


async def test_a_link_to_another_site_is_asked_of_the_extractor_of_videos(desk: Desk, site: Galleries) -> None:
    desk.runs("postmill")
    link = "http://127.0.0.1:2/watch"
    url = site.submission(title="A film", body="", link=link)
    with pytest.raises(UnsupportedUrl):
        await desk.plan(url)
    desk.video.knows(link)
    plan = await desk.plan(url, quality="720p", items="1-2")
    (output,) = plan.outputs
    assert [part.uris[0] for part in output.parts] == [f"{link}/v.mp4", f"{link}/a.m4a"]
    assert plan.title == "A film"
    asked, wish = desk.video.asked[-1]
    assert (asked, wish.options.quality, wish.options.items) == (link, "720p", None)


async def test_a_video_for_yt_dlp_takes_its_place_between_the_files(desk: Desk, site: Galleries) -> None:
    desk.runs("nitter", gallerydl={"videos": True})
    stream = f"{site.root}/video/abc%2Fmaster.m3u8"
    video = f'<video data-url="{stream}"></video><source src="{site.root}/video/plain.mp4">'
    url = site.tweet(video, text="Look")
    desk.video.knows(stream)
    plan = await desk.plan(url)
    assert [output.filename for output in plan.outputs] == ["20_1.mp4", "20_2.mp4"]
    assert [part.uris[0] for part in plan.parts] == [
        f"{stream}/v.mp4",
        f"{stream}/a.m4a",
        f"{site.root}/video/plain.mp4",
    ]
    assert (plan.title, plan.author, plan.metadata.like_count) == ("Look", "Dan D.", 2)


async def test_a_post_that_is_one_video_ends_as_the_video_does(desk: Desk, site: Galleries) -> None:
    desk.runs("nitter", gallerydl={"videos": "ytdl"})
    url = site.tweet('<video data-url="x"></video>')
    desk.video.plans[f"{site.root}/i/status/20"] = RateLimited(retry_after=5)
    with pytest.raises(RateLimited):
        await desk.plan(url)


async def test_children_are_warm_and_end_with_the_extractor(site: Galleries) -> None:
    sites = Sites({"127.0.0.1": Site(options={"instance": "mastodon"})})
    extractor = GallerydlExtractor(LOOPBACK, sites, Video(), LIMITS)
    before = children()
    await extractor.extract(site.toot(site.attachment()))
    (child,) = children() - before
    await extractor.extract(site.toot(site.attachment()))
    assert children() - before == {child}
    await extractor.close()
    assert children() == before


def children() -> set[psutil.Process]:
    """What this process started and has not ended."""
    return {child for child in psutil.Process().children(recursive=True) if child.status() != psutil.STATUS_ZOMBIE}
