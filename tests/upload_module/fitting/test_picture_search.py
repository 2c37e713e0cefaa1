"""What becomes of pictures of every kind: they fit, and look as they did."""

import io
import random
from pathlib import Path

import pi_heif
import pytest
from PIL import Image, ImageChops, ImageOps, ImageStat

from tests.support.sample_pictures import COLOURS, KINDS, noise, photo, screenshot
from upload_module.fitting import picture_pixels_child
from upload_module.fitting.picture_pixels_child import RefusedError, looked_at, opened
from upload_module.fitting.picture_search_child import Encoded, fitted

pi_heif.register_heif_opener()
TURNED = [name for name in KINDS if name.startswith("orientation")]
SEE_THROUGH = ["alpha.png", "alpha.webp", "grey-alpha.png", "icon.ico", "palette-alpha.png"]
CLOSE = 24.0  # of 255, root mean square: scaled and packed, but the same picture
# Their pixels don't mean what they say, or are noise that nothing keeps: others tests look at them.
APART = (
    "cmyk.tif",
    "cmyk.jpg",
    "deep.png",
    "deep.tif",
    "float.tif",
    "line-art.png",
    "noise.jpg",
    "noise.png",
    "wide.png",
    "swapped.jpg",
)


def fit(content: bytes, path: Path, limit: int, *, min_quality: int = 10) -> tuple[Encoded, Image.Image]:
    path.write_bytes(content)
    percents: list[float] = []
    with opened(path) as image:
        made = fitted(image, len(content), limit, min_quality, percents.append)
    assert len(made.data) <= limit
    assert percents == sorted(percents)
    assert all(0 <= percent <= 100 for percent in percents)
    shown = Image.open(io.BytesIO(made.data))
    assert shown.size == (made.width, made.height)
    return made, shown


def apart(one: Image.Image, other: Image.Image) -> float:
    """How far two pictures are apart, over a plain grey where they are see-through; 0..255."""
    smaller = min(one.size, other.size)
    grey = Image.new("RGBA", smaller, (128, 128, 128, 255))
    laid = [Image.alpha_composite(grey, image.convert("RGBA").resize(smaller)) for image in (one, other)]
    return max(ImageStat.Stat(ImageChops.difference(*(image.convert("RGB") for image in laid))).rms)


def quarter(image: Image.Image, number: int) -> tuple[float, ...]:
    """The colour of a quarter's middle."""
    image = image.convert("RGB")
    left, top = image.width // 2 * (number % 2), image.height // 2 * (number // 2)
    wide, high = image.width // 8, image.height // 8
    return tuple(ImageStat.Stat(image.crop((left + wide, top + high, left + 3 * wide, top + 3 * high))).mean)


def nearest(colour: tuple[float, ...]) -> tuple[int, int, int]:
    return min(COLOURS, key=lambda known: sum((a - b) ** 2 for a, b in zip(known, colour, strict=True)))


@pytest.mark.parametrize("share", [0.5, 0.1])
@pytest.mark.parametrize("name", KINDS)
def test_it_fits_and_is_still_the_same_picture(name: str, share: float, tmp_path: Path) -> None:
    content = KINDS[name]()
    limit = int(len(content) * share)
    made, shown = fit(content, tmp_path / name, limit)
    before = ImageOps.exif_transpose(Image.open(io.BytesIO(content)))
    assert made.width / made.height == pytest.approx(before.width / before.height, rel=0.1)
    if name not in APART:
        assert apart(shown, before) < CLOSE
    if made.quality is not None and made.quality < 95:  # beyond it a step is a tenth of the bytes, and nobody sees it
        assert len(made.data) >= 0.9 * limit
    assert not shown.getexif()
    assert not {"icc_profile", "comment", "xmp", "photoshop"} & set(shown.info)


@pytest.mark.parametrize("name", TURNED)
def test_it_is_upright(name: str, tmp_path: Path) -> None:
    content = KINDS[name]()
    for share in (0.9, 0.3):
        _, shown = fit(content, tmp_path / name, int(len(content) * share))
        assert shown.width > shown.height
        assert [nearest(quarter(shown, number)) for number in range(4)] == list(COLOURS)


