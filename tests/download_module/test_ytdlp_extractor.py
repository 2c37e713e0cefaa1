"""Pages that yt-dlp reads, in a real child process with limits."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from core.errors import (
    BossBotError,
    DrmProtected,
    ExtractionError,
    ForbiddenTarget,
    GeoRestricted,
    LiveNotSupported,
    LoginRequired,
    MediaNotFound,
    RateLimited,
    UnsupportedUrl,
)
from download_module.extractors import ytdlp_extractor
from download_module.extractors.ytdlp_extractor import Answer, YtdlpExtractor
from download_module.plan import Assemble, Kind
from tests.download_module.given import LOOPBACK, MIB
from tests.support.media_server import MediaServer
from tests.support.sample_media import add_hls, add_split_video, add_video_page, clip, page

PUBLIC = "https://93.184.215.14"


@pytest.fixture
async def server() -> AsyncIterator[MediaServer]:
    async with MediaServer() as server:
        yield server


@pytest.fixture
def extractor() -> YtdlpExtractor:
    return YtdlpExtractor(LOOPBACK, timeout=30, memory_bytes=768 * MIB)


@pytest.fixture(scope="session")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory where clips are made once."""
    return tmp_path_factory.mktemp("media")


async def test_a_page_with_a_video_gives_its_file(server: MediaServer, extractor: YtdlpExtractor, media: Path) -> None:
    video = clip(media / "clip.mp4", 1, cache=media)
    url = add_video_page(server, "/watch", video, title="A cat / on a 'mat'")
    plan = await extractor.extract(url)
    (output,) = plan.outputs
    assert plan.parts[0].uris == (server.url("/watch/clip.mp4"),)
    assert (output.filename, output.kind, output.assemble) == ("A cat _ on a 'mat'.mp4", Kind.VIDEO, Assemble.NONE)
    assert (plan.title, plan.extractor, plan.source_url) == ("A cat / on a 'mat'", "html5mediaembed", url)
    names = {name.lower() for name, _ in plan.parts[0].headers}
    assert "user-agent" in names
    assert not names & {"accept-encoding", "range", "host"}


async def test_separate_video_and_audio_are_to_be_merged(
    server: MediaServer, extractor: YtdlpExtractor, media: Path
) -> None:
    plan = await extractor.extract(add_split_video(server, "/split", media / "split", seconds=1))
    (output,) = plan.outputs
    assert [Path(part.uris[0]).name for part in output.parts] == ["video-320x180.mp4", "audio.m4a"]
    assert output.assemble is Assemble.MERGE
    assert output.filename.endswith(".mp4")
    assert plan.size == sum(path.stat().st_size for path in (media / "split").iterdir())


async def test_a_stream_of_segments_says_that_it_can_not_be_fetched_yet(
    server: MediaServer, extractor: YtdlpExtractor, media: Path
) -> None:
    with pytest.raises(BossBotError) as refused:
        await extractor.extract(add_hls(server, "/hls", media / "hls", seconds=1))
    assert isinstance(refused.value, MediaNotFound | UnsupportedUrl)


@pytest.mark.parametrize(("path", "error"), [("/page", UnsupportedUrl), ("/gone", MediaNotFound)])
async def test_a_page_without_media_is_handed_over_and_a_refusal_is_an_answer(
    server: MediaServer, extractor: YtdlpExtractor, path: str, error: type[BossBotError]
) -> None:
    server.add_page("/page", page("Words", "<p>Only words.</p>"))
    with pytest.raises(error) as refused:
        await extractor.extract(server.url(path))
    assert type(refused.value) is error


async def test_a_smuggled_url_is_refused_without_a_child(extractor: YtdlpExtractor) -> None:
    smuggled = "https://site.test/a#__youtubedl_smuggle=%7B%22force%22%3A1%7D"
    for url in (smuggled, smuggled.replace("__youtubedl", "%5F_youtubedl")):
        with pytest.raises((UnsupportedUrl, BossBotError)):
            await extractor.extract(url)
    assert children() == []


async def test_the_child_has_no_secrets_and_no_home(
    server: MediaServer, extractor: YtdlpExtractor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOSS_BOT_DISCORD_TOKEN", "secret-token")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9/")
    asking = asyncio.create_task(extractor.extract(server.add_page("/slow", "<html>", delay=float("inf"))))
    await server.wait_for_request("/slow")
    (child,) = children()
    environment = child.environ()
    assert "secret-token" not in str(environment)
    assert not [name for name in environment if name.lower().endswith("proxy")]
    assert environment["HOME"] == "/nonexistent"
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    assert children() == []


async def test_a_child_that_takes_too_long_is_killed(server: MediaServer) -> None:
    extractor = YtdlpExtractor(LOOPBACK, timeout=2, memory_bytes=768 * MIB)
    with pytest.raises(ExtractionError, match="took too long") as error:
        await extractor.extract(server.add_page("/slow", "<html>", delay=float("inf")))
    assert error.value.transient
    assert children() == []
    await server.wait_until_idle("/slow", timeout=5)


async def test_a_child_that_takes_too_much_memory_is_stopped(server: MediaServer) -> None:
    extractor = YtdlpExtractor(LOOPBACK, timeout=30, memory_bytes=256 * MIB)
    body = "<html><title>" + "x" * (300 * MIB)
    with pytest.raises(ExtractionError):
        await extractor.extract(server.add_page("/bomb", body))
    assert children() == []


CHILD = """
import json, sys
json.load(sys.stdin)
{}
"""


