"""What a pass of x264 wrote about a video."""

import re
from pathlib import Path

from upload_module.fitting.video_rates import Complexity

# The file's form: x264's encoder/ratecontrol.c, x264_ratecontrol_end.
_SIZE = re.compile(r"#options: (\d+)x(\d+) .*?timebase=(\d+)/(\d+)")
_FRAME = re.compile(r" dur:(\d+) .* q:([\d.]+) .* tex:(\d+) mv:(\d+) misc:(\d+)")


class PassStatistics:
    """The statistics of one video."""

    def __init__(self, statistics: Path) -> None:
        """Read them.

        Raises:
            ValueError: it holds no frame.
        """
        lines = statistics.read_text(encoding="utf-8", errors="replace").splitlines()
        options = _SIZE.match(lines[0]) if lines else None
        frames = [found.groups() for line in lines if (found := _FRAME.search(line))]
        if not options or not frames:
            raise ValueError("it saw no frame")
        width, height, unit, units = (int(word) for word in options.groups())
        self.followed = False  # the next pass goes by them
        self.frames = len(frames)
        half_ticks = sum(int(frame[0]) for frame in frames)  # of the time base, as x264 counts fields
        self.seconds = max(half_ticks * unit / units / 2, 0.001)
        self.complexity = Complexity(
            bps=max(1, sum(int(bits) for frame in frames for bits in frame[2:])) / self.seconds,
            quantizer=sum(float(frame[1]) for frame in frames) / self.frames,
            pixels=width * height,
        )
