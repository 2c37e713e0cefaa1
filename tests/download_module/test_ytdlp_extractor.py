"""Pages that yt-dlp reads, in real child processes with limits."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import psutil
import pytest
import pytest_asyncio

from core.errors import (
    BossBotError,
    DrmProtected,
    ExtractionError,
    ForbiddenTarget,
    LiveNotSupported,
    LoginRequired,
    MediaNotFound,
    RateLimited,
    SourceUnreachable,
    UnsupportedUrl,
)
from core.options import parse_options
from download_module.egress import Egress
from download_module.extractors.base_extractor import Wish
from download_module.extractors.child_memory import resident_bytes
from download_module.extractors.warm_children import ChildLimits
from download_module.extractors.ytdlp_extractor import YtdlpExtractor
from download_module.plan import Assemble, DownloadPlan, Kind, Output
from download_module.sites import Site, Sites
from tests.download_module.given import LOOPBACK, MIB
from tests.support.media_server import MediaServer, gzip_bomb
from tests.support.sample_media import add_split_video, add_video_page, clip, page
from tests.support.tls_proxy import TlsProxy
from tests.support.video_pages import (
    RANGED,
    TEMPLATED,
    UUID,
    add_feed,
    add_json_ld,
    add_jw_player,
    add_master,
    add_mediasite,
    add_mpd,
    add_open_graph,
    add_peertube,
    add_playlist,
    add_tags,
)

# A child is warm for all tests of this file, as it is in a runner.
pytestmark = pytest.mark.asyncio(loop_scope="module")
TIMEOUT = 60.0
MEMORY = 768 * MIB
NO_RULES = Site()
CODECS = 'CODECS="avc1.42c01e,mp4a.40.2"'
VARIANTS = {
    "low": f"BANDWIDTH=400000,RESOLUTION=426x240,{CODECS}",
    "middle": f"BANDWIDTH=900000,RESOLUTION=854x480,{CODECS}",
    "high": f"BANDWIDTH=2500000,RESOLUTION=1280x720,{CODECS}",
}


def extractor_with(site: Site = NO_RULES, *, timeout: float = TIMEOUT) -> YtdlpExtractor:
    limits = ChildLimits(timeout=timeout, memory_bytes=MEMORY, resident_bytes=MEMORY)
    return YtdlpExtractor(LOOPBACK, limits, sites=Sites({}, site))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server() -> AsyncIterator[MediaServer]:
    async with MediaServer() as server:
        yield server


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def extractor() -> AsyncIterator[YtdlpExtractor]:
    extractor = extractor_with()
    yield extractor
    await extractor.close()
    assert children() == []


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory where clips are made once."""
    return tmp_path_factory.mktemp("media")


def children() -> list[psutil.Process]:
    """What this process started and has not ended."""
    return [child for child in psutil.Process().children(recursive=True) if child.status() != psutil.STATUS_ZOMBIE]


def wish(*, limit: int | None = None, cap: int = 100, **options: Any) -> Wish:
    return Wish(options=parse_options(options), limit_bytes=limit, max_items=cap)


async def only(extractor: YtdlpExtractor, url: str, wanted: Wish | None = None) -> Output:
    (output,) = (await extractor.extract(url, wanted or wish())).outputs
    return output


def headers_of(output: Output) -> dict[str, str]:
    return {name.lower(): value for name, value in output.parts[0].headers}


# -- pages -----------------------------------------------------------------------------------------------------------


async def test_a_page_with_a_video_gives_its_file(server: MediaServer, extractor: YtdlpExtractor, media: Path) -> None:
    video = clip(media / "clip.mp4", 1, cache=media)
    url = add_video_page(server, "/watch", video, title="A cat / on a 'mat'")
    plan = await extractor.extract(url)
    (output,) = plan.outputs
    assert plan.parts[0].uris == (server.url("/watch/clip.mp4"),)
    assert (output.filename, output.kind, output.assemble) == ("A cat _ on a 'mat'.mp4", Kind.VIDEO, Assemble.NONE)
    assert (plan.title, plan.extractor, plan.source_url) == ("A cat / on a 'mat'", "html5mediaembed", url)
    assert "user-agent" in headers_of(output)
    assert not headers_of(output).keys() & {"accept-encoding", "range", "host"}


