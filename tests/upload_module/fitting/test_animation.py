"""Animated pictures: as a video where that shows all there is to see, else as a smaller animation."""

from pathlib import Path

import pytest
from PIL import Image, ImageSequence

from core.errors import CompressionFailed
from core.media_probe import probe
from tests.support.sample_pictures import KINDS, moving, save_frames
from upload_module.fitting.animation import AS_WEBP, AnimationFitter
from upload_module.fitting.fit import FitRules, Step, Way
from upload_module.fitting.picture_process import PictureProcess
from upload_module.fitting.video_fitter import VideoFitter

FRAMES, DURATION = 8, 120  # milliseconds
WEBP = Way(step=Step.COMPRESS, predicted_bytes=0, says=AS_WEBP)


@pytest.fixture
def fitter() -> AnimationFitter:
    rules = FitRules()
    return AnimationFitter(PictureProcess(rules=rules), video=VideoFitter(rules))


def animated(directory: Path, name: str, *, alpha: bool = False) -> Path:
    return save_frames(directory / name, moving(160, 120, FRAMES, alpha=alpha), duration=DURATION)


def nothing(_done: str, _percent: float | None, _left: float | None) -> None: ...


def durations(path: Path) -> list[int]:
    found = []
    with Image.open(path) as shown:
        for frame in ImageSequence.Iterator(shown):
            frame.load()  # says it only then
            found.append(frame.info["duration"])
    return found


@pytest.mark.parametrize("name", ["a.gif", "a.png", "a.webp", "a.avif"])
async def test_what_fits_stays_as_it_is(fitter: AnimationFitter, name: str, tmp_path: Path) -> None:
    path = animated(tmp_path, name)
    size = path.stat().st_size
    assert await fitter.ways(path, size) == [Way(step=Step.AS_IS, predicted_bytes=size, says="")]


@pytest.mark.parametrize("name", ["photo.jpg", "still.gif", "photo.png", "photo.webp", "pages.tif"])
async def test_what_does_not_move_is_for_others(fitter: AnimationFitter, name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(KINDS[name]())
    assert await fitter.ways(tmp_path / name, 1000) == []


async def test_for_what_is_damaged_there_is_no_way(fitter: AnimationFitter, tmp_path: Path) -> None:
    path = tmp_path / "x.gif"
    path.write_bytes(b"GIF89a" + bytes(50))
    assert await fitter.ways(path, 10) == []


@pytest.mark.parametrize("name", ["a.gif", "a.png"])
async def test_what_is_opaque_becomes_a_video(fitter: AnimationFitter, name: str, tmp_path: Path) -> None:
    path = animated(tmp_path, name)
    limit = path.stat().st_size // 2
    video, webp = await fitter.ways(path, limit)
    assert (video.step, webp.says) == (Step.COMPRESS, AS_WEBP)
    out = tmp_path / "out"
    out.mkdir()
    [made] = await fitter.make(path, video, limit, out, nothing)
    assert made.suffix == ".mp4"
    assert made.stat().st_size <= limit
    facts = await probe(made)
    assert facts is not None
    assert (facts.width, facts.height) == (160, 120)
    assert facts.duration_seconds == pytest.approx(FRAMES * DURATION / 1000, abs=0.2)


@pytest.mark.parametrize(
    ("name", "alpha"), [("a.gif", True), ("a.png", True), ("a.webp", True), ("a.webp", False), ("a.avif", False)]
)
async def test_what_is_see_through_becomes_a_smaller_animation(
    fitter: AnimationFitter, name: str, alpha: bool, tmp_path: Path
) -> None:
    path = animated(tmp_path, name, alpha=alpha)
    limit = path.stat().st_size // 3
    assert [way.says for way in await fitter.ways(path, limit)] == [AS_WEBP]
    percents: list[float | None] = []
    [made] = await fitter.make(path, WEBP, limit, tmp_path, lambda _, percent, __: percents.append(percent))
    assert made == tmp_path / "animation.webp"
    assert 0.8 * limit <= made.stat().st_size <= limit
    assert durations(made) == [DURATION] * FRAMES
    with Image.open(made) as shown:
        assert shown.info["loop"] == 0
        assert shown.width / shown.height == pytest.approx(4 / 3, rel=0.05)
        for number, frame in enumerate(ImageSequence.Iterator(shown)):
            seen = frame.convert("RGBA").getchannel("A")
            assert seen.getpixel((0, 0)) == (0 if alpha else 255)
            disc = round((frame.width - frame.height / 2) * number / (FRAMES - 1) + frame.height / 4)
            assert seen.getpixel((disc, frame.height // 2)) == 255


async def test_frames_without_a_time_get_the_one_that_browsers_give_them(
    fitter: AnimationFitter, tmp_path: Path
) -> None:
    path = save_frames(tmp_path / "a.gif", moving(80, 60, 3, alpha=True), duration=0)
    [made] = await fitter.make(path, WEBP, 100_000, tmp_path, nothing)
    assert durations(made) == [100] * 3


async def test_a_limit_that_nothing_reaches_is_a_sentence(fitter: AnimationFitter, tmp_path: Path) -> None:
    path = animated(tmp_path, "a.gif", alpha=True)
    with pytest.raises(CompressionFailed, match="can't be made as small"):
        await fitter.make(path, WEBP, 100, tmp_path, nothing)


async def test_an_animation_of_thousands_of_frames_is_a_sentence(fitter: AnimationFitter, tmp_path: Path) -> None:
    frames = [Image.new("L", (2, 2), number % 2 * 255) for number in range(3002)]
    path = save_frames(tmp_path / "a.gif", frames)
    with pytest.raises(CompressionFailed, match="more than 3000 frames"):
        await fitter.make(path, WEBP, 100_000, tmp_path, nothing)
