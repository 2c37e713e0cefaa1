"""Finds the best encoding of a picture that fits: without loss, else the highest quality, else fewer pixels.

Runs in `picture_child` alone.
"""

import io
import math
from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image, ImageFile, features

from upload_module.fitting.picture_pixels_child import RefusedError, is_huge, is_srgb, is_upright, plain

Tell = Callable[[float], None]  # percent

NEAR = 0.95  # of the limit: near enough to stop the search
TRIES = 10  # of one search for a quality
FIRST, BEST = 90, 100  # qualities
SHRINKS = 12
SMALL = 640  # pixels of the longer side: below it fewer pixels are worse than less quality
TINY = 16
LOSSLESS_PIXELS = 25_000_000  # beyond it, packing without loss takes too long
WEBP_SAVES = 0.4  # of a PNG's bytes are left, where WebP without loss does very well
SMALL_PROFILE = 4096  # bytes of an ICC profile that may stay
KEPT_MODES = ("L", "RGB")
LOSSY = ("JPEG", "MPO", "WEBP", "AVIF", "HEIF", "JPEG2000")


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoded:
    """A picture that is ready to be written."""

    data: bytes
    suffix: str
    width: int
    height: int
    quality: int | None  # None: as good as the source


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoder:
    """One lossy format."""

    suffix: str
    encode: Callable[[Image.Image, int], bytes]
    good: int  # the quality below which another format, or fewer pixels, look better
    max_side: int  # pixels
    alpha: bool