@pytest.mark.parametrize(
    "does",
    [
        "pass",
        "print('not json')",
        "print('[]')",
        'print(\'{"entries": [{"formats": [{}]}]}\')',
        "sys.exit(3)",
        "raise MemoryError",
        "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
        f"print('{{\"detail\": \"' + 'x' * {17 * MIB} + '\"}}')",
        "sys.stdout.buffer.write(bytes(range(256)))",
    ],
)
async def test_a_child_that_answers_garbage_is_a_site_that_could_not_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, does: str
) -> None:
    child = tmp_path / "child.py"
    child.write_text(CHILD.format(does))
    monkeypatch.setattr(ytdlp_extractor, "CHILD", (str(child),))
    extractor = YtdlpExtractor(LOOPBACK, timeout=30, memory_bytes=768 * MIB)
    with pytest.raises(ExtractionError, match="could not be read"):
        await extractor.extract("http://127.0.0.1:9/")


async def answered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, **answer: Any) -> Any:
    """The plan for a site of which yt-dlp says this."""
    Answer.model_validate(answer)
    child = tmp_path / "child.py"
    child.write_text(CHILD.format(f"print({json.dumps(answer)!r})"))
    monkeypatch.setattr(ytdlp_extractor, "CHILD", (str(child),))
    return await YtdlpExtractor(LOOPBACK, timeout=30, memory_bytes=768 * MIB).extract(f"{PUBLIC}/watch")


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"error": "unsupported"}, UnsupportedUrl),
        ({"error": "geo"}, GeoRestricted),
        ({"error": "http", "status": 404}, MediaNotFound),
        ({"error": "http", "status": 401}, LoginRequired),
        ({"error": "http", "status": 429}, RateLimited),
        ({"error": "said", "detail": "This video is DRM protected"}, DrmProtected),
        ({"error": "said", "detail": "HTTP Error 429: Too Many Requests"}, RateLimited),
        ({"error": "said", "detail": "not available from your location"}, GeoRestricted),
        ({"error": "said", "detail": "Private video. Sign in if you've been granted access"}, LoginRequired),
        ({"error": "said", "detail": "This live event will begin in 3 hours."}, LiveNotSupported),
        ({"error": "said", "detail": "Video unavailable"}, MediaNotFound),
        ({"error": "said", "detail": "No video formats found!"}, UnsupportedUrl),
        ({"error": "said", "detail": "something new"}, ExtractionError),
        ({"entries": []}, UnsupportedUrl),
        ({"entries": [{"title": "a", "formats": []}]}, UnsupportedUrl),
        ({"entries": [{"is_live": True, "formats": [{"url": f"{PUBLIC}/a"}]}]}, LiveNotSupported),
        ({"is_playlist": True, "entries": [{"id": "1"}, {"id": "2"}]}, MediaNotFound),
        ({"entries": [{"formats": [{"url": f"{PUBLIC}/a", "protocol": "m3u8_native"}]}]}, MediaNotFound),
        ({"entries": [{"formats": [{"url": "http://127.0.0.1.nip/\n", "protocol": "http"}]}]}, BossBotError),
        ({"entries": [{"formats": [{"url": "http://10.0.0.1/", "protocol": "http"}]}]}, ForbiddenTarget),
        ({"entries": [{"formats": [{"url": "file:///etc/passwd", "protocol": "http"}]}]}, UnsupportedUrl),
    ],
    ids=str,
)
async def test_what_yt_dlp_says_becomes_an_error_with_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: dict[str, Any], error: type[BossBotError]
) -> None:
    with pytest.raises(error) as refused:
        await answered(tmp_path, monkeypatch, **answer)
    assert error is BossBotError or type(refused.value) is error


@pytest.mark.parametrize(
    ("video", "audio", "container"),
    [("mp4", "m4a", "mp4"), ("webm", "webm", "webm"), ("mp4", "webm", "mkv"), ("webm", "m4a", "mkv")],
)
async def test_the_container_is_one_that_holds_both_streams(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, video: str, audio: str, container: str
) -> None:
    formats = [
        {"url": f"{PUBLIC}/v", "protocol": "https", "ext": video, "vcodec": "vp9", "acodec": "none"},
        {"url": f"{PUBLIC}/a", "protocol": "https", "ext": audio, "vcodec": "none", "acodec": "opus"},
    ]
    plan = await answered(tmp_path, monkeypatch, entries=[{"id": "7", "title": "../a", "formats": formats}])
    assert plan.outputs[0].filename == f"_a.{container}"
    assert plan.outputs[0].kind is Kind.VIDEO
    assert plan.size is None


async def test_cookies_and_identity_of_a_format_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    format_ = {
        "url": f"{PUBLIC}/a.m4a",
        "protocol": "https",
        "ext": "m4a",
        "vcodec": "none",
        "format_id": "140",
        "filesize": 7,
        "cookie": "session=1",
        "http_headers": {"Referer": PUBLIC, "Accept-Encoding": "gzip", "Cookie": "old=1", "range": "bytes=0-"},
    }
    plan = await answered(tmp_path, monkeypatch, entries=[{"id": "7", "extractor": "site", "formats": [format_]}])
    (part,) = plan.parts
    assert part.headers == (("Referer", PUBLIC), ("Cookie", "session=1"))
    assert (part.identity, part.size) == ("site 7 140 7", 7)
    assert plan.outputs[0].kind is Kind.AUDIO
    assert plan.outputs[0].filename == "7.m4a"


def children() -> list[psutil.Process]:
    """What this process started and has not ended."""
    return [child for child in psutil.Process().children(recursive=True) if child.status() != psutil.STATUS_ZOMBIE]