async def test_structured_data_gives_its_file_and_what_is_known_of_it(
    server: MediaServer, extractor: YtdlpExtractor
) -> None:
    video = server.add("/ld/a.mp4", 100)
    about = {"name": "A talk", "duration": "PT1M30S", "uploadDate": "2024-05-06T07:08:09Z", "description": "Words."}
    plan = await extractor.extract(add_json_ld(server, "/ld", video, **about))
    assert [part.uris for part in plan.parts] == [(video,)]
    assert (plan.title, plan.metadata.duration, plan.metadata.description) == ("A talk", 90.0, "Words.")
    assert (plan.metadata.published_at, plan.metadata.download_method) == ("2024-05-06 07:08:09", "api")


async def test_what_a_page_says_for_previews_gives_its_file(server: MediaServer, extractor: YtdlpExtractor) -> None:
    video = server.url("/og/a.mp4")
    plan = await extractor.extract(add_open_graph(server, "/og", video, "A preview"))
    assert ([part.uris for part in plan.parts], plan.title) == ([(video,)], "A preview")
    assert headers_of(plan.outputs[0])["referer"] == server.url("/og")


async def test_an_embedded_player_is_asked(server: MediaServer, extractor: YtdlpExtractor) -> None:
    video = server.url("/lecture.mp4")
    plan = await extractor.extract(add_mediasite(server, "/course", video, "A lecture"))
    assert ([part.uris for part in plan.parts], plan.title) == ([(video,)], "A lecture")
    assert (plan.extractor, plan.metadata.duration) == ("mediasite", 90.0)


async def test_several_videos_of_a_page_are_outputs_of_one_plan(server: MediaServer, extractor: YtdlpExtractor) -> None:
    videos = [server.url(f"/tags/{name}.mp4") for name in "abc"]
    plan = await extractor.extract(add_tags(server, "/tags", videos))
    assert [output.parts[0].uris for output in plan.outputs] == [(video,) for video in videos]
    assert (plan.title, plan.children) == ("Some clips", ())


async def test_separate_video_and_audio_are_to_be_merged(
    server: MediaServer, extractor: YtdlpExtractor, media: Path
) -> None:
    plan = await extractor.extract(add_split_video(server, "/split", media / "split", seconds=1))
    (output,) = plan.outputs
    assert [Path(part.uris[0]).name for part in output.parts] == ["video-320x180.mp4", "audio.m4a"]
    assert output.assemble is Assemble.MERGE
    assert output.filename.endswith(".mp4")
    assert plan.size == sum(path.stat().st_size for path in (media / "split").iterdir())


async def test_peertube_is_read_by_its_api(server: MediaServer, tmp_path: Path) -> None:
    add_peertube(server, "127.0.0.1")
    async with TlsProxy(tmp_path, server.port) as proxy:
        extractor = extractor_with(Site(proxy=proxy.url, options={"ytdlp": {"nocheckcertificate": True}}))
        asked = wish(limit=5_000_000, subtitles="fr", thumbnail=True)
        plan = await extractor.extract(f"https://127.0.0.1/w/{UUID}", asked)
        best = await only(extractor, f"https://127.0.0.1/w/{UUID}")
        await extractor.close()
    assert set(proxy.hosts) == {"127.0.0.1:443"}
    video, captions, thumbnail = plan.outputs
    assert video.parts[0].uris == (server.url(f"/static/web-videos/{UUID}-720.mp4"),)
    assert best.parts[0].uris == (server.url(f"/static/web-videos/{UUID}-1080.mp4"),)
    assert plan.size is None
    assert (captions.kind, captions.parts[0].uris[0].endswith("-fr.vtt")) == (Kind.DOCUMENT, True)
    assert (thumbnail.kind, thumbnail.optional) == (Kind.IMAGE, True)
    metadata = plan.metadata
    assert (metadata.platform, metadata.author, metadata.quality) == ("peertube", "Framasoft", "720p")
    assert (metadata.like_count, metadata.view_count, metadata.duration) == (120, 4321, 113.0)


# -- streams ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "variant"),
    [
        ({}, "high"),
        ({"quality": "480p"}, "middle"),
        ({"quality": "worst"}, "low"),
        ({"limit": 1_500_000}, "middle"),
        ({"limit": 5_000_000}, "high"),
        ({"limit": 100_000}, "low"),
    ],
    ids=str,
)
async def test_the_rendition_is_the_one_that_was_asked_for_and_that_fits(
    server: MediaServer, extractor: YtdlpExtractor, wanted: Mapping[str, Any], variant: str
) -> None:
    output = await only(extractor, add_master(server, "/hls", VARIANTS), wish(**wanted))
    assert output.parts[0].uris == (server.url(f"/hls/{variant}-0.ts"),)
    assert (output.assemble, len(output.tracks), len(output.tracks[0].segments)) == (Assemble.HLS, 1, 10)


