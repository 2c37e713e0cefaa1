"""Whether aria2's control file (`x.aria2`) tells the truth about the bytes beside it.

aria2 1.36 fails for ever over a damaged one, and calls a file complete whose data were cut off behind its back. The
format is version 1 of https://aria2.github.io/manual/en/html/technical-notes.html: all numbers big-endian.
"""

import struct
from pathlib import Path

_HEAD = struct.Struct(">HII")  # version, extension, length of the info hash
_SIZES = struct.Struct(">IQQI")  # piece length, total length, uploaded length, length of the bitfield
_PIECE = struct.Struct(">III")  # index, length, length of the bitfield of its blocks
_BLOCK = 16 * 1024
_LARGEST = 64 * 1024 * 1024  # bytes; no control file of ours comes near


def is_sound(control: Path, data: Path, size: int | None = None) -> bool:
    """Whether a transfer of one file can be continued.

    Args:
        control: the control file.
        data: the file that it speaks of.
        size: the bytes that the file will have, when known.
    """
    try:
        if control.stat().st_size > _LARGEST:
            return False
        total, end = _read(control.read_bytes())
        return data.stat().st_size >= end and size in (None, total)
    except (OSError, struct.error, ValueError):
        return False


def _read(text: bytes) -> tuple[int, int]:
    """The length of the whole file, and where the last byte ends that is said to be there.

    Raises:
        ValueError, struct.error: damaged.
    """
    version, _, hash_length = _HEAD.unpack_from(text)
    at = _HEAD.size + hash_length
    piece_length, total, _, bitfield_length = _SIZES.unpack_from(text, at)
    at += _SIZES.size
    if version != 1 or not piece_length or bitfield_length != _bytes_for(_parts(total, piece_length)):
        raise ValueError
    end = min(_last_bit(_slice(text, at, bitfield_length)) * piece_length, total)
    at += bitfield_length
    (pieces,) = struct.unpack_from(">I", text, at)
    at += 4
    for _ in range(pieces):
        index, length, blocks_length = _PIECE.unpack_from(text, at)
        at += _PIECE.size
        if blocks_length != _bytes_for(_parts(length, _BLOCK)):
            raise ValueError
        blocks = _last_bit(_slice(text, at, blocks_length))
        end = max(end, index * piece_length + min(blocks * _BLOCK, length) if blocks else 0)
        at += blocks_length
    if at != len(text) or end > total:
        raise ValueError
    return total, end


def _slice(text: bytes, at: int, length: int) -> bytes:
    if at + length > len(text):
        raise ValueError
    return text[at : at + length]


def _parts(length: int, part: int) -> int:
    return -(-length // part)


def _bytes_for(bits: int) -> int:
    return -(-bits // 8)


def _last_bit(bitfield: bytes) -> int:
    """The number of bits up to the last that is set; the first bit is the highest of the first byte."""
    number = int.from_bytes(bitfield, "big")
    return len(bitfield) * 8 - (number & -number).bit_length() + 1 if number else 0
