"""What is needed of a file for a stretch of its time."""

from dataclasses import dataclass

from download_module.byte_ranges import BLOCK, PIECE, ByteRange
from download_module.range_reader import RemoteFile

TAIL = 0.2  # seconds; how far apart video and sound that belong together may lie in a file that has both
LEAD = 0.14  # seconds; where pictures are reordered ffmpeg looks 3/23 s earlier for one to begin with
LEAST_WAY = 2 * BLOCK  # bytes between two needed stretches, in which a patch is safe from the blocks around it
LEAST_HOLE = 64  # bytes behind what is needed; fewer are fetched too
GAP = 64 * 1024  # bytes; two stretches that are less apart are fetched as one


@dataclass(frozen=True, slots=True, kw_only=True)
class Needed:
    """Which bytes, of a file that is then as good as the whole one for ffmpeg to seek and read in that time.

    `patches` (offset, bytes) are written into the holes, so that a reader that goes from one element of the file to the
    next finds a way over them.
    """

    ranges: tuple[ByteRange, ...]  # in order; with what was read as the index
    patches: tuple[tuple[int, bytes], ...] = ()
    duration: float | None = None  # seconds of the whole file


async def keep_free_behind(file: RemoteFile, first: int, last: int) -> None:
    """See to it that aria2 fetches nothing behind the needed bytes from `first` to `last`, so that a patch stays there.

    It fetches whole blocks, so the last one is read here. And it forgets how long the last piece is when a connection
    breaks off before anything of it came, so its first block is read too.
    """
    piece = last // PIECE * PIECE
    for begin, end in ((piece, min(piece + BLOCK, last)), (last // BLOCK * BLOCK, last)):
        if max(begin, first) < end:
            await file.read(max(begin, first), end)
