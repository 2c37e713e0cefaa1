"""Sound is made to fit, with the real ffmpeg."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import CompressionFailed
from tests.support.sample_media import audio_only
from tests.upload_module.fitting.video_given import ffmpeg, plays, seconds, song, streams, video
from upload_module.fitting.audio_fitter import AudioFitter
from upload_module.fitting.audio_rates import AAC_FROM, BEST_BPS, audio_goal
from upload_module.fitting.fit import FitRules, Step, Way

RULES = FitRules(niceness=0)
MIB = 1024**2


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    directory = tmp_path / "fitted"
    directory.mkdir()
    return directory


async def go(step: Step, file: Path, limit: int, directory: Path) -> list[Path]:
    way = next(way for way in await AudioFitter(RULES).ways(file, limit) if way.step is step)
    made = await AudioFitter(RULES).make(file, way, limit, directory, lambda *_: None)
    assert sorted(directory.iterdir()) == sorted(made)
    assert max(path.stat().st_size for path in made) <= limit
    assert all(plays(path) for path in made)
    return made


@pytest.mark.parametrize(
    ("seconds", "codec", "bps", "channels"),
    [
        (60, "aac", BEST_BPS, 2),
        (480, "aac", 167_000, 2),
        (600, "libopus", 134_000, 2),
        (1500, "libopus", 53_600, 2),
        (2000, "libopus", 40_000, 1),
    ],
)
def test_the_codec_is_that_which_is_best_at_the_rate(seconds: float, codec: str, bps: int, channels: int) -> None:
    found = audio_goal(seconds, 6, 10 * MIB, RULES)
    assert found is not None
    assert (found.codec, found.channels) == (codec, channels)
    assert found.bps == pytest.approx(bps, rel=0.01)


def test_no_more_than_the_source_has() -> None:
    found = audio_goal(60, 2, 10 * MIB, RULES, source_bps=96_000)
    assert found is not None
    assert (found.codec, found.bps) == ("libopus", 96_000)


@given(st.floats(0.1, 100_000), st.integers(1, 8), st.integers(20_000, 500 * MIB))
def test_no_goal_breaks_the_limit_or_the_rules(seconds: float, channels: int, limit: int) -> None:
    found = audio_goal(seconds, channels, limit, RULES)
    if found is None:
        return
    assert found.bps * seconds / 8 < limit
    assert RULES.min_audio_bps <= found.bps <= BEST_BPS
    assert (found.codec == "aac") is (found.bps >= AAC_FROM)


@pytest.mark.parametrize(("limit", "codec", "suffix"), [(430_000, "aac", ".m4a"), (200_000, "opus", ".ogg")])
async def test_a_long_recording_is_encoded(
    limit: int, codec: str, suffix: str, tmp_path: Path, directory: Path
) -> None:
    file = audio_only(tmp_path / "tone.wav", 20)
    (made,) = await go(Step.COMPRESS, file, limit, directory)
    assert made.suffix == suffix
    assert streams(made)[0]["codec_name"] == codec
    assert seconds(made) == pytest.approx(20, abs=0.1)


async def test_a_cover_goes_first(tmp_path: Path, directory: Path) -> None:
    file = song(tmp_path / "song.mp3")
    sound = (tmp_path / "sound.mp3").stat().st_size
    (made,) = await go(Step.STRIP, file, sound + 30_000, directory)
    assert [stream["codec_name"] for stream in streams(made)] == ["mp3"]


async def test_what_is_too_long_for_one_file_becomes_several(tmp_path: Path, directory: Path) -> None:
    file = audio_only(tmp_path / "tone.mp3", 20)
    made = await go(Step.SPLIT, file, 70_000, directory)
    assert len(made) > 1
    assert sum(seconds(part) for part in made) == pytest.approx(20, abs=0.3)


async def test_what_is_not_compressed_is_encoded_before_it_is_split(tmp_path: Path, directory: Path) -> None:
    file = audio_only(tmp_path / "tone.wav", 20)
    made = await go(Step.SPLIT, file, 100_000, directory)
    assert len(made) > 1
    assert {part.suffix for part in made} == {".ogg"}
    assert sum(seconds(part) for part in made) == pytest.approx(20, abs=0.3)


async def test_what_fits_but_shows_no_player_is_repacked(tmp_path: Path, directory: Path) -> None:
    file = tmp_path / "tone.mka"
    ffmpeg("-i", str(audio_only(tmp_path / "tone.m4a", 2)), "-c", "copy", str(file))
    assert [way.step for way in await AudioFitter(RULES).ways(file, MIB)] == [Step.REMUX, Step.AS_IS]
    (made,) = await go(Step.REMUX, file, MIB, directory)
    assert made.name == "tone.m4a"


async def test_what_shows_a_player_is_sent_as_it_is(tmp_path: Path) -> None:
    file = audio_only(tmp_path / "tone.ogg", 2)
    assert [way.step for way in await AudioFitter(RULES).ways(file, MIB)] == [Step.AS_IS]


async def test_a_limit_that_can_not_be_met_is_an_error(tmp_path: Path, directory: Path) -> None:
    way = Way(step=Step.COMPRESS, predicted_bytes=1, says="")
    with pytest.raises(CompressionFailed):
        await AudioFitter(replace(RULES, min_audio_bps=8000)).make(
            audio_only(tmp_path / "tone.wav", 20), way, 5000, directory, lambda *_: None
        )
    assert list(directory.iterdir()) == []


async def test_a_video_is_not_sound_alone(tmp_path: Path) -> None:
    assert await AudioFitter(RULES).ways(video("plain.mp4", tmp_path, 1), 1000) == []
