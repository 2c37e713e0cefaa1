"""What a picture looks like, in 64 bits, so that it is known again when it was made smaller or saved anew.

The difference hash (dHash) of Neal Krawetz, "Kind of Like That" (The Hacker Factor Blog, 21 January 2013): the picture
is brought to 9 x 8 grey points, and each bit says whether a point is darker than the one on its right. A video has the
hashes of some of its frames. Pure functions; `fingerprints.py` makes the points.
"""

from collections.abc import Sequence

from core.models import MediaFile

WIDTH, HEIGHT = 9, 8  # points
POINTS = WIDTH * HEIGHT
ALIKE = 6  # bits of 64 that may differ on average; two that have nothing in common differ in about 32
FLAT = 16  # of 256 levels between the darkest and the lightest point; what has less is black, white or a fade
SAME_SHAPE = 0.05  # by which width : height may differ
SAME_LENGTH = 0.03  # by which durations may differ, and at most a second


def difference_hash(points: bytes) -> int | None:
    """The hash of 9 x 8 grey points, row by row; None for a picture that shows nothing."""
    if len(points) != POINTS or max(points) - min(points) < FLAT:
        return None
    value = 0
    for row in range(0, POINTS, WIDTH):
        for column in range(row, row + WIDTH - 1):
            value = value << 1 | (points[column] < points[column + 1])
    return value


def written(hashes: Sequence[int | None]) -> str:
    """As it stands in the column: sixteen digits a frame, dashes for one that shows nothing."""
    return " ".join("-" * 16 if one is None else f"{one:016x}" for one in hashes)


def distance(one: str, other: str) -> float | None:
    """Bits that differ on average; None when they can't be compared, or have no frame that shows anything."""
    pairs = list(zip(one.split(), other.split(), strict=False))
    if len(one.split()) != len(other.split()):
        return None
    try:
        bits = [(int(a, 16) ^ int(b, 16)).bit_count() for a, b in pairs if "-" not in a + b]
    except ValueError:  # a hand wrote it
        return None
    return sum(bits) / len(bits) if bits and 2 * len(bits) > len(pairs) else None


def look_alike(one: MediaFile, other: MediaFile) -> bool:
    """Whether two files seem to show the same. It is a hint: a person has to look."""
    if one.kind != other.kind or not one.perceptual_hash or not other.perceptual_hash:
        return False
    if not _near(_shape(one), _shape(other), SAME_SHAPE):
        return False
    lengths = one.duration_seconds, other.duration_seconds
    if one.kind == "video" and (not _near(*lengths, SAME_LENGTH) or abs((lengths[0] or 0) - (lengths[1] or 0)) > 1):
        return False
    bits = distance(one.perceptual_hash, other.perceptual_hash)
    return bits is not None and bits <= ALIKE


def _shape(file: MediaFile) -> float | None:
    return file.width / file.height if file.width and file.height else None


def _near(one: float | None, other: float | None, part: float) -> bool:
    """Unknown is near to anything."""
    return not one or not other or abs(one - other) <= part * max(one, other)
