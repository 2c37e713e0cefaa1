"""What processes take, sampled over time: a table of numbers, its slope, and a drawing of it."""

import contextlib
import csv
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import psutil
import pygal  # type: ignore[import-untyped, unused-ignore]  # it ships no types
from pygal.style import CleanStyle  # type: ignore[import-untyped, unused-ignore]  # as above

MIB = 1024 * 1024
DOTS = 240  # of a line in the drawing


@dataclass(frozen=True, slots=True)
class Sample:
    """One process, or all children of one sort, at one moment."""

    seconds: float  # since the beginning
    process: str
    rss_mib: float
    pss_mib: float
    descriptors: int
    threads: int
    cpu_seconds: float
    wal_mib: float


def sample(seconds: float, process: str, those: Iterable[psutil.Process], wal: Path) -> Sample | None:
    """These processes together; None when none of them lives."""
    rss = pss = cpu = 0.0
    descriptors = threads = 0
    for one in those:
        with contextlib.suppress(psutil.Error, OSError):
            memory, times = one.memory_info(), one.cpu_times()
            pss += _pss(one.pid) / MIB
            rss += memory.rss / MIB
            descriptors += one.num_fds()
            threads += one.num_threads()
            cpu += times.user + times.system
    if not threads:
        return None
    size = wal.stat().st_size / MIB if wal.exists() else 0.0
    return Sample(seconds, process, rss, pss, descriptors, threads, cpu, size)


def _pss(pid: int) -> int:
    """Bytes of memory, shared pages counted by share (proc_pid_smaps(5))."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


def slope_per_hour(samples: Sequence[Sample], field: str, *, after: float) -> tuple[float, float]:
    """Growth an hour by least squares of what was sampled later than `after` seconds, and its standard error."""
    points = [(one.seconds / 3600, float(getattr(one, field))) for one in samples if one.seconds >= after]
    hours, values = zip(*points, strict=True)
    slope, intercept = statistics.linear_regression(hours, values)
    spread = sum((hour - statistics.fmean(hours)) ** 2 for hour in hours)
    rest = sum((value - intercept - slope * hour) ** 2 for hour, value in points)
    return slope, (rest / max(1, len(points) - 2) / spread) ** 0.5


def write_csv(path: Path, samples: Iterable[Sample]) -> None:
    """All samples, one a line."""
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, [field.name for field in fields(Sample)])
        table.writeheader()
        for one in samples:
            table.writerow({key: round(value, 2) if isinstance(value, float) else value for key, value in _row(one)})


def _row(one: Sample) -> Iterable[tuple[str, str | int | float]]:
    return asdict(one).items()


def draw(path: Path, samples: Sequence[Sample], title: str) -> None:
    """Memory of each process over minutes, and the WAL's size, as a line each."""
    chart = pygal.XY(
        title=title,
        x_title="minutes",
        y_title="MiB",
        style=CleanStyle,
        show_dots=False,
        legend_at_bottom=True,
        legend_at_bottom_columns=4,
        width=1000,
        height=500,
        js=(),  # a picture that needs nothing from elsewhere
        range=(0, max(one.pss_mib for one in samples) * 1.1),
    )
    for process in dict.fromkeys(one.process for one in samples):
        his = [one for one in samples if one.process == process]
        chart.add(process, _thinned([(one.seconds / 60, one.pss_mib) for one in his]))
    first = samples[0].process
    chart.add("WAL", _thinned([(one.seconds / 60, one.wal_mib) for one in samples if one.process == first]))
    path.write_bytes(chart.render())


def _thinned(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    every = max(1, len(points) // DOTS)
    return [(round(x, 2), round(y, 1)) for x, y in points[::every]]
