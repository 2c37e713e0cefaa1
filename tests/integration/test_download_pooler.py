"""One claimed row through the stages, in this process: real database, aria2c and ffmpeg, extractors that are ours."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from core.alive import Alive
from core.claim_loop import ClaimLoop, Pace
from core.database import Database
from core.errors import (
    BossBotError,
    ChecksumMismatch,
    LoginRequired,
    MediaNotFound,
    RowChanged,
    SiteBusy,
    SourceExpired,
    TooLarge,
    UnsupportedUrl,
)
from core.layout import shelf_of
from core.models import Status, UrlType
from core.queries import Queries
from core.retry_handler import RetryPolicy
from core.store import Store
from core.wake import open_wake
from download_module.download_pooler import DownloadPooler
from download_module.extractors.base_extractor import Extractor
from download_module.plan import Assemble, DownloadPlan, Kind, Output, Part
from download_module.sites import Site, Sites
from tests.core.given import claimed, row, runner
from tests.download_module.given import MIB, holds
from tests.download_module.pooler_scene import Answers, opened_pooler
from tests.support.media_server import MediaServer, payload
from tests.support.processes import wait_until


@pytest.fixture
def database_url(sqlite_file: Path) -> str:
    return f"sqlite+aiosqlite:///{sqlite_file}"


@pytest.fixture
def store(database: Database) -> Store:
    return runner(database)


@pytest.fixture
async def server() -> AsyncIterator[MediaServer]:
    async with MediaServer() as server:
        yield server


@pytest.fixture
def direct() -> Answers:
    return Answers(UnsupportedUrl())


@pytest.fixture
def ytdlp() -> Answers:
    return Answers(UnsupportedUrl())


@pytest.fixture
async def pooler(
    tmp_path: Path, database: Database, store: Store, direct: Answers, ytdlp: Answers
) -> AsyncIterator[DownloadPooler]:
    extractors: dict[UrlType, Extractor] = {UrlType.DIRECT: direct, UrlType.YTDLP: ytdlp}
    async with opened_pooler(tmp_path, database, store, extractors) as pooler:
        yield pooler


def plan(*uris: str, size: int | None = None, assemble: Assemble = Assemble.NONE, one: bool = False) -> DownloadPlan:
    """An output for each URI, or one of all."""
    parts = tuple(Part(uris=(uri,), identity=uri, size=size) for uri in uris)
    groups = [parts] if one else [(part,) for part in parts]
    name, kind = ("a.bin", Kind.DOCUMENT) if assemble is Assemble.NONE else ("a.mp4", Kind.VIDEO)
    outputs = tuple(Output(filename=name, kind=kind, parts=group, assemble=assemble) for group in groups)
    return DownloadPlan(source_url=uris[0], extractor="test", outputs=outputs, title="A title")


async def again(database: Database, store: Store) -> None:
    """The row goes back to the queue."""
    await store.give_back("a test", runners_gone=[store.runner])


async def test_one_that_hands_over_is_followed_by_the_next(
    pooler: DownloadPooler, database: Database, store: Store, server: MediaServer, direct: Answers, ytdlp: Answers
) -> None:
    ytdlp.answer = plan(server.add("/a", payload(MIB)))
    download_id = await row(database)
    done = await pooler.work(await claimed(store))
    assert done.files is not None
    assert holds(Path(done.files[0].path), payload(MIB))
    assert (len(direct.asked), len(ytdlp.asked)) == (1, 1)
    found = await Queries(database).get(download_id)
    assert found is not None
    assert (found.url_type, found.extractor, found.title) == (UrlType.YTDLP, "test", "A title")


@pytest.mark.parametrize(("answer", "asked"), [(UnsupportedUrl(), 1), (LoginRequired(), 0)])
async def test_nobody_is_asked_after_an_answer(
    pooler: DownloadPooler,
    database: Database,
    store: Store,
    direct: Answers,
    ytdlp: Answers,
    answer: BossBotError,
    asked: int,
) -> None:
    direct.answer = answer
    await row(database)
    with pytest.raises(LoginRequired if asked == 0 else MediaNotFound):
        await pooler.work(await claimed(store))
    assert len(ytdlp.asked) == asked
    assert pooler.staging_area.ids() == set()


async def test_a_mirror_is_ruled_like_its_original(
    pooler: DownloadPooler, database: Database, store: Store, ytdlp: Answers
) -> None:
    ytdlp.answer = MediaNotFound()
    ruled = replace(pooler, sites=Sites({"x.com": Site(concurrent=1)}))
    for number in (1, 2):
        await row(database, url=f"https://fxtwitter.com/ann/status/{number}")
    first = await claimed(store)
    with pytest.raises(MediaNotFound):
        await ruled.work(first)
    with pytest.raises(SiteBusy):  # the other is still held
        await ruled.work(await claimed(store))


async def test_what_was_finished_before_a_death_needs_neither_site_nor_transfer(
    pooler: DownloadPooler, database: Database, store: Store, direct: Answers
) -> None:
    direct.answer = MediaNotFound()  # gone meanwhile
    await row(database)
    claim = await claimed(store)
    staging = pooler.staging_area.open(claim.id, claim.epoch, shelf_of(claim))
    directory = staging.assembling
    (directory / "a.mp4").write_bytes(b"whole")
    staging.finish([directory / "a.mp4"])
    await again(database, store)
    done = await pooler.work(await claimed(store))
    assert done.files is not None
    assert Path(done.files[0].path).read_bytes() == b"whole"
    assert direct.asked == []
    assert pooler.staging_area.ids() == {claim.id}  # another death before the row is settled would need it again
    assert done.tidy is not None
    done.tidy()
    assert pooler.staging_area.ids() == set()


async def test_a_part_that_arrived_is_kept_when_another_fails(
    pooler: DownloadPooler, database: Database, store: Store, server: MediaServer, direct: Answers
) -> None:
    bodies = [payload(MIB, 1), payload(MIB, 2)]
    server.add("/bad", bodies[1], status=403, ranges=False, delay=1)
    direct.answer = plan(server.add("/good", bodies[0]), server.url("/bad"))
    await row(database)
    with pytest.raises(SourceExpired):
        await pooler.work(await claimed(store))
    served = server.bytes_served("/good")
    server.change("/bad", status=200, delay=0)
    await again(database, store)
    done = await pooler.work(await claimed(store))
    assert done.files is not None
    assert [Path(file.path).name for file in done.files] == ["a.bin", "a (2).bin"]
    assert all(holds(Path(file.path), body) for file, body in zip(done.files, bodies, strict=True))
    assert server.bytes_served("/good") == served == MIB


async def test_parts_that_do_not_fit_together_are_not_kept(
    pooler: DownloadPooler, database: Database, store: Store, server: MediaServer, direct: Answers
) -> None:
    direct.answer = plan(server.add("/v", MIB), server.add("/a", MIB), assemble=Assemble.MERGE, one=True)
    await row(database)
    for tries in (1, 2):
        with pytest.raises(ChecksumMismatch):
            await pooler.work(await claimed(store))
        assert server.bytes_served("/v") == tries * MIB
        await again(database, store)


@pytest.mark.parametrize(("body", "size"), [(b"", None), (b"short", 7), (b"longer", 5)])
async def test_a_file_of_another_size_than_promised_is_damaged(
    pooler: DownloadPooler,
    database: Database,
    store: Store,
    server: MediaServer,
    direct: Answers,
    body: bytes,
    size: int | None,
) -> None:
    direct.answer = plan(server.add("/a", body, ranges=False, length="none"), size=size)
    await row(database)
    with pytest.raises(ChecksumMismatch, match="arrived damaged"):
        await pooler.work(await claimed(store))


async def test_what_is_known_to_be_too_large_is_not_begun(
    pooler: DownloadPooler, database: Database, store: Store, server: MediaServer, direct: Answers
) -> None:
    direct.answer = plan(server.add("/a", MIB), size=65 * MIB)
    await row(database)
    with pytest.raises(TooLarge, match="65 MiB; this bot fetches up to 64 MiB"):
        await pooler.work(await claimed(store))
    await row(database, size_limit_bytes=3 * MIB)
    with pytest.raises(TooLarge, match="65 MiB; your limit here is 3 MiB"):
        await pooler.work(await claimed(store))
    assert server.requests() == []


async def test_what_turns_out_to_be_larger_than_a_member_may_have_is_stopped(
    pooler: DownloadPooler, database: Database, store: Store, server: MediaServer, direct: Answers
) -> None:
    direct.answer = plan(server.add("/a", 8 * MIB, rate=4 * MIB))
    await row(database, size_limit_bytes=MIB)
    with pytest.raises(TooLarge, match="This media is too large; your limit here is 1 MiB"):
        await pooler.work(await claimed(store))


@pytest.mark.parametrize("status", ["pending", "failed"])
async def test_a_row_that_was_lost_is_not_worked_on(
    pooler: DownloadPooler, database: Database, store: Store, server: MediaServer, direct: Answers, status: str
) -> None:
    direct.answer = plan(server.add("/a", MIB))
    await row(database)
    claim = await claimed(store)
    await store.move(claim, Status(status))
    with pytest.raises(RowChanged):
        await pooler.work(claim)
    assert server.requests() == []


async def test_the_loop_takes_rows_to_their_end_and_forgets_nothing(
    pooler: DownloadPooler, database: Database, store: Store, server: MediaServer, direct: Answers, tmp_path: Path
) -> None:
    direct.answer = plan(server.add("/a", 3 * MIB, rate=2 * MIB))
    ids = [await row(database, upload=0), await row(database, upload=0, options='{"force": true}')]
    queries, stop, wake = Queries(database), asyncio.Event(), open_wake(database)
    writing = asyncio.create_task(pooler.progress.keep())
    with Alive(tmp_path / "locks", "download") as alive:
        loop = ClaimLoop(
            store,
            wake=wake,
            alive=alive,
            policy=RetryPolicy(),
            capacity=1,
            work=pooler.work,
            discard=pooler.discard,
            pace=Pace(),
        )
        running = asyncio.create_task(loop.run(stop))

        async def ended() -> bool:
            return all(found.status is Status.DOWNLOADED for found in await queries.find(ids))

        await wait_until(ended, 20)
        stop.set()
        await running
    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)
    await wake.close()
    assert server.bytes_served() == 6 * MIB
    assert pooler.staging_area.ids() == set()
    assert [len(await queries.files(download_id)) for download_id in ids] == [1, 1]
