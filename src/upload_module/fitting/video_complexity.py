"""What a pass of x264 wrote about a video."""

import re
from pathlib import Path

from upload_module.fitting.video_rates import Complexity

# The file's form: x264's encoder/ratecontrol.c, x264_ratecontrol_end.
_SIZE = re.compile(r"#options: (\d+)x(\d+) .*?timebase=(\d+)/(\d+)")
_FRAME = re.compile(r" dur:(\d+) .* q:([\d.]+) .* tex:(\d+) mv:(\d+) misc:(\d+)")


def complexity_of(statistics: Path, *, leave_out: int = 0) -> Complexity:
    """What the picture needed.

    Args:
        statistics: the file.
        leave_out: so many of the largest frames do not count, for they are there only because places were cut out.

    Raises:
        ValueError: it holds no frame.
    """
    lines = statistics.read_text(encoding="utf-8", errors="replace").splitlines()
    options = _SIZE.match(lines[0]) if lines else None
    frames = sorted((found.groups() for line in lines if (found := _FRAME.search(line))), key=_bits)
    frames = frames[: max(1, len(frames) - leave_out)]
    if not options or not frames:
        raise ValueError("it saw no frame")
    width, height, unit, units = (int(word) for word in options.groups())
    half_ticks = sum(int(frame[0]) for frame in frames)  # of the time base, as x264 counts fields
    seconds = max(half_ticks * unit / units / 2, 0.001)
    return Complexity(
        seconds=seconds,
        bps=max(1, sum(map(_bits, frames))) / seconds,
        quantizer=sum(float(frame[1]) for frame in frames) / len(frames),
        pixels=width * height,
    )


def _bits(frame: tuple[str, ...]) -> int:
    return sum(int(bits) for bits in frame[2:])
