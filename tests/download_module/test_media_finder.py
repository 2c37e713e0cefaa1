"""Stages 1 and 2 of a row: who is asked for what, and what is written of it."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from core.database import Database
from core.errors import BossBotError, MediaNotFound, RequestRefused, UnsupportedUrl
from core.models import UrlType
from core.queries import Queries
from core.requests import Requests
from core.store import Store
from download_module.egress import Egress
from download_module.media_finder import FetchLimits, MediaFinder
from download_module.media_metadata import MediaMetadata
from download_module.plan import DownloadPlan, Kind, Output, Part
from download_module.range_reader import RangeReader
from download_module.sites import Site
from download_module.url_detector import UrlDetector
from tests.core.given import claimed, row, runner
from tests.download_module.given import MIB
from tests.download_module.pooler_scene import LIMITS, Answers, with_limits

PLAN = DownloadPlan(
    source_url="https://site.test/a",
    extractor="test",
    outputs=(Output(filename="a.bin", kind=Kind.DOCUMENT, parts=(Part(uris=("https://site.test/a",), size=MIB),)),),
    title="A title",
    metadata=MediaMetadata(author="Ann", duration=3.5),
)
TORRENT = DownloadPlan(
    source_url="https://site.test/a",
    extractor="torrent",
    outputs=(Output(filename="a", kind=Kind.DOCUMENT, parts=(Part(uris=("magnet:?xt=urn:btih:" + "a" * 40,)),)),),
)


@pytest.fixture
def database_url(sqlite_file: Path) -> str:
    return f"sqlite+aiosqlite:///{sqlite_file}"


@pytest.fixture
def store(database: Database) -> Store:
    return runner(database)


@asynccontextmanager
async def finder(
    database: Database,
    store: Store,
    limits: FetchLimits = LIMITS,
    /,
    **answers: DownloadPlan | BossBotError,
) -> AsyncIterator[tuple[MediaFinder, dict[str, Answers]]]:
    extractors = {name: Answers(answer) for name, answer in answers.items()}
    yield (
        MediaFinder(
            store=store,
            queries=Queries(database),
            detector=UrlDetector(),
            extractors={UrlType(name): extractor for name, extractor in extractors.items()},
            ranges=RangeReader(egress=Egress()),
            limits=limits,
        ),
        extractors,
    )


async def test_whose_media_it_is_stands_in_the_row(database: Database, store: Store) -> None:
    number = await row(database, url="https://youtu.be/jNQXAC9IVRw?si=tracker")
    async with finder(database, store, ytdlp=PLAN) as (stages, extractors):
        assert await stages.find(await claimed(store), Site()) == PLAN
    found = await Queries(database).get(number)
    assert found is not None
    assert (found.site, found.media_id, found.url_type) == ("youtube", "jNQXAC9IVRw", UrlType.YTDLP)
    assert found.activity == "looking for media"
    assert extractors["ytdlp"].asked == ["https://www.youtube.com/watch?v=jNQXAC9IVRw"]


@pytest.mark.parametrize(
    ("columns", "limit"),
    [
        ({"destination": "folder"}, None),
        ({"destination": "discord", "channel_id": 5, "upload": 0, "guild_id": 1}, None),
        ({"destination": "discord", "channel_id": 5, "guild_id": 1, "upload_limit_bytes": 5 * MIB}, 5 * MIB),
        ({"destination": "discord", "channel_id": 5, "guild_id": 1}, 8 * MIB),  # learned
        ({"destination": "discord", "channel_id": 5, "guild_id": 2}, 20 * MIB),  # the default
    ],
)
async def test_an_extractor_knows_what_one_file_may_have(
    database: Database, store: Store, columns: dict[str, Any], limit: int | None
) -> None:
    await Requests(database, actor="test").learn_upload_limit(1, 8 * MIB)
    await row(database, url="https://youtu.be/jNQXAC9IVRw", **columns)
    async with finder(database, store, ytdlp=PLAN) as (stages, extractors):
        await stages.find(await claimed(store), Site())
    assert extractors["ytdlp"].wishes[0].limit_bytes == limit


async def test_options_reach_the_extractor_and_albums_have_a_limit_of_their_own(
    database: Database, store: Store
) -> None:
    options = json.dumps({"quality": "720p", "items": "2-4", "unknown": 1})
    await row(database, url="https://x.com/someone/status/1", options=options)
    async with finder(database, store, gallerydl=UnsupportedUrl(), ytdlp=PLAN) as (stages, extractors):
        await stages.find(await claimed(store), Site())
    (gallery,), (video,) = extractors["gallerydl"].wishes, extractors["ytdlp"].wishes
    assert (gallery.max_items, video.max_items) == (200, 50)
    assert (video.options.quality, video.options.items) == ("720p", "2-4")


async def test_options_that_mean_nothing_are_an_answer(database: Database, store: Store) -> None:
    await row(database, options='{"quality": "purple"}')
    async with finder(database, store, direct=PLAN) as (stages, extractors):
        with pytest.raises(RequestRefused, match="quality"):
            await stages.find(await claimed(store), Site())
    assert extractors["direct"].asked == []


async def test_the_last_one_that_hands_over_says_why(database: Database, store: Store) -> None:
    await row(database, url="https://page.test/a")
    nothing = UnsupportedUrl("The page was opened, and nothing was on it.")
    async with finder(database, store, direct=UnsupportedUrl(), playwright=nothing) as (stages, _):
        with pytest.raises(MediaNotFound, match="nothing was on it"):
            await stages.find(await claimed(store), Site())


async def test_a_plan_of_nothing_is_no_media(database: Database, store: Store) -> None:
    await row(database)
    async with finder(database, store, direct=DownloadPlan(source_url="u", extractor="e")) as (stages, _):
        with pytest.raises(MediaNotFound):
            await stages.find(await claimed(store), Site())


@pytest.mark.parametrize(
    ("url", "extractor"), [("https://site.test/get", "direct"), ("magnet:?xt=urn:btih:" + "a" * 40, "torrent")]
)
async def test_torrents_of_members_need_the_admins_word(
    database: Database, store: Store, url: str, extractor: str
) -> None:
    torrent: dict[str, DownloadPlan | BossBotError] = {extractor: TORRENT}
    await row(database, url=url, destination="discord", channel_id=5)
    await row(database, url=url, destination="folder")
    async with finder(database, store, **torrent) as (stages, _):
        with pytest.raises(UnsupportedUrl, match="switched off"):
            await stages.find(await claimed(store), Site())
        assert await stages.find(await claimed(store), Site()) == TORRENT
    await row(database, url=url, destination="discord", channel_id=5)
    await row(database, url=url, destination="discord", channel_id=5, allow_torrents=1)
    async with finder(database, store, **torrent) as (stages, _):
        with pytest.raises(UnsupportedUrl, match="switched off"):
            await stages.find(await claimed(store), Site())
        assert await stages.find(await claimed(store), Site()) == TORRENT, "by his role"
    await row(database, url=url, destination="discord", channel_id=5)
    allowed = with_limits(torrents_for_members=True)
    async with finder(database, store, allowed, **torrent) as (stages, _):
        assert await stages.find(await claimed(store), Site()) == TORRENT
