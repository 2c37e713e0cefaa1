"""The facts of finished files, and whether they are what they should be."""

import hashlib
import shutil
from pathlib import Path

import pytest

from core.errors import ChecksumMismatch
from download_module import media_facts
from download_module.media_facts import facts_of, facts_of_all, verify
from download_module.plan import Kind
from tests.support.sample_media import audio_only, clip, picture
from tests.support.sample_pictures import KINDS

URL = "http://site.test/a"


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files of many kinds, made once."""
    directory = tmp_path_factory.mktemp("media")
    clip(directory / "video.mp4", 1)
    clip(directory / "video.ts", 1)
    for name in ("sound.webm", "sound.m4a", "sound.ogg"):
        audio_only(directory / name, 1)
    shutil.copy(directory / "sound.ogg", directory / "sound")
    clip(directory / "video.ogg", 1, options=("-c:v", "libtheora", "-c:a", "libvorbis"))
    picture(directory / "picture.png")
    picture(directory / "picture.bmp")
    (directory / "empty.mp4").write_bytes(b"")
    (directory / "words.txt").write_bytes(b"words")
    (directory / "page.mp4").write_bytes(b"<html>Please log in</html>" * 40)
    (directory / "notes.mid").write_bytes(b"MThd\0\0\0\6\0\0\0\1\0\x60MTrk\0\0\0\4\0\xff\x2f\0")
    video = (directory / "video.mp4").read_bytes()
    (directory / "half.mp4").write_bytes(video[: len(video) // 2])
    return directory


@pytest.mark.parametrize(
    ("name", "kind", "mime_type", "seconds", "size"),
    [
        ("video.mp4", "video", "video/mp4", 1, (320, 180)),
        ("video.ts", "video", "video/mp2t", 1, (320, 180)),
        ("sound.webm", "audio", "audio/webm", 1, (None, None)),
        ("sound.m4a", "audio", "audio/mp4", 1, (None, None)),
        ("sound.ogg", "audio", "audio/ogg", 1, (None, None)),
        ("sound", "audio", "audio/ogg", 1, (None, None)),
        ("video.ogg", "video", "video/ogg", 1, (320, 180)),
        ("picture.png", "image", "image/png", None, (320, 180)),
        ("empty.mp4", "video", None, None, (None, None)),
        ("words.txt", "document", "text/plain", None, (None, None)),
    ],
)
async def test_facts_come_from_the_bytes(
    media: Path, name: str, kind: str, mime_type: str | None, seconds: float | None, size: tuple[int | None, int | None]
) -> None:
    facts = await facts_of(media / name, URL)
    content = (media / name).read_bytes()
    assert (facts.kind, facts.mime_type, facts.bytes, facts.source_url) == (kind, mime_type, len(content), URL)
    assert facts.duration_seconds == (pytest.approx(seconds, abs=0.1) if seconds else None)
    assert (facts.width, facts.height) == size
    assert facts.sha256 == hashlib.sha256(content).hexdigest()


async def test_only_some_pictures_of_a_gallery_are_measured_where_that_takes_a_process(
    media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media_facts, "MAX_PICTURES", 1)
    monkeypatch.setattr(media_facts, "MAX_HASHED", 1)
    names = ("picture.bmp", "picture.bmp", "picture.png", "video.mp4")
    facts = await facts_of_all([media / name for name in names], URL)
    assert [file.width for file in facts] == [320, None, 320, 320]
    assert [file.kind for file in facts] == ["image", "image", "image", "video"]
    assert [file.sha256 for file in facts] == [None] * 4


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("video.mp4", Kind.VIDEO),
        ("video.ts", Kind.VIDEO),
        ("sound.webm", Kind.VIDEO),
        ("sound.webm", Kind.AUDIO),
        ("notes.mid", Kind.AUDIO),
        ("words.txt", Kind.DOCUMENT),
        ("half.mp4", Kind.DOCUMENT),
    ],
)
async def test_what_can_be_played_is_right(media: Path, name: str, kind: Kind) -> None:
    await verify(media / name, kind)


@pytest.mark.parametrize("name", ["half.mp4", "empty.mp4", "words.txt"])
async def test_what_can_not_be_played_is_damaged(media: Path, name: str) -> None:
    with pytest.raises(ChecksumMismatch, match=r"damaged.*\.$"):
        await verify(media / name, Kind.VIDEO)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"<!doctype html><title>Log in</title>", "a page in place"),
        (b"#EXTM3U\n#EXTINF:1,\n/etc/passwd\n", "a page in place"),
        (b"MZ\x90\x00" + bytes(200), "a program"),
        (b"\x7fELF\x02\x01" + bytes(200), "a program"),
        (b"#!/bin/sh\nexit\n", "a program"),
    ],
)
@pytest.mark.parametrize("kind", [Kind.VIDEO, Kind.AUDIO, Kind.IMAGE])
async def test_pages_and_programs_are_no_media_whatever_they_are_called(
    tmp_path: Path, kind: Kind, content: bytes, words: str
) -> None:
    path = tmp_path / "0.part"
    path.write_bytes(content)
    with pytest.raises(ChecksumMismatch, match=words):
        await verify(path, kind)


@pytest.mark.parametrize("content", [b"BM" + bytes(60), b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"", b"\x00"])
async def test_a_picture_of_a_kind_that_is_not_known_passes(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "0.part"
    path.write_bytes(content)
    await verify(path, Kind.IMAGE)


@pytest.mark.parametrize("name", ["IMG_1.HEIC", "IMG_1.jpg", "picture"])
async def test_a_picture_that_begins_as_a_video_does_is_a_picture(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(KINDS["orientation-6.heic"]())
    facts = await facts_of(path, URL)
    assert (facts.kind, facts.mime_type) == (Kind.IMAGE, "image/heif")
    await verify(path, Kind.IMAGE)
