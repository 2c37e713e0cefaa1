"""Makes an animation smaller: an animated WebP of as many pixels as fit, every frame kept.

Runs in `picture_child` alone.
"""

import io
import math
from dataclasses import dataclass
from functools import partial
from itertools import count

from PIL import Image

from upload_module.fitting.picture_pixels_child import RefusedError, is_see_through
from upload_module.fitting.picture_search_child import Encoded, Tell, searched

QUALITY = 75
MAX_SIDE = 16_383  # WebP's
MAX_FRAMES = 3000
MAX_BYTES = 500_000_000  # of all frames in memory
SHRINKS = 8
TRIES = 4  # of one search for a quality: each encodes all frames
TINY = 32  # pixels of the longer side
UNSAID = 100  # milliseconds of a frame that says 0 or 1/100 s, as browsers have it
SHORTEST = 11


@dataclass(frozen=True, slots=True, kw_only=True)
class _Animation:
    frames: list[Image.Image]
    durations: list[int]  # milliseconds
    loop: int  # times; 0: for ever


def shrunk(image: Image.Image, limit: int, min_quality: int, tell: Tell) -> Encoded:
    """The animation in at most `limit` bytes.

    Args:
        image: as it was opened.
        limit: bytes.
        min_quality: 0..100, as for a still picture.
        tell: called between encodings.

    Raises:
        RefusedError: it has too many frames, or not even a tiny one fits.
    """
    total = int(getattr(image, "n_frames", 1))
    if total > MAX_FRAMES:
        raise RefusedError(f"This animation has more than {MAX_FRAMES} frames. Ask for a shorter one.")
    pixels = total * image.width * image.height
    scale = min(1.0, math.sqrt(MAX_BYTES / (4 * pixels)), MAX_SIDE / max(image.size))
    quality = max(QUALITY, min_quality)
    for shrink in range(SHRINKS):
        # Each round decodes anew: all frames at their full size may be more than fits into memory.
        animation = _decoded(image, scale)
        width, height = animation.frames[0].size
        data = _webp(animation, quality)
        if len(data) <= limit:
            encode = partial(_webp, animation)
            quality, data = searched(encode, (quality, data), limit, tries=TRIES)
            return Encoded(data=data, suffix=".webp", width=width, height=height, quality=quality)
        if max(width, height) <= TINY:
            break
        tell(100 * (1 - 0.6 ** (shrink + 1)))
        scale *= min(0.9, 0.95 * math.sqrt(limit / len(data)))
    raise RefusedError("This animation can't be made as small as it would have to be.")


def _decoded(image: Image.Image, scale: float) -> _Animation:
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    frames: list[Image.Image] = []
    durations: list[int] = []
    for number in count():
        try:
            image.seek(number)
        except EOFError:
            break
        frame = image.convert("RGBA")
        frames.append(frame if frame.size == size else frame.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0))
        said = int(image.info.get("duration") or 0)
        durations.append(said if said >= SHORTEST else UNSAID)
    if not any(is_see_through(frame) for frame in frames):
        frames = [frame.convert("RGB") for frame in frames]
    for frame in frames:
        frame.info = {}
    return _Animation(frames=frames, durations=durations, loop=_loop(image))


def _loop(image: Image.Image) -> int:
    """How often a WebP shows it: a GIF says how often it is shown again."""
    said = image.info.get("loop")
    if image.format == "GIF":
        return 1 if said is None else int(said) + (int(said) > 0)
    return int(said or 0)


def _webp(animation: _Animation, quality: int) -> bytes:
    buffer = io.BytesIO()
    animation.frames[0].save(
        buffer,
        "WEBP",
        save_all=True,
        append_images=animation.frames[1:],
        duration=animation.durations,
        loop=animation.loop,
        quality=quality,
        method=2,
    )
    return buffer.getvalue()
