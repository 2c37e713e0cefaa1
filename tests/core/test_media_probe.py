"""What ffprobe sees in media, and in what only looks like media."""

import subprocess
from pathlib import Path

import psutil
import pytest

from core import media_probe
from core.media_input import plain
from core.media_probe import ask, probe
from tests.support.sample_media import audio_only, clip, picture


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files of many kinds, made once."""
    directory = tmp_path_factory.mktemp("media")
    clip(directory / "video.mp4", 2)
    clip(directory / "silent.mkv", 2, audio=False)
    audio_only(directory / "audio.mp3", 2)
    for suffix in ("png", "jpg", "webp", "gif", "bmp"):
        picture(directory / f"picture.{suffix}")
    again(directory / "video.mp4", directory / "video.ts")
    again(directory / "video.mp4", directory / "upright.mp4", "-metadata:s:v", "rotate=90")
    cover = ("-i", directory / "picture.png", "-map", "0:a", "-map", "1:v", "-disposition:v", "attached_pic")
    again(directory / "video.mp4", directory / "cover.m4a", *map(str, cover))
    return directory


def again(source: Path, target: Path, *options: str) -> None:
    """The same streams in another file."""
    command = ["ffmpeg", "-nostdin", "-v", "error", "-y", "-i", str(source), *options, "-c", "copy", str(target)]
    subprocess.run(command, check=True)


@pytest.mark.parametrize(
    ("name", "seconds", "size", "video", "audio"),
    [
        ("video.mp4", 2, (320, 180), True, True),
        ("video.ts", 2, (320, 180), True, True),
        ("upright.mp4", 2, (180, 320), True, True),
        ("silent.mkv", 2, (320, 180), True, False),
        ("audio.mp3", 2, (None, None), False, True),
        ("cover.m4a", 2, (None, None), False, True),
        ("picture.png", None, (320, 180), True, False),
        ("picture.jpg", None, (320, 180), True, False),
        ("picture.webp", None, (320, 180), True, False),
        ("picture.bmp", None, (320, 180), True, False),
        ("picture.gif", 0.04, (320, 180), True, False),
    ],
)
async def test_media_is_described(
    media: Path, name: str, seconds: float | None, size: tuple[int | None, int | None], video: bool, audio: bool
) -> None:
    facts = await probe(media / name)
    assert facts is not None
    assert facts.duration_seconds == (pytest.approx(seconds, abs=0.1) if seconds else None)
    assert (facts.width, facts.height, facts.has_video, facts.has_audio) == (*size, video, audio)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"words " * 1000,
        b"<html>Please log in</html>" * 40,
        b"#EXTM3U\n#EXTINF:1,\n{media}/video.ts\n#EXT-X-ENDLIST\n",
        b"ffconcat version 1.0\nfile '{media}/video.mp4'\n",
        b"\0\0\0\x18ftypmp42" + bytes(5000),
    ],
)
async def test_what_is_no_media_is_none(media: Path, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(content.replace(b"{media}", str(media).encode()))
    assert await probe(path) is None


async def test_a_file_that_is_never_read_to_its_end_takes_no_longer_than_allowed(
    media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media_probe, "TIMEOUT", 0.0)
    assert await ask(plain(media / "video.mp4"), "-show_format") == {}
    assert not [child for child in psutil.Process().children() if child.name() == "ffprobe"]


async def test_an_answer_without_end_is_not_kept(media: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media_probe, "MAX_ANSWER", 100)
    assert await ask(plain(media / "video.mp4"), "-show_packets") == {}


async def test_a_file_is_asked_once_until_it_changes(
    media: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrived = tmp_path / "0.part"
    arrived.write_bytes((media / "video.mp4").read_bytes())
    found = await probe(arrived)
    placed = tmp_path / "video.mp4"
    placed.hardlink_to(arrived)
    monkeypatch.setenv("PATH", str(tmp_path))  # where no ffprobe is
    assert await probe(placed) == found
    with placed.open("ab") as file:
        file.write(b"more")
    with pytest.raises(FileNotFoundError):
        await probe(placed)