async def test_what_else_could_be_chosen_is_told(server: MediaServer, extractor: YtdlpExtractor) -> None:
    plan = await extractor.extract(add_master(server, "/choice", VARIANTS), wish(quality="480p"))
    assert (plan.height, plan.heights) == (480, (720, 480, 240))
    sound = await extractor.extract(add_master(server, "/choice", VARIANTS), wish(audio=True))
    assert (sound.height, sound.heights) == (None, ())


@pytest.mark.parametrize("codecs", [f",{CODECS}", ""], ids=["codecs", "no codecs"])
async def test_sound_of_its_own_is_a_second_track(server: MediaServer, extractor: YtdlpExtractor, codecs: str) -> None:
    sound = '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="English",DEFAULT=YES,URI="sound.m3u8"'
    prefix = f"/apart{len(codecs)}"
    add_playlist(server, f"{prefix}/sound.m3u8")
    url = add_master(server, prefix, {"v": f'BANDWIDTH=1000,RESOLUTION=854x480,AUDIO="a"{codecs}'}, media=[sound])
    output = await only(extractor, url)
    assert [output.parts[track.segments[0].data.part].uris[0].rpartition("/")[2] for track in output.tracks] == [
        "v-0.ts",
        "sound-0.ts",
    ]
    assert (await only(extractor, url, wish(audio=True))).parts[0].uris[0].endswith("sound-0.ts")


async def test_a_variant_with_its_sound_in_it_stays_whole(server: MediaServer, extractor: YtdlpExtractor) -> None:
    media = ['#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="English",DEFAULT=YES']
    media += ['#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="French",DEFAULT=NO,URI="french.m3u8"']
    add_playlist(server, "/whole/french.m3u8")
    url = add_master(server, "/whole", {"v": 'BANDWIDTH=1000,RESOLUTION=854x480,AUDIO="a"'}, media=media)
    assert len((await only(extractor, url)).tracks) == 1


async def test_dash_is_a_track_of_each(server: MediaServer, extractor: YtdlpExtractor) -> None:
    output = await only(extractor, add_mpd(server, "/dash/a.mpd", TEMPLATED))
    assert [len(track.segments) for track in output.tracks] == [5, 5]
    assert output.parts[0].uris == (server.url("/dash/v2-init.mp4"),)
    assert (output.assemble, output.filename) == (Assemble.HLS, "a.mp4")


async def test_dash_in_ranges_of_one_file_is_that_file(server: MediaServer, extractor: YtdlpExtractor) -> None:
    output = await only(extractor, add_mpd(server, "/ranged/a.mpd", RANGED))
    assert (output.parts[0].uris, output.assemble) == ((server.url("/ranged/whole.mp4"),), Assemble.NONE)


async def test_a_manifest_that_a_browser_found_is_fetched_as_the_browser_would(
    server: MediaServer, extractor: YtdlpExtractor
) -> None:
    url = add_master(server, "/seen", VARIANTS)
    server.change("/seen/high.m3u8", cookie="session=1", requires={"referer": "https://page.test/"})
    given = (("Cookie", "session=1; b=2"), ("Referer", "https://page.test/"), ("User-Agent", "Browser/1"), ("TE", "x"))
    plan = await extractor.extract(url, headers=given)
    headers = headers_of(plan.outputs[0])
    assert (headers["cookie"], headers["referer"]) == ("session=1; b=2", "https://page.test/")
    assert headers["user-agent"] == "Browser/1"
    assert "te" not in headers


async def test_what_is_refused_gives_way_to_the_next_best(server: MediaServer, extractor: YtdlpExtractor) -> None:
    url = add_master(server, "/partly", VARIANTS)
    server.remove("/partly/high.m3u8")
    assert (await only(extractor, url)).parts[0].uris[0].endswith("middle-0.ts")
    for name in ("middle", "low"):
        server.remove(f"/partly/{name}.m3u8")
    with pytest.raises(MediaNotFound):
        await extractor.extract(url)


async def test_unknown_sizes_are_asked_for_when_there_is_a_limit(
    server: MediaServer, extractor: YtdlpExtractor
) -> None:
    sizes = {"360": 1000, "720": 5000, "1080": 9000}
    sources = [{"file": server.add(f"/jw/{h}.mp4", size), "label": f"{h}p"} for h, size in sizes.items()]
    url = add_jw_player(server, "/jw", sources, "Three sizes")
    assert (await only(extractor, url, wish(limit=6000))).parts[0].uris == (server.url("/jw/720.mp4"),)
    assert (await only(extractor, url)).parts[0].uris == (server.url("/jw/1080.mp4"),)


