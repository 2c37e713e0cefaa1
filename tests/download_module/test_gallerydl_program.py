"""gallery-dl's command-line program, where the admin wants it, and where the library failed."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from core.errors import BossBotError, ExtractionError, LoginRequired, MediaNotFound, UnsupportedUrl
from core.options import parse_options
from download_module.extractors import gallerydl_extractor
from download_module.extractors.base_extractor import Wish
from download_module.extractors.gallerydl_extractor import GallerydlExtractor
from download_module.extractors.warm_children import ChildLimits
from download_module.plan import Kind
from download_module.sites import Site, Sites
from tests.download_module.given import LOOPBACK, MIB
from tests.download_module.test_gallerydl_extractor import Video
from tests.support.galleries import Galleries, serving


@pytest.fixture
async def site() -> AsyncIterator[Galleries]:
    async with serving() as galleries:
        yield galleries


def asking(instance: str | None, *, video: Video | None = None, timeout: float = 60, **site: Any) -> GallerydlExtractor:
    """An extractor that asks the program about loopback."""
    options = {"gallerydl": {"sleep-request": 0, **site.pop("gallerydl", {})}, "instance": instance}
    given: dict[str, Any] = {"use_library": False, "options": options}
    rules = Site(**given | site)
    limits = ChildLimits(timeout=timeout, memory_bytes=768 * MIB)
    return GallerydlExtractor(LOOPBACK, Sites({"127.0.0.1": rules}), video or Video(), limits)


async def test_a_post_by_the_program(site: Galleries) -> None:
    url = site.toot(site.attachment("1.jpg", alt="A cat"), site.attachment("2.mp4", "video"))
    plan = await asking("mastodon").extract(url)
    assert [(output.filename, output.kind, output.description) for output in plan.outputs] == [
        ("1.jpg", Kind.IMAGE, "A cat"),
        ("2.mp4", Kind.VIDEO, None),
    ]
    headers = dict(plan.parts[0].headers)
    assert headers["Referer"] == f"{site.root}/"
    assert (plan.title, plan.author, plan.extractor) == ("A post", "Bob B.", "mastodon")
    assert plan.metadata.download_method == "cli"


async def test_the_program_takes_what_was_asked_for_and_no_more_pages(site: Galleries) -> None:
    site.picture(300)
    wish = Wish(options=parse_options({"items": "2-3,101-"}), max_items=3)
    plan = await asking("moebooru").extract(f"{site.root}/post?tags=cat", wish)
    assert [part.uris[0].rpartition("/")[2] for part in plan.parts] == [f"{n:032x}.png" for n in (299, 298, 200)]
    assert len(site.requests) == 2


async def test_words_and_links_by_the_program(site: Galleries) -> None:
    video = Video()
    video.knows("http://127.0.0.1:2/watch")
    url = site.submission(title="A film", body="<p>Words</p>", link="http://127.0.0.1:2/watch")
    plan = await asking("postmill", video=video, gallerydl={"save-link-post-body": True}).extract(url)
    assert [output.kind for output in plan.outputs] == [Kind.DOCUMENT, Kind.VIDEO]
    assert plan.outputs[0].parts[0].content == b"<p>Words</p>"


@pytest.mark.parametrize(
    ("status", "error"), [(401, LoginRequired), (404, MediaNotFound), (None, UnsupportedUrl)], ids=str
)
async def test_what_the_program_says_becomes_an_error_of_ours(
    site: Galleries, status: int | None, error: type[BossBotError]
) -> None:
    url = site.toot(site.attachment()) if status else f"{site.root}/article"
    if status:
        site.refusals[f"/api/v1/statuses/{url.rpartition('/')[2]}"] = (status, {})
    with pytest.raises(error) as refused:
        await asking("mastodon").extract(url)
    assert type(refused.value) is error


async def test_the_program_s_arguments_and_environment_hold_no_secrets_and_it_is_killed(
    site: Galleries, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOSS_BOT_DISCORD_TOKEN", "secret-token")
    cookies = tmp_path / "secret-cookies.txt"
    cookies.write_text("# Netscape HTTP Cookie File\n127.0.0.1\tFALSE\t/\tFALSE\t0\tsession\tsecret-value\n")
    url = site.toot(site.attachment())
    site.hanging.add(f"/api/v1/statuses/{url.rpartition('/')[2]}")
    extractor = asking("mastodon", gallerydl={"access-token": "secret-word"}, cookies=cookies)
    asked = asyncio.create_task(extractor.extract(url))
    async with asyncio.timeout(60):
        await site.reached.wait()
    (child,) = children()
    assert "secret" not in " ".join(child.cmdline())
    assert "secret" not in str(child.environ())
    assert site.cookies == ["session=secret-value"]
    asked.cancel()
    await asyncio.gather(asked, return_exceptions=True)
    assert children() == []


async def test_a_hanging_program_is_killed_and_the_library_not_asked_too(site: Galleries) -> None:
    url = site.toot(site.attachment())
    site.hanging.add(f"/api/v1/statuses/{url.rpartition('/')[2]}")
    with pytest.raises(ExtractionError, match="took too long"):
        await asking("mastodon", timeout=3).extract(url)
    assert children() == []


async def test_the_program_is_asked_when_the_library_gives_no_answer(
    site: Galleries, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gallerydl_extractor, "MODULE", "no.such.module")
    url = site.toot(site.attachment())
    plan = await asking("mastodon", use_library=True).extract(url)
    assert plan.metadata.download_method == "cli"
    with pytest.raises(ExtractionError):
        await asking("mastodon", use_library=True, fall_back=False).extract(url)


@pytest.mark.parametrize(("fall_back", "asked"), [(True, 2), (False, 1)])
async def test_the_other_way_is_tried_after_a_fault_of_the_library_s_own(
    site: Galleries, fall_back: bool, asked: int
) -> None:
    url = site.toot(site.attachment(), account=None)  # which no Mastodon answers
    extractor = asking("mastodon", fall_back=fall_back)
    with pytest.raises(ExtractionError, match="could not be read"):
        await extractor.extract(url)
    assert len(site.requests) == asked
    await extractor.close()


def children() -> list[psutil.Process]:
    """What this process started and has not ended."""
    return [child for child in psutil.Process().children(recursive=True) if child.status() != psutil.STATUS_ZOMBIE]
