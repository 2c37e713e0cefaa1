"""How the bytes for a video are divided, and how large its picture is then."""

import math
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upload_module.fitting.fit import FitRules
from upload_module.fitting.source_facts import Picture, Sound, SourceFacts
from upload_module.fitting.video_rates import Complexity, VideoGoal, refined, scaled, sound_goal, video_goal

MIB = 1024**2
RULES = FitRules()
STEREO = Sound(index=1, codec="opus", channels=2, bps=None)


def picture(width: int = 1920, height: int = 1080, fps: float = 30, codec: str = "prores") -> Picture:
    return Picture(
        index=0,
        codec=codec,
        pixels="yuv420p",
        width=width,
        height=height,
        fps=fps,
        varies=False,
        hdr=None,
        interlaced=False,
    )


def source(shown: Picture, size: int = 10**9, sound: Sound | None = STEREO) -> SourceFacts:
    return SourceFacts(
        path=Path("a.mov"), bytes=size, seconds=None, start=0.0, picture=shown, sound=sound, streams=2 if sound else 1
    )


def goal(shown: Picture, seconds: float, limit: float) -> VideoGoal:
    found = video_goal(source(shown), seconds, limit, RULES)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("seconds", "size"),
    [(10, (1920, 1080)), (60, (1280, 720)), (120, (960, 540)), (150, (854, 480)), (400, (640, 360))],
)
def test_the_longer_a_video_the_smaller_its_picture(seconds: float, size: tuple[int, int]) -> None:
    found = goal(picture(), seconds, 10 * MIB)
    assert (found.width, found.height) == size


def test_what_took_few_bits_before_keeps_its_size() -> None:
    easy = source(picture(codec="h264"), size=20 * MIB)
    found = video_goal(easy, 100, 10 * MIB, RULES)
    assert found is not None
    assert (found.height, goal(picture(), 100, 10 * MIB).height) == (1080, 540)


def test_sixty_frames_become_thirty_when_the_picture_would_be_small() -> None:
    rich, poor = goal(picture(fps=60), 20, 10 * MIB), goal(picture(fps=60), 90, 10 * MIB)
    assert (rich.halved, rich.fps) == (False, 60)
    assert (poor.halved, poor.fps) == (True, 30)
    assert poor.height >= 540


@pytest.mark.parametrize(
    ("total", "bps", "channels"),
    [(5_000_000, 128_000, 2), (800_000, 96_000, 2), (500_000, 64_000, 2), (300_000, 48_000, 1), (160_000, 32_000, 1)],
)
def test_the_sound_has_about_a_tenth(total: int, bps: int, channels: int) -> None:
    found = sound_goal(STEREO, total, RULES)
    assert (found.bps, found.channels, found.copied) == (bps, channels, False)


def test_sound_that_takes_no_more_is_copied() -> None:
    modest = replace(STEREO, codec="aac", bps=60_000)
    assert sound_goal(modest, 500_000, RULES).copied
    assert not sound_goal(modest, 300_000, RULES).copied


@pytest.mark.parametrize(("seconds", "offered"), [(500, True), (530, False)])
def test_below_the_lowest_rates_nothing_is_offered(seconds: float, offered: bool) -> None:
    # 10 MiB in 520 s are 161 kbit/s: 125 for the picture, 32 for the sound, 4 for the container.
    assert (video_goal(source(picture()), seconds, 10 * MIB, RULES) is not None) is offered


def test_without_sound_the_picture_has_all() -> None:
    silent = video_goal(source(picture(), sound=None), 530, 10 * MIB, RULES)
    assert silent is not None
    assert silent.sound is None


@pytest.mark.parametrize(
    ("bps", "short"),
    [(4_000_000, 1080), (800_000, 720), (430_000, 480), (200_000, 360), (100_000, 360), (40_000, 240)],
)
def test_the_look_decides_the_size(bps: int, short: int) -> None:
    shown = picture(1080, 1920)
    found = Complexity(seconds=60.0, bps=700_000, quantizer=34.0, pixels=720 * 1280)
    wanted = replace(goal(shown, 60, 10 * MIB), video_bps=bps)
    assert refined(wanted, shown, found).width == short


@given(
    width=st.integers(1, 8000),
    height=st.integers(1, 8000),
    fps=st.floats(1, 240),
    seconds=st.floats(0.05, 20_000),
    limit=st.integers(100_000, 500 * MIB),
)
def test_no_goal_breaks_the_limit_or_the_rules(width: int, height: int, fps: float, seconds: float, limit: int) -> None:
    shown = picture(width, height, fps)
    found = video_goal(source(shown), seconds, limit, RULES)
    if found is None:
        return
    assert found.sound is not None
    assert (found.video_bps + found.sound.bps) * seconds / 8 <= limit
    assert found.video_bps >= RULES.min_video_bps
    assert found.sound.bps >= RULES.min_audio_bps
    assert found.width % 2 == found.height % 2 == 0
    assert found.width <= max(2, width + 1)
    assert found.height <= max(2, height + 1)
    assert 0 < found.quality <= 1


@given(st.integers(16, 4000), st.integers(16, 4000), st.sampled_from((1080, 720, 540, 480, 360, 240)))
def test_the_shape_is_kept(width: int, height: int, short: int) -> None:
    small = scaled(picture(width, height), short)
    assert min(small) <= max(short, 16)
    assert math.isclose(small[0] / width, small[1] / height, abs_tol=2 / min(width, height) + 1e-9)
