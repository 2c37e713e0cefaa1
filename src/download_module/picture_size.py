"""How large a picture is, from the head of its file: the kinds that galleries consist of, without a process for each.

A GIF is left to ffprobe, which also says how long it plays; so are kinds whose heads are long to read.
"""

import io
import struct
from typing import BinaryIO

import imagesize

Size = tuple[int, int]  # width and height, pixels

HEAD = 256 * 1024  # bytes; cameras write some 100 kB before the picture
LARGEST = 2**31  # pixels; what says more is no picture


def is_known(head: bytes) -> bool:
    """Whether bytes begin as a picture of a kind that `picture_size` reads: JPEG, PNG or WebP."""
    is_webp = head.startswith(b"RIFF") and head[8:12] == b"WEBP"
    return is_webp or head.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"))


def picture_size(stream: BinaryIO) -> Size | None:
    """The size of a picture, None for one that is damaged or of another kind.

    Args:
        stream: the file, from its first byte. Only its head is looked at, and nothing is decoded.
    """
    head = stream.read(HEAD)
    if not is_known(head):  # the library reads kinds that we don't want read in this process
        return None
    try:
        width, height = imagesize.get(io.BytesIO(head))
    except (ValueError, struct.error, ArithmeticError, LookupError, TypeError):  # it ends before that, or is nonsense
        return None
    return (width, height) if 0 < width < LARGEST and 0 < height < LARGEST else None
