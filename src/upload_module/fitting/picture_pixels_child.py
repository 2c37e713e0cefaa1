"""Opens a stranger's picture and makes it plain: upright, eight bits, sRGB, nothing in it but pixels.

Runs in `picture_child` alone.
"""

import contextlib
import io
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pi_heif
from PIL import Image, ImageCms, UnidentifiedImageError
from PIL.JpegImagePlugin import JpegImageFile

MAX_PIXELS = 100_000_000  # four bytes each in memory; more is refused as a bomb
MAX_JPEG_PIXELS = 4 * MAX_PIXELS  # it can be decoded at half its width and height, which takes a quarter of them
# No EPS, which runs a program, and no format that is rather a document or a texture. JPEG includes MPO.
FORMATS = (
    *("JPEG", "PNG", "GIF", "WEBP", "AVIF", "HEIF"),
    *("BMP", "DIB", "TIFF", "ICO", "JPEG2000", "PPM", "TGA", "PSD", "QOI", "PCX"),
)
ANIMATED = ("GIF", "PNG", "WEBP", "AVIF")
DEEP = ("I", "F", "I;16", "I;16L", "I;16B", "I;16N")
TOO_MANY_PIXELS = "This picture has too many pixels to be worked on. Ask for a smaller version."
ORIENTATION = 0x0112  # EXIF's tag


class RefusedError(Exception):
    """The picture can't be worked on; the text is a sentence for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What a picture is, mostly from its header."""

    format: str
    width: int
    height: int
    frames: int
    animated: bool
    see_through: bool  # an animation whose first frame is not all opaque


@contextlib.contextmanager
def opened(path: Path) -> Iterator[Image.Image]:
    """The picture, not decoded yet.

    Raises:
        RefusedError: it is no picture that we know, is damaged, or would be too large in memory; also from the block.
    """
    pi_heif.register_heif_opener()
    Image.MAX_IMAGE_PIXELS = MAX_JPEG_PIXELS
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path, formats=FORMATS) as image:
                Image.MAX_IMAGE_PIXELS = MAX_PIXELS  # of frames and pages
                if is_huge(image) and not isinstance(image, JpegImageFile):
                    raise RefusedError(TOO_MANY_PIXELS)  # noqa: TRY301  (it leaves by the same door as the others)
                yield image
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise RefusedError(TOO_MANY_PIXELS) from error
    except MemoryError as error:
        raise RefusedError("This picture takes too much memory. Ask for a smaller version of it.") from error
    except UnidentifiedImageError as error:
        raise RefusedError("This kind of picture can't be converted. Ask for it as JPEG, PNG or WebP.") from error
    except RefusedError:
        raise
    # Its decoders raise whatever a stranger's bytes lead them to (struct.error, IndexError, SyntaxError ...).
    except Exception as error:
        raise RefusedError("This picture is damaged, so it can't be made smaller. Ask for the link again.") from error


def looked_at(image: Image.Image) -> Looked:
    """What it is."""
    frames = int(getattr(image, "n_frames", 1))
    animated = frames > 1 and image.format in ANIMATED
    return Looked(
        format=image.format or "",
        width=image.width,
        height=image.height,
        frames=frames,
        animated=animated,
        see_through=animated and is_see_through(image.convert("RGBA")),
    )


def is_see_through(image: Image.Image) -> bool:
    """Whether any pixel of an RGBA picture is not opaque."""
    low, _ = image.getchannel("A").getextrema()
    return float(low) < 255  # type: ignore[arg-type]  # of one channel the extrema are two numbers


def is_huge(image: Image.Image) -> bool:
    """Whether all of its pixels would be too many."""
    return image.width * image.height > MAX_PIXELS


def plain(image: Image.Image) -> Image.Image:
    """The picture as L, RGB or RGBA without metadata, as it is meant to be seen. Decodes it, at half size if huge."""
    if is_huge(image):
        image.draft(None, (image.width // 2, image.height // 2))
    profile = image.info.get("icc_profile")
    turned = _orientation(image)
    made = _eight_bit(image)
    made = _in_srgb(made, profile)
    if made.mode not in ("L", "RGB", "RGBA"):
        made = made.convert("RGBA" if made.has_transparency_data else "RGB")
    if made.mode == "RGBA" and not is_see_through(made):
        made = made.convert("RGB")
    made.info = {}
    if turned is not None:
        made = made.transpose(turned)
    return made


def is_upright(image: Image.Image) -> bool:
    """Whether its pixels lie as they are shown."""
    return _orientation(image) is None


def is_srgb(profile: bytes | None) -> bool:
    """Whether colours mean the same without this ICC profile."""
    if not profile:
        return True
    try:
        return "sRGB" in ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(profile)))
    except (ImageCms.PyCMSError, OSError):
        return True  # nobody can read it


def _orientation(image: Image.Image) -> Image.Transpose | None:
    try:
        value = image.getexif().get(ORIENTATION, 1)
    except Exception:  # noqa: BLE001  (damaged EXIF raises anything, and the picture is good without it)
        return None
    return {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_270,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_90,
    }.get(value)


def _eight_bit(image: Image.Image) -> Image.Image:
    """Modes that are left to `convert` would be clipped to white."""
    if image.mode not in DEEP:
        return image if image.mode != "1" else image.convert("L")
    if image.mode.startswith("I;16"):
        return image.convert("I").point(lambda value: value / 256).convert("L")
    low, high = (float(value) for value in image.getextrema())  # type: ignore[arg-type]  # one channel
    wide = (high - low) or 1.0
    return image.convert("F").point(lambda value: value * (255 / wide) - low * (255 / wide)).convert("L")


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    if not profile or is_srgb(profile):
        return image
    if image.mode == "P":
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    if image.mode not in ("RGB", "RGBA", "CMYK"):
        return image
    try:
        made = ImageCms.profileToProfile(
            image,
            ImageCms.ImageCmsProfile(io.BytesIO(profile)),
            ImageCms.createProfile("sRGB"),
            outputMode="RGBA" if image.mode == "RGBA" else "RGB",
        )
    except (ImageCms.PyCMSError, OSError):  # made for something else, or damaged: better a bit pale than nothing
        return image
    return made or image
