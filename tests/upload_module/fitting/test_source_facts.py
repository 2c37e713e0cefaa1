"""What is known of a file before it is made to fit."""

from pathlib import Path

import pytest

from tests.upload_module.fitting.video_given import song, video
from upload_module.fitting.source_facts import Picture, Sound, SourceFacts, facts_of


async def facts(path: Path) -> SourceFacts:
    found = await facts_of(path)
    assert found is not None
    return found


async def test_a_picture_that_lies_on_its_side_is_known_upright(tmp_path: Path) -> None:
    found = (await facts(video("turned.mp4", tmp_path))).picture
    assert found is not None
    assert (found.width, found.height, found.short_side) == (180, 320, 180)


async def test_frames_that_are_not_equally_far_apart_are_known(tmp_path: Path) -> None:
    even, uneven = [(await facts(video(name, tmp_path))).picture for name in ("plain.mp4", "varying.mp4")]
    assert even is not None
    assert uneven is not None
    assert (even.varies, uneven.varies) == (False, True)
    assert even.fps == pytest.approx(25)


async def test_hdr_is_known_and_does_not_play_inline(tmp_path: Path) -> None:
    found = await facts(video("deep.mp4", tmp_path))
    assert found.picture is not None
    assert found.picture.hdr == "smpte2084"
    assert not found.plays_inline


async def test_the_cover_of_a_song_is_no_picture(tmp_path: Path) -> None:
    found = await facts(song(tmp_path / "song.mp3", 2))
    assert found.picture is None
    assert found.sound is not None
    assert (found.sound.codec, found.streams, found.others) == ("mp3", 2, 1)


async def test_the_default_track_is_the_one_that_is_heard(tmp_path: Path) -> None:
    found = await facts(video("tracks.mkv", tmp_path))
    assert found.sound is not None
    assert (found.sound.index, found.others, found.sound.codec) == (1, 2, "pcm_s16le")
    assert found.seconds == pytest.approx(3, abs=0.1)


async def test_what_is_no_media_has_no_facts(tmp_path: Path) -> None:
    path = tmp_path / "letter.mp4"
    path.write_bytes(b"Dear Sir or Madam" * 100)
    assert await facts_of(path) is None


@pytest.mark.parametrize(
    ("name", "codec", "sound", "home", "inline"),
    [
        ("a.mp4", "h264", "aac", ".mp4", True),
        ("a.MOV", "h264", None, ".mp4", True),
        ("a.mkv", "h264", "aac", ".mp4", False),
        ("a.mkv", "h264", "ac3", None, False),
        ("a.webm", "vp9", "opus", ".webm", True),
        ("a.mkv", "vp8", "vorbis", ".webm", False),
        ("a.mkv", "vp9", "vorbis", ".webm", False),
        ("a.mp4", "hevc", "aac", None, False),
        ("a.avi", "mpeg4", "mp3", None, False),
    ],
)
def test_where_streams_play_inline(name: str, codec: str, sound: str | None, home: str | None, inline: bool) -> None:
    picture = Picture(
        index=0, codec=codec, pixels="yuv420p", width=2, height=2, fps=25, varies=False, hdr=None, interlaced=False
    )
    heard = Sound(index=1, codec=sound, channels=2, bps=None) if sound else None
    found = SourceFacts(
        path=Path(name), bytes=1, seconds=1.0, start=0.0, picture=picture, sound=heard, streams=2 if sound else 1
    )
    assert (found.home, found.plays_inline) == (home, inline)
