"""Plans of every shape through stage 3, in this process: what is made, what is recorded of it, and what may be lost."""

import json
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.attempt import Done
from core.database import Database
from core.errors import MediaNotFound, SourceExpired, SourceUnreachable
from core.models import Download, Status, UrlType
from core.queries import Queries
from core.store import Store
from download_module import aria2c_calls
from download_module.download_pooler import DownloadPooler
from download_module.extractors.segments import hls_track, join
from download_module.media_metadata import MediaMetadata
from download_module.plan import Assemble, Child, DownloadPlan, Kind, LiveWindow, Output, Part
from tests.core.given import claimed, row, runner
from tests.download_module.given import MIB, holds
from tests.download_module.pooler_scene import Answers, opened_pooler
from tests.support.media_server import MediaServer, payload
from tests.support.sample_media import add_hls, add_stream, clip, picture, video_only
from tests.support.sample_streams import hls_master

PAGE = "https://site.test/post/1.bin"  # of the direct extractor, in whose place `Answers` stands


@pytest.fixture
def database_url(sqlite_file: Path) -> str:
    return f"sqlite+aiosqlite:///{sqlite_file}"


@pytest.fixture
def store(database: Database) -> Store:
    return runner(database)


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where media is made once for all tests."""
    return tmp_path_factory.mktemp("media")


@pytest.fixture
async def server() -> AsyncIterator[MediaServer]:
    async with MediaServer() as server:
        yield server


@pytest.fixture
def extractor() -> Answers:
    return Answers(MediaNotFound())


@pytest.fixture
async def pooler(
    tmp_path: Path, database: Database, store: Store, extractor: Answers, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[DownloadPooler]:
    monkeypatch.setitem(aria2c_calls.OPTIONS, "retry-wait", "0")  # aria2 itself does not wait for a busy server
    async with opened_pooler(tmp_path, database, store, {UrlType.DIRECT: extractor}) as pooler:
        yield pooler


def plan(*outputs: Output, **more: Any) -> DownloadPlan:
    return DownloadPlan(source_url=PAGE, extractor="test", outputs=outputs, title="A title", **more)


def pictures(server: MediaServer, *paths: str, source: Path) -> tuple[Output, ...]:
    """A gallery: each of its files may be lost."""
    urls = [server.add(path, source) for path in paths]
    return tuple(
        Output(
            filename=Path(url).name,
            kind=Kind.IMAGE,
            parts=(Part(uris=(url,), identity=url),),
            description=f"Picture {number}",
            optional=True,
        )
        for number, url in enumerate(urls, 1)
    )


def hls(server: MediaServer, directory: Path, *playlists: str) -> Output:
    """One output of one playlist, or of one of video and one of audio."""
    add_stream(server, "/hls", directory, playlists[0])
    streams = [hls_track((directory / name).read_text(), server.url(f"/hls/{name}")) for name in playlists]
    parts, tracks = join(streams)
    return Output(filename="a.mp4", kind=Kind.VIDEO, parts=parts, tracks=tracks, assemble=Assemble.HLS)


async def again(database: Database, store: Store, attempts: int) -> Download:
    """The row is claimed anew after so many tries that failed."""
    await store.give_back("a test", runners_gone=[store.runner])
    return replace(await claimed(store), attempts=attempts)


def names(done: Done) -> list[str]:
    assert done.files is not None
    return [Path(file.path).name for file in done.files]


def document(done: Done) -> dict[str, Any]:
    """`metadata.json`."""
    assert done.files
    text = (Path(done.files[0].path).parent / "metadata.json").read_text()
    found: dict[str, Any] = json.loads(text)
    return found


async def test_a_picture_that_is_gone_does_not_cost_the_others(
    pooler: DownloadPooler, database: Database, store: Store, server: MediaServer, extractor: Answers, media: Path
) -> None:
    outputs = pictures(server, "/1.png", "/2.png", "/3.png", source=picture(media / "p.png"))
    server.remove("/2.png")
    text = Output(filename="post.txt", kind=Kind.DOCUMENT, parts=(Part(content=b"words"),), optional=True)
    found = MediaMetadata(platform="site", author="Ann", like_count=3)
    extractor.answer = plan(*outputs, text, metadata=found, author="Ann")
    await row(database, url=PAGE, options='{"spoiler": true}', user_id=5)
    done = await pooler.work(await claimed(store))
    assert names(done) == ["1.png", "3.png", "post.txt"]
    assert done.files is not None
    assert [file.description for file in done.files] == ["Picture 1", "Picture 3", None]
    assert done.settlement.values["activity"] == "1 of 4 files could not be fetched"
    said = document(done)
    assert said["missing"] == ["2.png"]
    assert [file["filename"] for file in said["files"]] == names(done)
    assert [file["description"] for file in said["files"]] == ["Picture 1", "Picture 3", None]
    assert (said["title"], said["author"], said["like_count"]) == ("A title", "Ann", 3)
    assert (said["download"]["options"], said["download"]["user_id"]) == ({"spoiler": True}, 5)
    assert (Path(done.files[2].path)).read_bytes() == b"words"
    assert await store.settle(await _claim_of(database), done.settlement, files=done.files)
    assert [file.description for file in await Queries(database).files(1)] == ["Picture 1", "Picture 3", None]


async def _claim_of(database: Database) -> Download:
    found = await Queries(database).get(1)
    assert found is not None
    return found


async def test_a_gallery_of_which_all_is_gone_is_an_error(
    pooler: DownloadPooler, database: Database, store: Store, server: MediaServer, extractor: Answers, media: Path
) -> None:
    outputs = pictures(server, "/1.png", "/2.png", source=picture(media / "p.png"))
    for path in ("/1.png", "/2.png"):
        server.remove(path)
    extractor.answer = plan(*outputs)
    await row(database, url=PAGE)
    with pytest.raises(SourceExpired):
        await pooler.work(await claimed(store))


async def test_videos_that_each_lost_a_part_are_an_error_with_its_reason(
    pooler: DownloadPooler, database: Database, store: Store, server: MediaServer, extractor: Answers, media: Path
) -> None:
    video = server.add("/v.mp4", video_only(media / "v.mp4", 1))
    parts = (Part(uris=(video,)), Part(uris=(server.url("/gone.m4a"),)))
    lost = Output(filename="a.mp4", kind=Kind.VIDEO, parts=parts, assemble=Assemble.MERGE, optional=True)
    extractor.answer = plan(lost)
    await row(database, url=PAGE)
    with pytest.raises(SourceExpired):
        await pooler.work(await claimed(store))


async def test_a_busy_server_is_asked_again_and_given_up_in_the_last_try(
    pooler: DownloadPooler, database: Database, store: Store, server: MediaServer, extractor: Answers, media: Path
) -> None:
    extractor.answer = plan(*pictures(server, "/1.png", "/2.png", source=picture(media / "p.png")))
    server.change("/2.png", status=503, delay=0.5)
    await row(database, url=PAGE)
    with pytest.raises(SourceUnreachable):
        await pooler.work(await claimed(store))
    with pytest.raises(SourceUnreachable):
        await pooler.work(await again(database, store, 1))
    done = await pooler.work(await again(database, store, 2))
    assert names(done) == ["1.png"]
    assert document(done)["missing"] == ["2.png"]
    size = (media / "p.png").stat().st_size
    assert server.bytes_served("/1.png") == size  # what was there already was kept in between


async def test_a_row_with_fewer_tries_gives_up_in_its_own_last_one(
    pooler: DownloadPooler, database: Database, store: Store, server: MediaServer, extractor: Answers, media: Path
) -> None:
    patient = replace(pooler, maker=replace(pooler.maker, tries=1))  # MAX_DOWNLOAD_RETRIES=0
    extractor.answer = plan(*pictures(server, "/1.png", "/2.png", source=picture(media / "p.png")))
    server.change("/2.png", status=503)
    await row(database, url=PAGE)
    assert names(await patient.work(await claimed(store))) == ["1.png"]


async def test_a_damaged_picture_of_a_gallery_is_missing_too(
    pooler: DownloadPooler, database: Database, store: Store, server: MediaServer, extractor: Answers, media: Path
) -> None:
    video = clip(media / "c.mp4", 1)
    good, bad = pictures(server, "/good.mp4", "/bad.mp4", source=video)
    server.add("/bad.mp4", b"<html>Please log in</html>" * 40)
    extractor.answer = plan(*(replace(output, kind=Kind.VIDEO) for output in (good, bad)))
    await row(database, url=PAGE)
    done = await pooler.work(await claimed(store))
    assert (names(done), document(done)["missing"]) == (["good.mp4"], ["bad.mp4"])


async def test_another_rendition_comes_in_the_place_of_one_that_is_refused(
    pooler: DownloadPooler, database: Database, store: Store, server: MediaServer, extractor: Answers
) -> None:
    part = Part(uris=(server.url("/orig.bin"),), fallbacks=(server.add("/large.bin", payload(MIB)),))
    extractor.answer = plan(Output(filename="a.bin", kind=Kind.DOCUMENT, parts=(part,), optional=True))
    await row(database, url=PAGE)
    done = await pooler.work(await claimed(store))
    assert done.files is not None
    assert holds(Path(done.files[0].path), payload(MIB))
    assert document(done)["missing"] == []


async def test_a_file_called_like_ours_stays_what_it_is(
    pooler: DownloadPooler, database: Database, store: Store, extractor: Answers
) -> None:
    theirs = Output(filename="metadata.json", kind=Kind.DOCUMENT, parts=(Part(content=b'{"theirs": 1}'),))
    extractor.answer = plan(theirs)
    await row(database, url=PAGE)
    done = await pooler.work(await claimed(store))
    assert names(done) == ["metadata.json"]
    assert document(done) == {"theirs": 1}
    assert done.files is not None
    ours = Path(done.files[0].path).parent / "metadata.boss-bot.json"
    assert json.loads(ours.read_text())["download"]["id"] == 1


async def test_a_stream_with_its_sound_apart_becomes_one_file_with_its_duration_in_the_row(
    pooler: DownloadPooler, database: Database, store: Store, server: MediaServer, extractor: Answers, media: Path
) -> None:
    hls_master(media / "apart", clip(media / "four.mp4", 4))
    words = Output(filename="a.vtt", kind=Kind.DOCUMENT, parts=(Part(content=b"WEBVTT"),), optional=True)
    extractor.answer = plan(hls(server, media / "apart", "video.m3u8", "audio.m3u8"), words)
    await row(database, url=PAGE)
    done = await pooler.work(await claimed(store))
    assert done.files is not None
    file, _ = done.files
    found = await Queries(database).get(1)
    assert found is not None
    assert (found.status, found.title, found.extractor) == (Status.DOWNLOADING, "A title", extractor.answer.extractor)
    assert (file.kind, file.mime_type, file.width) == ("video", "video/mp4", 320)
    assert done.settlement.values["duration_seconds"] == pytest.approx(4, abs=0.1)
    assert done.settlement.values["file_size"] == Path(file.path).stat().st_size + len(b"WEBVTT")
    assert len(server.requests()) == len(extractor.answer.parts) - 1


def growing(directory: Path, *, begin: int) -> Callable[[int], str]:
    """A live playlist that has a segment more each time that it is asked for, three at once, and ends."""
    lines = (directory / "hls.m3u8").read_text().splitlines()
    entries = [lines[i : i + 2] for i, line in enumerate(lines) if line.startswith("#EXTINF")]

    def text(number: int) -> str:
        shown = min(begin + number, len(entries))
        first = max(0, shown - 3)
        said = ["#EXTM3U", "#EXT-X-VERSION:3", "#EXT-X-TARGETDURATION:1", f"#EXT-X-MEDIA-SEQUENCE:{first}"]
        said += [line for entry in entries[first:shown] for line in entry]
        return "\n".join([*said, *(["#EXT-X-ENDLIST"] if shown == len(entries) else []), ""])

    return text


async def test_a_live_stream_is_recorded_for_as_long_as_was_asked(
    pooler: DownloadPooler, database: Database, store: Store, server: MediaServer, extractor: Answers, media: Path
) -> None:
    add_hls(server, "/live", media / "live", seconds=9)
    url = server.add("/live/now.m3u8", growing(media / "live", begin=3), content_type="application/vnd.apple.mpegurl")
    server.change("/live/hls4.ts", status=404)  # a gap is better than no recording
    window = LiveWindow(playlists=(url,), headers=(), seconds=6)
    extractor.answer = plan(Output(filename="now.mp4", kind=Kind.VIDEO, parts=(), live=window))
    await row(database, url=PAGE)
    done = await pooler.work(await claimed(store))
    assert done.files is not None
    (file,) = done.files
    assert file.duration_seconds == pytest.approx(5, abs=0.2)
    assert all(len(server.requests(f"/live/hls{number}.ts")) == 1 for number in (0, 1, 2, 3, 5))
    assert server.requests("/live/hls8.ts") == []
    assert document(done)["files"][0]["filename"] == "now.mp4"


@pytest.mark.parametrize(
    ("name", "options", "made", "kind"),
    [
        ("a.mp4", (), "a.m4a", "audio/mp4"),
        (
            "a.webm",
            ("-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-c:a", "libopus"),
            "a.ogg",
            "audio/ogg",
        ),
    ],
)
async def test_only_the_sound_is_kept_of_a_video_when_that_was_asked(
    pooler: DownloadPooler,
    database: Database,
    store: Store,
    server: MediaServer,
    extractor: Answers,
    media: Path,
    name: str,
    options: Sequence[str],
    made: str,
    kind: str,
) -> None:
    url = server.add(f"/{name}", clip(media / name, 1, options=options))
    extractor.answer = plan(Output(filename=name, kind=Kind.VIDEO, parts=(Part(uris=(url,)),)))
    await row(database, url=PAGE, options='{"audio": true}')
    done = await pooler.work(await claimed(store))
    assert done.files is not None
    assert names(done) == [made]
    assert (done.files[0].kind, done.files[0].mime_type) == ("audio", kind)
    assert done.files[0].duration_seconds == pytest.approx(1, abs=0.1)


async def test_a_silent_video_has_no_sound_to_keep(
    pooler: DownloadPooler, database: Database, store: Store, server: MediaServer, extractor: Answers, media: Path
) -> None:
    url = server.add("/a.mp4", video_only(media / "silent.mp4", 1))
    extractor.answer = plan(Output(filename="a.mp4", kind=Kind.VIDEO, parts=(Part(uris=(url,)),)))
    await row(database, url=PAGE, options='{"audio": true}')
    with pytest.raises(MediaNotFound, match="has no sound"):
        await pooler.work(await claimed(store))


async def test_a_list_becomes_rows_of_its_own(
    pooler: DownloadPooler, database: Database, store: Store, extractor: Answers
) -> None:
    children = [Child(url="https://youtu.be/jNQXAC9IVRw?si=x", title="At the zoo"), Child(url="gopher://a")]
    extractor.answer = plan(metadata=MediaMetadata(author="Ann"))
    extractor.answer = replace(extractor.answer, children=tuple(children))
    await row(database, url=PAGE, upload=1)
    claim = await claimed(store)
    done = await pooler.work(claim)
    assert [(child.site, child.media_id) for child in done.children] == [("youtube", "jNQXAC9IVRw"), (None, None)]
    assert done.files == ()
    assert done.settlement.status is Status.DOWNLOADED
    assert (done.settlement.values["activity"], done.settlement.values["upload"]) == ("2 downloads", 0)
    assert await store.settle(claim, done.settlement, files=done.files, children=done.children)
    parent, *entries = [found for number in (1, 2) if (found := await Queries(database).get(number))]
    assert (parent.title, parent.author, parent.file_size) == ("A title", "Ann", None)
    assert [(entry.title, entry.parent_id, entry.upload) for entry in entries] == [("At the zoo", 1, True)]
    assert pooler.staging_area.ids() == set()


async def test_a_list_that_was_cut_off_says_so(
    pooler: DownloadPooler, database: Database, store: Store, extractor: Answers
) -> None:
    children = tuple(Child(url=f"https://site.test/{number}.mp4") for number in range(50))
    extractor.answer = replace(plan(), children=children)
    await row(database, url=PAGE)
    done = await pooler.work(await claimed(store))
    assert done.settlement.values["activity"] == "the first 50 downloads"


async def test_an_entry_is_called_as_its_list_calls_it(
    pooler: DownloadPooler, database: Database, store: Store, extractor: Answers
) -> None:
    output = Output(filename="media.mp3", kind=Kind.DOCUMENT, parts=(Part(content=b"sound"),))
    extractor.answer = replace(plan(output), extractor="direct", title="media.mp3")
    parent = await row(database, url="https://site.test/feed", status="downloaded", upload=0)
    await row(database, url=PAGE, parent_id=parent, title="1: The beginning")
    done = await pooler.work(await claimed(store))
    assert names(done) == ["1_ The beginning.mp3"]
    found = await Queries(database).get(2)
    assert found is not None
    assert found.title == "1: The beginning"
