"""Whether aria2's control file (`x.aria2`) tells the truth about the bytes beside it.

aria2 1.36 fails for ever over a damaged one, and calls a file complete whose data were cut off behind its back. The
format is version 1 of https://aria2.github.io/manual/en/html/technical-notes.html: all numbers big-endian.
"""

import struct
from pathlib import Path
from typing import NamedTuple

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
        told = _read(control.read_bytes())
        return data.stat().st_size >= told.end and size in (None, told.total)
    except (OSError, struct.error, ValueError):
        return False


def bytes_of(control: Path) -> int:
    """How many bytes a control file says are there; 0 where it is gone or damaged."""
    try:
        return _read(control.read_bytes()).complete if control.stat().st_size <= _LARGEST else 0
    except (OSError, struct.error, ValueError):
        return 0


class _Told(NamedTuple):
    total: int  # bytes of the whole file
    end: int  # where the last byte ends that is said to be there
    complete: int  # bytes that are said to be there


def _read(text: bytes) -> _Told:
    """What a control file says.

    Raises:
        ValueError, struct.error: damaged.
    """
    version, _, hash_length = _HEAD.unpack_from(text)
    at = _HEAD.size + hash_length
    piece_length, total, _, bitfield_length = _SIZES.unpack_from(text, at)
    at += _SIZES.size
    if version != 1 or not piece_length or bitfield_length != _bytes_for(_parts(total, piece_length)):
        raise ValueError
    here = _slice(text, at, bitfield_length)
    end = min(_last_bit(here) * piece_length, total)
    complete = _covered(here, piece_length, total)
    at += bitfield_length
    (pieces,) = struct.unpack_from(">I", text, at)
    at += 4
    for _ in range(pieces):
        index, length, blocks_length = _PIECE.unpack_from(text, at)
        at += _PIECE.size
        if blocks_length != _bytes_for(_parts(length, _BLOCK)):
            raise ValueError
        of_it = _slice(text, at, blocks_length)
        blocks = _last_bit(of_it)
        end = max(end, index * piece_length + min(blocks * _BLOCK, length) if blocks else 0)
        complete += _covered(of_it, _BLOCK, length)
        at += blocks_length
    if at != len(text) or end > total:
        raise ValueError
    return _Told(total, end, min(complete, total))


def _covered(bitfield: bytes, each: int, total: int) -> int:
    """Bytes of which a bit is set for every `each`; the last may be for fewer."""
    last = _parts(total, each) - 1
    bits = int.from_bytes(bitfield, "big")
    short = last * each + each - total if last >= 0 and bitfield[last // 8] >> (7 - last % 8) & 1 else 0
    return bits.bit_count() * each - short


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