async def test_a_live_stream_is_refused_unless_it_is_asked_for(server: MediaServer, extractor: YtdlpExtractor) -> None:
    url = add_master(server, "/live", VARIANTS, live=True)
    with pytest.raises(LiveNotSupported):
        await extractor.extract(url)
    output = await only(extractor, url, wish(live=2))
    assert output.live is not None
    assert (output.live.playlists, output.live.seconds) == ((server.url("/live/high.m3u8"),), 120.0)
    dash = add_mpd(server, "/live/a.mpd", TEMPLATED, kind="dynamic")
    with pytest.raises(LiveNotSupported, match="can't be recorded"):
        await extractor.extract(dash, wish(live=2))


async def test_a_protected_stream_is_refused(server: MediaServer, extractor: YtdlpExtractor) -> None:
    key = '#EXT-X-KEY:METHOD=SAMPLE-AES,URI="skd://x",KEYFORMAT="com.apple.streamingkeydelivery",KEYFORMATVERSIONS="1"'
    add_playlist(server, "/drm/v.m3u8", more=key)
    with pytest.raises(DrmProtected):
        await extractor.extract(server.url("/drm/v.m3u8"))


# -- lists -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        ({}, list(range(1, 101))),
        ({"cap": 7}, list(range(1, 8))),
        ({"items": "5-7,1000"}, [5, 6, 7, 1000]),
        ({"items": "990-", "cap": 3}, [990, 991, 992]),
    ],
    ids=str,
)
async def test_a_list_of_a_thousand_becomes_the_children_that_were_asked_for(
    server: MediaServer, extractor: YtdlpExtractor, wanted: dict[str, Any], numbers: list[int]
) -> None:
    plan = await extractor.extract(add_feed(server, "/feed", 1000), wish(**wanted))
    assert [child.url for child in plan.children] == [server.url(f"/feed/{number}.mp3") for number in numbers]
    assert [child.title for child in plan.children] == [f"Episode {number}" for number in numbers]
    assert (plan.title, plan.outputs) == ("A podcast", ())
    assert server.requests(f"/feed/{numbers[0]}.mp3") == []


async def test_one_entry_of_a_list_is_an_output(server: MediaServer, extractor: YtdlpExtractor) -> None:
    feed = add_feed(server, "/one", 3)
    server.add("/one/2.mp3", b"ID3" + bytes(1000), content_type="audio/mpeg")
    plan = await extractor.extract(feed, wish(items="2"))
    (output,) = plan.outputs
    assert (output.filename, output.kind) == ("Episode 2.mp3", Kind.AUDIO)
    with pytest.raises(MediaNotFound, match="no entries 9"):
        await extractor.extract(feed, wish(items="9"))


# -- refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [
        ({"status": 401}, LoginRequired),
        ({"status": 403}, LoginRequired),
        ({"status": 404}, MediaNotFound),
        ({"fail_first": 99, "fail_status": 429, "retry_after": 17}, RateLimited),
        ({"status": 503}, SourceUnreachable),
        ({}, UnsupportedUrl),
    ],
    ids=str,
)
async def test_a_page_without_media_is_handed_over_and_a_refusal_is_an_answer(
    server: MediaServer, extractor: YtdlpExtractor, behaviour: dict[str, Any], error: type[BossBotError]
) -> None:
    with pytest.raises(error) as refused:
        await extractor.extract(server.add_page("/page", page("Words", "<p>Only words.</p>"), **behaviour))
    assert type(refused.value) is error
    if error is RateLimited:
        assert refused.value.retry_after == 17.0


async def test_text_that_is_no_page_is_no_video(server: MediaServer, extractor: YtdlpExtractor) -> None:
    with pytest.raises(UnsupportedUrl):
        await extractor.extract(server.add("/api", '{"a": 1}', content_type="application/json"))


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/a#__youtubedl_smuggle=%7B%22force%22%3A1%7D",
        "file:///etc/passwd",
        "ytsearch:cats",
        "--exec x",
        "peertube:127.0.0.1:9c9de5e8-0a1e-484a-b099-e80766180a6d",
    ],
)
async def test_what_is_no_plain_link_is_refused_without_a_child(url: str) -> None:
    extractor = extractor_with()
    with pytest.raises(UnsupportedUrl):
        await extractor.extract(url)
    await extractor.close()


async def test_media_at_an_address_that_is_not_allowed_is_refused(
    server: MediaServer, extractor: YtdlpExtractor
) -> None:
    with pytest.raises(ForbiddenTarget):
        await extractor.extract(add_open_graph(server, "/inner", "http://10.0.0.1/a.mp4", "x"))
    strict = YtdlpExtractor(Egress([]), ChildLimits(timeout=TIMEOUT, memory_bytes=MEMORY))
    with pytest.raises(ForbiddenTarget):
        await strict.extract(server.url("/inner"))
    await strict.close()


