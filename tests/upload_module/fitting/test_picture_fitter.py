"""Pictures by way of the child process: what is offered, what comes out, and what a hostile one can do."""

import asyncio
import os
from pathlib import Path

import psutil
import pytest
from PIL import Image

from core.errors import CompressionFailed
from tests.support.processes import wait_until
from tests.support.sample_pictures import KINDS, moving, noise, photo, png_claiming, save_frames
from upload_module.fitting import picture_process
from upload_module.fitting.fit import FitRules, Step, Way
from upload_module.fitting.picture_fitter import PictureFitter
from upload_module.fitting.picture_process import PictureProcess

COMPRESS = Way(step=Step.COMPRESS, predicted_bytes=1000, says="as a smaller picture")


@pytest.fixture
def fitter() -> PictureFitter:
    return PictureFitter(PictureProcess(rules=FitRules()))


def nothing(_done: str, _percent: float | None, _left: float | None) -> None: ...


def kept(directory: Path, name: str) -> Path:
    path = directory / name
    path.write_bytes(KINDS[name]())
    return path


def children() -> list[psutil.Process]:
    found = psutil.Process(os.getpid()).children(recursive=True)
    return [child for child in found if any("picture_child" in word for word in child.cmdline())]


@pytest.mark.parametrize("name", ["photo.jpg", "alpha.png", "photo.avif", "cmyk.tif", "photo.bmp"])
async def test_what_fits_is_sent_as_it_is(fitter: PictureFitter, name: str, tmp_path: Path) -> None:
    path = kept(tmp_path, name)
    size = path.stat().st_size
    assert await fitter.ways(path, size) == [Way(step=Step.AS_IS, predicted_bytes=size, says="")]


async def test_what_few_could_see_is_converted_even_where_it_fits(fitter: PictureFitter, tmp_path: Path) -> None:
    path = kept(tmp_path, "orientation-6.heic")
    size = path.stat().st_size
    converted, as_it_is = await fitter.ways(path, 10_000_000)
    assert (converted.step, converted.predicted_bytes, as_it_is.step) == (Step.CONVERT, 4 * size, Step.AS_IS)
    [made] = await fitter.make(path, converted, 10_000_000, tmp_path, nothing)
    assert made.stat().st_size <= 4 * size
    with Image.open(made) as shown:
        assert (shown.format, shown.size, dict(shown.getexif())) == ("JPEG", (480, 320), {})

    [smaller] = await fitter.ways(path, size // 2)
    assert smaller.step is Step.COMPRESS


async def test_half_of_what_few_could_see_is_sent_as_it_is(fitter: PictureFitter, tmp_path: Path) -> None:
    path = kept(tmp_path, "orientation-6.heic")
    path.write_bytes(path.read_bytes()[:100])
    [way] = await fitter.ways(path, 10_000_000)
    assert way.step is Step.AS_IS


async def test_what_does_not_fit_is_made_smaller(fitter: PictureFitter, tmp_path: Path) -> None:
    path = kept(tmp_path, "photo.png")
    limit = path.stat().st_size // 3
    [way] = await fitter.ways(path, limit)
    assert (way.step, way.predicted_bytes) == (Step.COMPRESS, limit)
    percents: list[float | None] = []
    out = tmp_path / "out"
    out.mkdir()
    made = await fitter.make(path, way, limit, out, lambda _, percent, __: percents.append(percent))
    assert made == [out / "picture.jpg"]
    assert made[0].stat().st_size <= limit
    assert percents
    with Image.open(made[0]) as shown:
        assert (shown.format, shown.size) == ("JPEG", (480, 360))


async def test_the_admins_floor_is_heard(tmp_path: Path) -> None:
    path = tmp_path / "n.png"
    noise(300, 300).save(path)
    sizes = []
    for floor in (10, 90):
        process = PictureProcess(rules=FitRules(min_picture_quality=floor))
        [made] = await PictureFitter(process).make(path, COMPRESS, 9000, tmp_path, nothing)
        with Image.open(made) as shown:
            sizes.append(shown.width)
    assert sizes[0] > sizes[1]


async def test_pages_that_are_left_out_are_said(fitter: PictureFitter, tmp_path: Path) -> None:
    [way] = await fitter.ways(kept(tmp_path, "pages.tif"), 10_000)
    assert "the first of 2 pages" in way.says


async def test_an_animation_is_for_others(fitter: PictureFitter, tmp_path: Path) -> None:
    assert await fitter.ways(save_frames(tmp_path / "a.gif", moving(60, 40, 3)), 100) == []


@pytest.mark.parametrize(
    "content", [b"", b"hello", b"\xff\xd8\xff", b"%!PS-Adobe-3.0 EPSF-3.0\n", b"<svg/>", b"GIF89a"]
)
async def test_for_what_is_no_picture_there_is_no_way(fitter: PictureFitter, content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.jpg"
    path.write_bytes(content + bytes(500))
    assert await fitter.ways(path, 100) == []


async def test_half_a_picture_is_a_sentence(fitter: PictureFitter, tmp_path: Path) -> None:
    path = kept(tmp_path, "photo.jpg")
    path.write_bytes(path.read_bytes()[:50_000])
    with pytest.raises(CompressionFailed, match="damaged"):
        await fitter.make(path, COMPRESS, 20_000, tmp_path, nothing)


@pytest.mark.parametrize(("width", "height"), [(20_000, 20_000), (10_200, 10_200)])
async def test_a_bomb_is_a_sentence(fitter: PictureFitter, width: int, height: int, tmp_path: Path) -> None:
    path = tmp_path / "bomb.png"
    path.write_bytes(png_claiming(width, height))
    assert await fitter.ways(path, 100) == []
    with pytest.raises(CompressionFailed, match="too many pixels"):
        await fitter.make(path, COMPRESS, 100_000, tmp_path, nothing)


async def test_memory_has_an_end(fitter: PictureFitter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture_process, "MEMORY", 300 * 1024**2)
    path = tmp_path / "large.png"
    path.write_bytes(png_claiming(9900, 9900))
    with pytest.raises(CompressionFailed, match="too much memory"):
        await fitter.make(path, COMPRESS, 10_000, tmp_path, nothing)


async def test_processor_time_has_an_end(
    fitter: PictureFitter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(picture_process, "CPU_SECONDS", 1)
    path = tmp_path / "slow.png"
    path.write_bytes(png_claiming(9900, 9900, rows=9900))
    with pytest.raises(CompressionFailed, match="could not be worked on"):
        await fitter.make(path, COMPRESS, 1000, tmp_path, nothing)


async def test_time_has_an_end(tmp_path: Path) -> None:
    fitter = PictureFitter(PictureProcess(rules=FitRules(timeout=0.01)))
    with pytest.raises(CompressionFailed, match="too long"):
        await fitter.make(kept(tmp_path, "photo.jpg"), COMPRESS, 10_000, tmp_path, nothing)
    assert not children()


async def test_a_cancelled_one_is_gone_at_once(fitter: PictureFitter, tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    photo(1200, 800).save(path, compress_level=1)
    working = asyncio.create_task(fitter.make(path, COMPRESS, 20_000, tmp_path, nothing))
    await wait_until(children, description="the child")
    working.cancel()
    await asyncio.wait([working])
    assert working.cancelled()
    assert not children()
    assert [left.name for left in tmp_path.iterdir()] == ["photo.png"]