@pytest.mark.parametrize("name", SEE_THROUGH)
@pytest.mark.parametrize("share", [0.6, 0.1])
def test_what_is_see_through_stays_so(name: str, share: float, tmp_path: Path) -> None:
    content = KINDS[name]()
    _, shown = fit(content, tmp_path / name, int(len(content) * share))
    alpha = shown.getchannel("A")
    wide, high = shown.size
    for corner in ((0, 0), (wide - 1, 0), (0, high - 1), (wide - 1, high - 1)):
        assert alpha.getpixel(corner) == pytest.approx(0, abs=2)
    assert alpha.getpixel((wide // 2, high // 2)) == pytest.approx(255, abs=2)
    assert alpha.getpixel((round(wide * 0.19), high // 2)) == pytest.approx(128, abs=12)


def test_an_alpha_channel_that_hides_nothing_is_dropped(tmp_path: Path) -> None:
    content = KINDS["opaque-alpha.png"]()
    made, shown = fit(content, tmp_path / "a.png", len(content) // 5)
    assert (made.suffix, shown.mode) == (".jpg", "RGB")


@pytest.mark.parametrize("name", ["cmyk.jpg", "cmyk.tif"])
def test_printers_colours_become_screen_colours(name: str, tmp_path: Path) -> None:
    content = KINDS[name]()
    _, shown = fit(content, tmp_path / name, len(content) // 4)
    assert [nearest(quarter(shown, number)) for number in range(4)] == list(COLOURS)


def test_a_colour_space_is_converted(tmp_path: Path) -> None:
    """The profile says that the first number is green: what is stored as red is seen as green."""
    content = KINDS["swapped.jpg"]()
    _, shown = fit(content, tmp_path / "swapped.jpg", len(content) // 3)
    red, green, *_ = quarter(shown, 0)
    assert green > red + 100


def test_a_small_profile_stays_where_nothing_is_encoded_anew(tmp_path: Path) -> None:
    content = KINDS["swapped.jpg"]() + bytes(9000)
    made, shown = fit(content, tmp_path / "swapped.jpg", len(content) - 1000)
    assert made.quality is None
    assert shown.info["icc_profile"]


@pytest.mark.parametrize("name", ["deep.png", "deep.tif"])
def test_sixteen_bits_become_eight(name: str, tmp_path: Path) -> None:
    content = KINDS[name]()
    _, shown = fit(content, tmp_path / name, len(content) // 8)
    wide, high = shown.size
    left, right = (
        shown.convert("L").crop((4, 4, wide // 2 - 4, high)),
        shown.convert("L").crop((wide // 2 + 4, 4, wide, high)),
    )
    assert ImageStat.Stat(left).mean[0] == pytest.approx((4000 + 2048) / 256, abs=4)
    assert ImageStat.Stat(right).mean[0] == pytest.approx((60_000 + 2048) / 256, abs=4)


def test_numbers_without_a_scale_are_spread_over_it(tmp_path: Path) -> None:
    content = KINDS["float.tif"]()
    _, shown = fit(content, tmp_path / "f.tif", len(content) // 2)
    low, high = shown.convert("L").getextrema()
    assert (low, high) == (0, 255)


def test_what_is_no_picture_in_a_jpeg_goes_first(tmp_path: Path) -> None:
    content = KINDS["photo.jpg"]()
    made, shown = fit(content + bytes(50_000), tmp_path / "motion.jpg", len(content))
    assert made.quality is None
    assert apart(shown, Image.open(io.BytesIO(content))) < 3  # what rounding costs


def test_a_screenshot_is_packed_without_loss_where_that_is_enough(tmp_path: Path) -> None:
    content = KINDS["screenshot.png"]()
    made, shown = fit(content, tmp_path / "s.png", int(len(content) * 0.7))
    assert (made.suffix, made.quality) == (".webp", None)
    assert apart(shown, screenshot(600, 400)) == 0


def test_raw_pixels_become_a_png_where_that_is_enough(tmp_path: Path) -> None:
    content = KINDS["photo.bmp"]()
    made, shown = fit(content, tmp_path / "p.bmp", int(len(content) * 0.9))
    assert (made.suffix, made.quality) == (".png", None)
    assert apart(shown, photo(400, 300)) == 0


def test_fewer_pixels_are_better_than_mush(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    noise(700, 700).save(buffer, "PNG")
    made, _ = fit(buffer.getvalue(), tmp_path / "n.png", 80_000)
    assert made.width < 700
    assert made.quality is not None
    assert made.quality >= 60


@pytest.mark.parametrize("min_quality", [10, 70, 95])
def test_the_floor_of_quality_holds(min_quality: int, tmp_path: Path) -> None:
    made, _ = fit(KINDS["noise.png"](), tmp_path / "n.png", 6000, min_quality=min_quality)
    assert made.quality is not None
    assert made.quality >= min_quality


def test_a_jpeg_of_too_many_pixels_is_decoded_at_half_its_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture_pixels_child, "MAX_PIXELS", 40_000)
    monkeypatch.setattr(picture_pixels_child, "MAX_JPEG_PIXELS", 160_000)
    before, buffer = photo(400, 300), io.BytesIO()
    before.save(buffer, "JPEG", quality=95)
    _, shown = fit(buffer.getvalue(), tmp_path / "a", len(buffer.getvalue()) // 2)
    assert shown.size == (200, 150)
    assert apart(before, shown) < CLOSE
    for content, name in ((photo(400, 401), "JPEG"), (photo(201, 200), "PNG")):
        content.save(tmp_path / "b", name)
        with pytest.raises(RefusedError, match="too many pixels"), opened(tmp_path / "b"):
            pass


def test_a_limit_that_nothing_reaches_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="can't be made as small"):
        fit(KINDS["noise.png"](), tmp_path / "n.png", 20)


@pytest.mark.parametrize(
    "name", ["photo.jpg", "photo.png", "photo.webp", "photo.avif", "still.gif", "photo.tif", "photo.jp2", "icon.ico"]
)
def test_damage_is_a_sentence_and_nothing_else(name: str, tmp_path: Path) -> None:
    chance = random.Random(name)
    whole = KINDS[name]()
    sentences = []
    for _ in range(12):
        content = bytearray(whole[: chance.randrange(len(whole) // 2, len(whole))])
        for _ in range(chance.randrange(12)):
            content[chance.randrange(len(content))] = chance.randrange(256)
        try:
            fit(bytes(content), tmp_path / name, 20_000)
        except RefusedError as error:
            sentences.append(str(error))
    assert sentences
    assert all(sentence.startswith("This ") for sentence in sentences)


def test_the_first_of_many_pages_is_known_as_such(tmp_path: Path) -> None:
    path = tmp_path / "pages.tif"
    path.write_bytes(KINDS["pages.tif"]())
    with opened(path) as image:
        look = looked_at(image)
    assert (look.frames, look.animated) == (2, False)