# -- sites -----------------------------------------------------------------------------------------------------------


async def test_an_admins_cookies_are_sent_to_their_site_and_never_written(server: MediaServer, tmp_path: Path) -> None:
    cookies = tmp_path / "cookies.txt"
    text = "# Netscape HTTP Cookie File\n127.0.0.1\tFALSE\t/\tFALSE\t2000000000\tsession\t7\n"
    cookies.write_text(text)
    cookies.chmod(0o400)
    url = add_json_ld(server, "/members", server.add("/members/a.mp4", 100), name="x")
    server.change("/members", cookie="session=7", headers=[("Set-Cookie", "more=8; Path=/")])
    for use_library in (True, False):
        extractor = extractor_with(Site(cookies=cookies, use_library=use_library))
        assert headers_of(await only(extractor, url))["cookie"] == "session=7; more=8"
        await extractor.close()
        assert cookies.read_text() == text


async def test_the_program_finds_what_the_library_finds(server: MediaServer, extractor: YtdlpExtractor) -> None:
    program = extractor_with(Site(use_library=False))
    url = add_master(server, "/both", VARIANTS)
    asked = wish(limit=1_500_000)
    by_library, by_program = await extractor.extract(url, asked), await program.extract(url, asked)
    assert [part.uris for part in by_program.parts] == [part.uris for part in by_library.parts]
    assert (by_library.metadata.download_method, by_program.metadata.download_method) == ("api", "cli")
    feed = await program.extract(add_feed(server, "/both/feed", 5), wish(items="2-3"))
    assert [child.title for child in feed.children] == ["Episode 2", "Episode 3"]
    with pytest.raises(MediaNotFound):
        await program.extract(server.url("/gone"))
    await program.close()


# An API that answers nonsense makes yt-dlp say that it has a bug.
@pytest.mark.parametrize("falls_back", [True, False])
async def test_a_fault_of_the_library_is_tried_with_the_program(server: MediaServer, falls_back: bool) -> None:
    url = add_mediasite(server, "/odd", server.url("/odd.mp4"), "x")
    service = "/Mediasite/PlayerService/PlayerService.svc/json/GetPlayerOptions"
    before = len(server.requests(service))
    server.add(service, "[]", content_type="application/json")
    extractor = extractor_with(Site(fall_back=falls_back))
    with pytest.raises(ExtractionError):
        await extractor.extract(url)
    await extractor.close()
    assert len(server.requests(service)) - before == (2 if falls_back else 1)


# -- limits ----------------------------------------------------------------------------------------------------------


async def test_the_child_has_no_secrets_and_no_home(server: MediaServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOSS_BOT_DISCORD_TOKEN", "secret-token")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9/")
    extractor = extractor_with()
    before = {child.pid for child in children()}
    asking = asyncio.create_task(extractor.extract(server.add_page("/slow", "<html>", delay=float("inf"))))
    await server.wait_for_request("/slow")
    (child,) = [child for child in children() if child.pid not in before]
    environment = child.environ()
    assert "secret-token" not in str(environment)
    assert not [name for name in environment if name.lower().endswith("proxy")]
    assert environment["HOME"] == "/nonexistent"
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    assert {child.pid for child in children()} == before


async def test_a_child_that_takes_too_long_is_killed(server: MediaServer) -> None:
    extractor = extractor_with(timeout=3.0)
    with pytest.raises(ExtractionError, match="took too long") as error:
        await extractor.extract(server.add_page("/hangs", "<html>", delay=float("inf")))
    assert error.value.transient
    await server.wait_until_idle("/hangs", timeout=10)


async def test_a_page_that_unpacks_to_gigabytes_costs_one_child(server: MediaServer, extractor: YtdlpExtractor) -> None:
    url = server.add("/bomb", gzip_bomb(3 * 1024 * MIB), content_type="text/html", headers={"Content-Encoding": "gzip"})
    largest = 0
    careful = extractor_with()
    asking = asyncio.create_task(careful.extract(url))
    while not asking.done():
        largest = max([largest, *(resident_bytes(child.pid) for child in children())])
        await asyncio.sleep(0.05)
    with pytest.raises(ExtractionError):
        await asking
    await careful.close()
    assert largest < MEMORY
    assert isinstance(await extractor.extract(add_tags(server, "/after", [server.url("/a.mp4")])), DownloadPlan)
