import asyncio
import json
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from yt_dlp import YoutubeDL

from tests.support import sample_media
from tests.support.media_server import MediaServer


@pytest.fixture
async def server() -> AsyncIterator[MediaServer]:
    async with MediaServer() as server:
        yield server


async def extracted(url: str, format_: str = "bestvideo*+bestaudio/best") -> dict[str, Any]:
    """What yt-dlp makes of the URL, without a proxy that the environment may name."""

    def extract() -> dict[str, Any]:
        with YoutubeDL({"quiet": True, "no_warnings": True, "proxy": "", "format": format_}) as ydl:
            return dict(ydl.sanitize_info(ydl.extract_info(url, download=False)))

    return await asyncio.to_thread(extract)


def probed(source: Path | str) -> list[dict[str, Any]]:
    """The streams that ffprobe sees."""
    command = ["ffprobe", "-v", "error", "-show_streams", "-count_packets", "-of", "json", str(source)]
    streams: list[dict[str, Any]] = json.loads(subprocess.check_output(command))["streams"]
    return streams


def test_a_clip_has_the_streams_that_were_asked_for(tmp_path: Path) -> None:
    video, audio = probed(sample_media.clip(tmp_path / "clip.mp4", 1, "160x120", 10))
    assert (video["width"], video["height"], video["nb_read_packets"]) == (160, 120, "10")
    assert (audio["codec_name"], round(float(audio["duration"]), 1)) == ("aac", 1.0)
    (alone,) = probed(sample_media.video_only(tmp_path / "silent.mkv", 1))
    assert alone["codec_type"] == "video"


@pytest.mark.parametrize("suffix", ["m4a", "mp3", "wav", "flac", "ogg"])
def test_audio_comes_in_the_container_of_its_suffix(tmp_path: Path, suffix: str) -> None:
    (stream,) = probed(sample_media.audio_only(tmp_path / f"tone.{suffix}", 1))
    assert stream["codec_type"] == "audio"


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "gif"])
def test_pictures_come_in_the_format_of_their_suffix(tmp_path: Path, suffix: str) -> None:
    (stream,) = probed(sample_media.picture(tmp_path / f"picture.{suffix}", "64x48"))
    assert (stream["width"], stream["height"]) == (64, 48)


def test_equal_media_are_made_once_for_a_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = sample_media.clip(tmp_path / "a.mp4", 1, cache=tmp_path / "cache")
    monkeypatch.setenv("PATH", "")
    assert sample_media.clip(tmp_path / "b.mp4", 1, cache=tmp_path / "cache").read_bytes() == first.read_bytes()
    with pytest.raises(FileNotFoundError):
        sample_media.clip(tmp_path / "c.mp4", 2, cache=tmp_path / "cache")


def test_what_ffmpeg_refuses_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"could not make clip\.mp4"):
        sample_media.clip(tmp_path / "clip.mp4", options=["-c:v", "rawvideo"])  # fails with the file open
    assert list(tmp_path.iterdir()) == []


async def test_yt_dlp_finds_separate_whole_files_behind_a_split_video(server: MediaServer, tmp_path: Path) -> None:
    url = sample_media.add_split_video(server, "/film", tmp_path, sizes=["160x90", "320x180"])
    info = await extracted(url)
    video, audio = info["requested_formats"]
    assert video["url"] == server.url("/film/video-320x180.mp4")
    assert audio["url"] == server.url("/film/audio.m4a")
    assert (video["acodec"], audio["vcodec"]) == ("none", "none")
    assert (video["ext"], audio["ext"], info["ext"]) == ("mp4", "m4a", "mp4")
    for wanted in (video, audio):
        assert wanted["protocol"] == "http"
        assert not wanted.get("fragments")
        path = wanted["url"].removeprefix(server.url("/")[:-1])
        assert wanted["filesize"] == (tmp_path / path.rsplit("/")[-1]).stat().st_size
        assert server.requests(path) == []
    smaller = await extracted(url, "bestvideo[height<=90]+bestaudio")
    assert smaller["requested_formats"][0]["height"] == 90


def test_the_parts_of_a_split_video_merge_into_one(tmp_path: Path) -> None:
    sample_media.add_split_video(MediaServer(), "/film", tmp_path)
    merged = tmp_path / "merged.mp4"
    parts = ["-i", str(tmp_path / "video-320x180.mp4"), "-i", str(tmp_path / "audio.m4a")]
    subprocess.run(["ffmpeg", "-v", "error", *parts, "-c", "copy", str(merged)], check=True)
    assert [stream["codec_type"] for stream in probed(merged)] == ["video", "audio"]


async def test_yt_dlp_finds_the_video_of_a_page(server: MediaServer, tmp_path: Path) -> None:
    video = sample_media.clip(tmp_path / "clip.mp4", 1)
    info = await extracted(sample_media.add_video_page(server, "/watch", video, title="Bees & trees"))
    assert info["url"] == server.url("/watch/clip.mp4")
    assert info["title"] == "Bees & trees (1)"  # yt-dlp numbers what it finds on a page


async def test_yt_dlp_gives_the_fragments_of_a_dash_stream(server: MediaServer, tmp_path: Path) -> None:
    info = await extracted(sample_media.add_dash(server, "/dash", tmp_path))
    for wanted in info["requested_formats"]:
        assert wanted["protocol"] == "http_dash_segments"
        assert len(wanted["fragments"]) >= 4


@pytest.mark.parametrize(
    "kind", [{}, {"fragmented_mp4": True}, {"encrypted": True}], ids=["ts", "fragmented mp4", "encrypted"]
)
async def test_hls_plays_and_yt_dlp_knows_it(server: MediaServer, tmp_path: Path, kind: dict[str, bool]) -> None:
    url = sample_media.add_hls(server, "/hls", tmp_path, seconds=3, **kind)
    info = await extracted(url)
    assert (info["protocol"], info["url"]) == ("m3u8_native", url)
    video, audio = await asyncio.to_thread(probed, url)
    assert (video["nb_read_packets"], audio["codec_name"]) == ("75", "aac")
    assert len([path for path in tmp_path.iterdir() if path.suffix in {".ts", ".m4s"}]) == 3