def _saved(image: Image.Image, format_: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    # A JPEG is made in one piece, and Pillow would reserve too little for one that is all noise.
    ImageFile.MAXBLOCK = max(2**16, 4 * image.width * image.height)
    image.save(buffer, format_, **options)
    return buffer.getvalue()


def _jpeg(image: Image.Image, quality: int) -> bytes:
    return _saved(image, "JPEG", quality=quality, subsampling="4:2:0", optimize=True, progressive=True)


def _full_jpeg(image: Image.Image, quality: int) -> bytes:
    return _saved(image, "JPEG", quality=quality, subsampling="4:4:4", optimize=True, progressive=True)


def _webp(image: Image.Image, quality: int) -> bytes:
    return _saved(image, "WEBP", quality=quality, method=4)


def _avif(image: Image.Image, quality: int) -> bytes:
    return _saved(image, "AVIF", quality=quality, speed=8, max_threads=2)


JPEG = Encoder(suffix=".jpg", encode=_jpeg, good=80, max_side=65_500, alpha=False)
FULL_JPEG = Encoder(suffix=".jpg", encode=_full_jpeg, good=85, max_side=65_500, alpha=False)
WEBP = Encoder(suffix=".webp", encode=_webp, good=75, max_side=16_383, alpha=True)
# Discord shows no larger ones (github.com/discord/lilliput/issues/224), and they take long to make.
AVIF = Encoder(suffix=".avif", encode=_avif, good=60, max_side=4096, alpha=True)


def fitted(image: Image.Image, source_bytes: int, limit: int, min_quality: int, tell: Tell) -> Encoded:
    """The best picture of at most `limit` bytes.

    Args:
        image: as it was opened, not decoded yet.
        source_bytes: the size of its file.
        limit: bytes.
        min_quality: 0..100; less is not made.
        tell: called between encodings.

    Raises:
        RefusedError: not even a tiny one fits.
    """
    source_format = image.format
    kept = _kept(image)
    if kept is not None and len(kept.data) <= limit:
        return kept
    pixels = plain(image)
    tell(10)
    lossless = None
    if source_format not in LOSSY and pixels.width * pixels.height <= LOSSLESS_PIXELS:
        lossless = _lossless(pixels, source_bytes if source_format == "PNG" else None, limit)
    return lossless or _lossy(pixels, limit, min_quality, tell)


def converted(image: Image.Image, limit: int, min_quality: int, tell: Tell) -> Encoded:
    """The picture in the format that everybody can open, at a quality that looks like it; else as `fitted`."""
    pixels = plain(image)
    encoder = _usable(pixels)[0]
    data = encoder.encode(pixels, FIRST)
    if len(data) > limit:
        return _lossy(pixels, limit, min_quality, tell)
    return Encoded(data=data, suffix=encoder.suffix, width=pixels.width, height=pixels.height, quality=FIRST)


def _kept(image: Image.Image) -> Encoded | None:
    """A JPEG packed better, its quantization kept, and without what is not its picture."""
    profile = image.info.get("icc_profile") or b""
    named = is_srgb(profile)
    if image.format != "JPEG" or image.mode not in KEPT_MODES or not is_upright(image) or is_huge(image):
        return None
    if not named and len(profile) > SMALL_PROFILE:
        return None
    image.load()
    image.info.pop("comment", None)
    options = {} if named else {"icc_profile": profile}
    data = _saved(image, "JPEG", quality="keep", optimize=True, progressive=True, **options)
    return Encoded(data=data, suffix=".jpg", width=image.width, height=image.height, quality=None)


def _lossless(pixels: Image.Image, png_bytes: int | None, limit: int) -> Encoded | None:
    """PNG, or WebP if it may be enough; `png_bytes` when it was a PNG that did not fit."""
    data, suffix = b"", ".png"
    if png_bytes is None:
        data = _saved(pixels, "PNG")
        png_bytes = len(data)
    if limit < png_bytes <= limit / WEBP_SAVES and max(pixels.size) <= WEBP.max_side:
        data, suffix = _saved(pixels, "WEBP", lossless=True, quality=30, method=2), ".webp"
    if not data or len(data) > limit:
        return None
    return Encoded(data=data, suffix=suffix, width=pixels.width, height=pixels.height, quality=None)


def _lossy(pixels: Image.Image, limit: int, min_quality: int, tell: Tell) -> Encoded:
    scale = 1.0
    for shrink in range(SHRINKS):
        size = tuple(max(1, round(side * scale)) for side in pixels.size)
        image = pixels if scale == 1.0 else pixels.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
        encoders = _usable(image)
        smallest = math.inf
        floors = [(encoder, max(encoder.good, min_quality)) for encoder in encoders]
        if max(size) <= SMALL:  # the youngest format bears a low quality best
            floors += [(encoder, min_quality) for encoder in reversed(encoders) if min_quality < encoder.good]
        for encoder, floor in floors:
            data = encoder.encode(image, floor)
            if len(data) <= limit:
                return _highest(image, encoder, (floor, data), limit)
            smallest = min(smallest, len(data))
            tell(10 + 90 * (1 - 0.8 ** (shrink + 1)))
        if max(size) <= TINY:
            break
        scale *= min(0.9, 0.97 * math.sqrt(limit / smallest))
    raise RefusedError("This picture can't be made as small as it would have to be.")


def _usable(image: Image.Image) -> list[Encoder]:
    """The formats for a picture, the one that everybody can open first."""
    encoders = [JPEG, WEBP] + ([AVIF] if features.check("avif") else [])
    alpha = image.mode == "RGBA"
    return [encoder for encoder in encoders if max(image.size) <= encoder.max_side and (encoder.alpha or not alpha)]


def _highest(image: Image.Image, encoder: Encoder, floor: tuple[int, bytes], limit: int) -> Encoded:
    """The highest quality that fits, from one that does."""
    quality, data = searched(lambda value: encoder.encode(image, value), floor, limit)
    if encoder is JPEG and quality == BEST:  # there is room for the whole of the colours
        full = FULL_JPEG.encode(image, FULL_JPEG.good)
        if len(full) <= limit:
            found = searched(lambda value: FULL_JPEG.encode(image, value), (FULL_JPEG.good, full), limit)
            quality, data = max(found, (quality, data), key=lambda one: len(one[1]))
    return Encoded(data=data, suffix=encoder.suffix, width=image.width, height=image.height, quality=quality)


def searched(
    encode: Callable[[int], bytes], floor: tuple[int, bytes], limit: int, *, tries: int = TRIES
) -> tuple[int, bytes]:
    """The highest quality of at most `limit` bytes, or nearly, from one that fits.

    The size grows about exponentially with the quality, so the next one to try is interpolated; bisected, in turns,
    where it doesn't.
    """
    low, data = floor
    high, over = BEST + 1, math.inf
    for tried in range(tries):
        if high - low <= 1 or len(data) >= NEAR * limit:
            break
        if over is math.inf:
            quality = max(low + 1, FIRST) if tried == 0 else BEST
        elif tried % 2:
            share = math.log(0.98 * limit / len(data)) / math.log(over / len(data))
            quality = min(high - 1, max(low + 1, low + round(share * (high - low))))
        else:
            quality = (low + high) // 2
        made = encode(quality)
        if len(made) <= limit:
            low, data = quality, made
        else:
            high, over = quality, len(made)
    return low, data
