"""Pictures of every kind that people send, made by Pillow: small, seeded, and the same each time."""

import io
import random
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

from PIL import Image, ImageCms, ImageDraw

COLOURS = ((250, 30, 30), (30, 200, 60), (40, 60, 240), (240, 220, 40))  # of the quarters, row by row


def noise(width: int, height: int, seed: int = 1) -> Image.Image:
    """What packs worst."""
    return Image.frombytes("RGB", (width, height), random.Random(seed).randbytes(width * height * 3))


def photo(width: int, height: int, seed: int = 1) -> Image.Image:
    """Soft shapes, edges and grain, about as hard to pack as a photograph."""
    made = noise(max(2, width // 64), max(2, height // 64), seed).resize((width, height), Image.Resampling.BICUBIC)
    for divisor, share in ((16, 0.35), (4, 0.2), (1, 0.08)):
        layer = noise(max(2, width // divisor), max(2, height // divisor), seed + divisor)
        made = Image.blend(made, layer.resize((width, height), Image.Resampling.BICUBIC), share)
    return made


def quarters(width: int, height: int, mode: str = "RGB") -> Image.Image:
    """A photograph whose quarters are tinted in `COLOURS`: it shows how it is turned and what became of its colours."""
    made = photo(width, height)
    for number, colour in enumerate(COLOURS):
        left, top = width // 2 * (number % 2), height // 2 * (number // 2)
        box = (left, top, left + width // 2, top + height // 2)
        made.paste(Image.blend(made.crop(box), Image.new("RGB", (width // 2, height // 2), colour), 0.8), box)
    return made.convert(mode)


def see_through(width: int, height: int) -> Image.Image:
    """Opaque in the middle, half see-through around it, nothing at the border."""
    made = photo(width, height).convert("RGBA")
    alpha = Image.new("L", (width, height), 0)
    draw = ImageDraw.Draw(alpha)
    draw.rectangle((width // 8, height // 8, width * 7 // 8, height * 7 // 8), fill=128)
    draw.rectangle((width // 4, height // 4, width * 3 // 4, height * 3 // 4), fill=255)
    made.putalpha(alpha)
    return made


def screenshot(width: int, height: int) -> Image.Image:
    """Flat areas and text."""
    made = Image.new("RGB", (width, height), (250, 250, 252))
    draw = ImageDraw.Draw(made)
    chance = random.Random(2)
    for top in range(0, height, 14):
        draw.text(
            (8, top), "".join(chance.choices("abcdefgh ijkl mnop", k=width // 7)), fill=(20, 20, chance.randrange(99))
        )
    draw.rectangle((0, 0, width, 12), fill=(60, 90, 200))
    return made


def moving(width: int, height: int, frames: int, *, alpha: bool = False) -> list[Image.Image]:
    """Frames of a disc that crosses a photograph, or nothing."""
    made = []
    for number in range(frames):
        frame = Image.new("RGBA", (width, height)) if alpha else photo(width, height).convert("RGBA")
        left = round((width - height // 2) * number / max(1, frames - 1))
        patch = photo(height // 2, height // 2, seed=number)
        mask = Image.new("L", patch.size, 0)
        ImageDraw.Draw(mask).ellipse((0, 0, *patch.size), fill=255)
        frame.paste(patch, (left, height // 4), mask)
        made.append(frame if alpha else frame.convert("RGB"))
    return made


def save_frames(path: Path, frames: list[Image.Image], *, duration: int = 80) -> Path:
    """An animated GIF, PNG, WebP or AVIF, as the suffix says."""
    lossless = path.suffix == ".webp"
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=duration, loop=0, lossless=lossless)
    return path


def turned(image: Image.Image, orientation: int) -> tuple[Image.Image, bytes]:
    """A picture as a camera stores it that was held otherwise, and the EXIF that says so."""
    back = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010E] = "where I live"
    stored = image.transpose(back[orientation]) if orientation in back else image
    return stored, exif.tobytes()


def swapped_profile() -> bytes:
    """An ICC profile of an RGB space whose red is sRGB's green, and the other way round."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    for number in range(struct.unpack(">I", profile[128:132])[0]):
        at = 132 + 12 * number
        name = bytes(profile[at : at + 4])
        profile[at : at + 4] = {b"rXYZ": b"gXYZ", b"gXYZ": b"rXYZ"}.get(name, name)
    return bytes(profile).replace("sRGB".encode("utf-16-be"), "swap".encode("utf-16-be"))


def png_claiming(width: int, height: int, *, rows: int = 100) -> bytes:
    """A PNG of a few bytes that says it is that large; so many rows of it are there, and black."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    packer = zlib.compressobj(9)
    row = bytes(1 + width)
    packed = b"".join(packer.compress(row) for _ in range(rows)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def _saved(image: Image.Image, format_: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format_, **options)
    return buffer.getvalue()


def _deep(width: int, height: int) -> Image.Image:
    """16 bits a pixel, grey: a step of two halves over noise of the lower bits."""
    values = random.Random(3)
    rows = [
        struct.pack(
            f"<{width}H", *((4000 if x < width // 2 else 60_000) + values.randrange(4096) for x in range(width))
        )
        for _ in range(height)
    ]
    return Image.frombytes("I;16", (width, height), b"".join(rows))


KINDS: dict[str, Callable[[], bytes]] = {
    "photo.jpg": lambda: _saved(photo(640, 480), "JPEG", quality=97),
    "photo-444.jpg": lambda: _saved(photo(480, 640, 5), "JPEG", quality=95, subsampling=0),
    "grey.jpg": lambda: _saved(photo(640, 480).convert("L"), "JPEG", quality=97),
    "cmyk.jpg": lambda: _saved(quarters(480, 320, "CMYK"), "JPEG", quality=97),
    "noise.jpg": lambda: _saved(noise(200, 200), "JPEG", quality=95),
    "progressive.jpg": lambda: _saved(photo(640, 480), "JPEG", quality=96, progressive=True),
    "photo.png": lambda: _saved(photo(480, 360), "PNG"),
    "noise.png": lambda: _saved(noise(200, 200), "PNG"),
    "screenshot.png": lambda: _saved(screenshot(600, 400), "PNG"),
    "alpha.png": lambda: _saved(see_through(400, 300), "PNG"),
    "opaque-alpha.png": lambda: _saved(photo(400, 300).convert("RGBA"), "PNG"),
    "palette.png": lambda: _saved(photo(500, 400).quantize(64), "PNG"),
    "palette-alpha.png": lambda: _saved(see_through(400, 300).quantize(64), "PNG"),
    "grey-alpha.png": lambda: _saved(see_through(400, 300).convert("LA"), "PNG"),
    "deep.png": lambda: _saved(_deep(320, 240), "PNG"),
    "line-art.png": lambda: _saved(noise(400, 400).convert("1"), "PNG"),
    "wide.png": lambda: _saved(noise(9000, 16), "PNG"),
    "long.png": lambda: _saved(photo(24, 17_000), "PNG"),
    "photo.webp": lambda: _saved(photo(640, 480), "WEBP", quality=95),
    "alpha.webp": lambda: _saved(see_through(400, 300), "WEBP", lossless=True),
    "photo.avif": lambda: _saved(photo(400, 300), "AVIF", quality=95, speed=9),
    "still.gif": lambda: _saved(photo(400, 300).quantize(128), "GIF"),
    "photo.bmp": lambda: _saved(photo(400, 300), "BMP"),
    "photo.tif": lambda: _saved(photo(400, 300), "TIFF"),
    "deep.tif": lambda: _saved(_deep(320, 240), "TIFF"),
    "float.tif": lambda: _saved(photo(200, 150).convert("F"), "TIFF"),
    "cmyk.tif": lambda: _saved(quarters(300, 200, "CMYK"), "TIFF", compression="tiff_lzw"),
    "pages.tif": lambda: _saved(photo(300, 200), "TIFF", save_all=True, append_images=[photo(300, 200, 9)]),
    "photo.jp2": lambda: _saved(photo(400, 300), "JPEG2000"),
    "photo.ppm": lambda: _saved(photo(400, 300), "PPM"),
    "icon.ico": lambda: _saved(see_through(256, 256), "ICO"),
    # Of `quarters(480, 320)` by pillow-heif, on its side, with a description; nothing that we install writes HEIC.
    "orientation-6.heic": Path(__file__).with_name("orientation-6.heic").read_bytes,
    "swapped.jpg": lambda: _saved(quarters(480, 320), "JPEG", quality=97, icc_profile=swapped_profile()),
}
for _orientation in range(1, 9):

    def _held(orientation: int = _orientation) -> bytes:
        stored, exif = turned(quarters(480, 320), orientation)
        return _saved(stored, "JPEG", quality=97, exif=exif)

    KINDS[f"orientation-{_orientation}.jpg"] = _held
