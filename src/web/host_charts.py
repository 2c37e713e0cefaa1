"""Graphs and tables of what a runner measures of this machine; for the owner."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core.history_measures import Measure
from core.history_reading import Point
from core.web_figures import Span
from web.charts import MIB, bars, mib

_LENGTH = {True: 13, False: 10}  # characters of the time of an hour, and of a day


@dataclass(frozen=True, slots=True)
class HostChart:
    """What one graph shows: samples by their details."""

    title: str
    measure: Measure
    series: tuple[tuple[str, str | None], ...]
    unit: Callable[[float], str]
    stacked: bool = False


HOST_CHARTS = {
    "speed": HostChart("Speed of all transfers", Measure.SPEED, (("mean", None),), lambda value: f"{mib(value)}/s"),
    "disk": HostChart("Disk", Measure.DISK, (("free", "free"), ("used", "used")), mib, stacked=True),
}


def draw_host(name: str, points: Sequence[Sequence[Point]], span: Span) -> bytes:
    """The graph `name` of `HOST_CHARTS`; `points` has those of each of its series."""
    chart = HOST_CHARTS[name]
    labels = [_moment(point.at, span) for point in points[0]]
    values = {
        title: [point.mean / MIB if point.number else None for point in series]
        for (title, _), series in zip(chart.series, points, strict=True)
    }
    return bars(labels, values, unit=chart.unit, stacked=chart.stacked)


def host_rows(name: str, points: Sequence[Sequence[Point]], span: Span) -> list[tuple[str, list[str | None]]]:
    """What that graph shows, as text: each hour or day that was measured, the newest first.

    None stands for what was not measured then.
    """
    unit = HOST_CHARTS[name].unit
    rows = [
        (_moment(at[0].at, span), [unit(point.mean / MIB) if point.number else None for point in at])
        for at in zip(*points, strict=True)
        if any(point.number for point in at)
    ]
    return rows[::-1]


def _moment(time: str, span: Span) -> str:
    return time[: _LENGTH[span is Span.DAY]]
