"""Lets aria2 fetch stretches of a file alone, by a control file that calls everything else complete.

aria2 takes no Range header. But it goes on where its control file says, and asks only for what that says is missing:
so the file is made at its full size with holes, and the control file says that the holes are there already. From then
on it is a transfer like any other: several connections, resume, limits, and an end when nothing is missing.

The format is in aria2's manual (technical notes, "Control File (*.aria2) Format", version 1). A piece of an HTTP
transfer has at least 1 MiB, but one that is "in flight" has a length of its own and a bit for each block of 16 KiB:
with these the first and the last piece of a stretch are trimmed. How aria2 1.36 uses them was tried: it begins at the
first missing block and ends at the piece's own length.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from download_module.byte_ranges import BLOCK, PIECE, ByteRange, subtract
from download_module.plan import Part

MAX_PIECES = 16 * 1024 * 1024  # 16 TiB

_HEAD = struct.Struct(">HI")  # version, extension
_LENGTHS = struct.Struct(">IQQI")  # a piece, all, uploaded, the bitfield
_COUNT = struct.Struct(">I")
_PIECE = struct.Struct(">III")  # index, length, bitfield's length


@dataclass(frozen=True, slots=True, kw_only=True)
class InFlight:
    """A piece of which some blocks are here."""

    index: int
    length: int  # bytes
    blocks: bytes  # a bit for each block, the first is the highest


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """What a control file of an HTTP transfer says."""

    size: int  # bytes of the whole file
    complete: bytes  # a bit for each piece, the first is the highest
    in_flight: tuple[InFlight, ...] = ()
    piece: int = PIECE

    def to_bytes(self) -> bytes:
        """As aria2 reads it."""
        pieces = [_PIECE.pack(one.index, one.length, len(one.blocks)) + one.blocks for one in self.in_flight]
        lengths = _LENGTHS.pack(self.piece, self.size, 0, len(self.complete))
        # The zero after the head: the length of a torrent's info hash.
        head = _HEAD.pack(1, 0) + _COUNT.pack(0) + lengths
        return head + self.complete + _COUNT.pack(len(pieces)) + b"".join(pieces)


def prepare_ranges(path: Path, size: int, ranges: Sequence[ByteRange], known: Sequence[tuple[int, bytes]] = ()) -> int:
    """Write a file with holes and its control file, so that aria2 fetches the stretches alone.

    What lay there is overwritten. The control file comes last: without it the file is worth nothing to anybody.

    Args:
        path: of the file; `<path>.aria2` is written beside it.
        size: bytes of the whole file on the server.
        ranges: what is needed of it.
        known: (offset, bytes) that are here already and are not fetched; later ones win.

    Returns:
        The piece length; `ranges_options` has it.

    Raises:
        ValueError: there is no such file.
        OSError: no room.
    """
    if not 0 < size <= MAX_PIECES * PIECE:
        raise ValueError(f"no file has {size} bytes")
    missing = subtract(ranges, [(offset, offset + len(data)) for offset, data in known])
    control = Path(f"{path}.aria2")
    control.unlink(missing_ok=True)
    with path.open("wb") as file:
        for offset, data in known:
            file.seek(offset)
            file.write(data)
        file.truncate(size)
    draft = control.with_name(f"{control.name}.new")
    draft.write_bytes(_control_of(size, missing).to_bytes())
    draft.replace(control)
    return PIECE


def ranges_options(part: Part) -> dict[str, str]:
    """What aria2 is told for a part with `ranges`, beside the options of every transfer.

    With pipelining each request ends where its piece ends; without it aria2 asks for more and hangs up. One request at
    a time: nothing is really pipelined. The first request asks for the whole file, to learn the size, and hangs up:
    HEAD is cheaper where it is answered.
    """
    options = {"piece-length": str(PIECE), "enable-http-pipelining": "true", "max-http-pipelining": "1"}
    return options | ({"use-head": "true"} if part.head else {})


def fetched_amount(size: int, ranges: Sequence[ByteRange], completed: int) -> int:
    """How much of the stretches is here, in bytes of `Part.ranges`.

    Args:
        size: bytes of the whole file.
        ranges: what is needed of it.
        completed: aria2's `completedLength`, which counts the holes too.
    """
    needed = sum(end - first for first, end in ranges)
    return needed - min(needed, max(0, size - completed))


def _control_of(size: int, missing: Sequence[ByteRange]) -> Control:
    wanted = _wanted_of_pieces(size, missing)
    complete = bytearray(b"\xff" * -(-_pieces(size) // 8))
    spare = -_pieces(size) % 8
    complete[-1] &= 0xFF << spare & 0xFF
    in_flight = []
    for index, (first, end) in sorted(wanted.items()):
        complete[index // 8] &= ~(0x80 >> index % 8)
        if first or end < _length(size, index):
            blocks = bytearray(-(-_blocks(end) // 8))
            for block in range(first // BLOCK):
                blocks[block // 8] |= 0x80 >> block % 8
            in_flight.append(InFlight(index=index, length=end, blocks=bytes(blocks)))
    return Control(size=size, complete=bytes(complete), in_flight=tuple(in_flight))


def _wanted_of_pieces(size: int, missing: Sequence[ByteRange]) -> dict[int, ByteRange]:
    """What is missing of each piece, in bytes from its begin: one stretch, for aria2 fills a piece in one go."""
    wanted: dict[int, ByteRange] = {}
    for first, end in missing:
        end = min(end, size)
        for index in range(first // PIECE, -(-end // PIECE)):
            begin = index * PIECE
            inner_first = max(0, first - begin) // BLOCK * BLOCK
            inner_end = min(_blocks(end - begin) * BLOCK, _length(size, index))
            had_first, had_end = wanted.get(index, (inner_first, inner_end))
            wanted[index] = (min(had_first, inner_first), max(had_end, inner_end))
    for index in wanted:
        # A server that keeps no connection open answers beyond a piece that ends early, and aria2 takes what follows
        # for the begin of the next piece when that is missing from its begin.
        if wanted.get(index + 1, (1, 0))[0] == 0:
            wanted[index] = (wanted[index][0], _length(size, index))
    return wanted


def _pieces(size: int) -> int:
    return -(-size // PIECE)


def _blocks(length: int) -> int:
    return -(-length // BLOCK)


def _length(size: int, index: int) -> int:
    return min(PIECE, size - index * PIECE)
