"""Which files of a torrent are fetched: those that were asked for, else its media."""

from collections.abc import Sequence
from pathlib import PurePosixPath

from core.errors import MediaNotFound
from download_module.names import kind_of
from download_module.plan import Kind

SAMPLE_SHARE = 0.1  # of the largest file; a "sample" below that is a taste of the video beside it


def chosen_files(files: Sequence[tuple[str, int]], wanted: Sequence[tuple[int, int | None]] = ()) -> tuple[int, ...]:
    """The numbers of files, counted from 1 as aria2 does; all of them when none is media.

    Args:
        files: path and bytes of each, in the order of the metainfo.
        wanted: pairs of first and last number that were asked for; last is None for an open end.

    Raises:
        MediaNotFound: none of the files that were asked for exists.
    """
    numbers = range(1, len(files) + 1)
    if wanted:
        asked = tuple(n for n in numbers if any(a <= n and (b is None or n <= b) for a, b in wanted))
        if not asked:
            raise MediaNotFound(f"This torrent has only {len(files)} files. Ask for items up to {len(files)}.")
        return asked
    largest = max((size for _, size in files), default=0)
    media = tuple(n for n in numbers if _is_media(*files[n - 1], largest=largest))
    return media or tuple(numbers)


def _is_media(name: str, size: int, *, largest: int) -> bool:
    if kind_of(None, name) is Kind.DOCUMENT or size == 0:
        return False
    return "sample" not in PurePosixPath(name).name.lower() or size >= largest * SAMPLE_SHARE
