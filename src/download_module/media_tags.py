"""Title and chapters, as a file that ffmpeg writes into what it makes."""

import re
from collections.abc import Sequence
from pathlib import Path

from download_module.plan import Chapter

_SPECIAL = re.compile(r"([=;#\\\n])")  # https://ffmpeg.org/ffmpeg-formats.html#Metadata-2


def tags_text(title: str | None, chapters: Sequence[Chapter], *, start: float = 0.0, end: float | None = None) -> str:
    """The file's text.

    Args:
        title: of the media.
        chapters: in seconds of the whole media.
        start: what of it is kept begins here,
        end: and ends here.
    """
    lines = [";FFMETADATA1"]
    if title:
        lines.append(f"title={_escaped(title)}")
    for chapter in chapters:
        first, last = max(chapter.start, start), chapter.end if end is None else min(chapter.end, end)
        if last > first:
            span = (f"START={round((first - start) * 1000)}", f"END={round((last - start) * 1000)}")
            lines += ["[CHAPTER]", "TIMEBASE=1/1000", *span, f"title={_escaped(chapter.title)}"]
    return "\n".join([*lines, ""])


def tag_arguments(file: Path, inputs: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What stands on ffmpeg's command line after so many other inputs: among the inputs, and among the outputs."""
    return ("-f", "ffmetadata", "-i", str(file)), ("-map_metadata", str(inputs), "-map_chapters", str(inputs))


def _escaped(text: str) -> str:
    # A carriage return would end the line too, and a NUL the text.
    return _SPECIAL.sub(r"\\\1", text.replace("\r", " ").replace("\0", " "))
