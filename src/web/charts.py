"""Graphs as SVG, drawn on this side: a browser needs no script for them, and they are as good in the dark."""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from xml.etree.ElementTree import Element

import pygal  # type: ignore[import-untyped, unused-ignore]  # it ships no types
from pygal.style import Style  # type: ignore[import-untyped, unused-ignore]  # as above

from cli.units import duration, size
from core.web_figures import Outcomes, Span

# It adds a finder for its plug-ins, of which there are none here, in a way that Python warns of at each later import.
sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__name__ != "PluginImportFixer"]

# One grey that is legible on white and on black, and colours of the style sheet.
INK, LINE = "#7c8494", "rgba(124, 132, 148, 0.25)"
GOOD, BAD, PLAIN = "#3aa675", "#e0566b", "#7f7cf0"
MIB = 1024 * 1024  # so that the lines of a graph are round numbers of these
WIDTH, HEIGHT = 540, 230


@dataclass(frozen=True, slots=True)
class Chart:
    """What one graph of downloads shows."""

    title: str
    series: tuple[tuple[str, Callable[[Outcomes], float | None]], ...]
    unit: Callable[[float], str]
    stacked: bool = False


def mib(value: float) -> str:
    """MiB as people read them."""
    return size(value * MIB)


CHARTS = {
    "downloads": Chart(
        "Downloads",
        (("done", lambda one: one.done), ("failed", lambda one: one.failed)),
        lambda value: f"{value:g}",
        stacked=True,
    ),
    "bytes": Chart("Bytes", (("fetched", lambda one: one.bytes / MIB),), mib),
    "durations": Chart("Mean time of a download", (("seconds", lambda one: one.mean_seconds),), duration),
    "success": Chart(
        "Success",
        (("of those that ended", lambda one: None if one.success is None else 100 * one.success),),
        lambda value: f"{value:.0f} %",
    ),
}


def draw(name: str, moments: Sequence[Outcomes], span: Span) -> bytes:
    """The graph `name` of `CHARTS`, with a place for every hour or day of the span."""
    chart = CHARTS[name]
    labels = _labels(span)
    by_moment = {one.key: one for one in moments}
    values = {
        title: [value_of(by_moment[label]) if label in by_moment else None for label in labels]
        for title, value_of in chart.series
    }
    return bars(labels, values, unit=chart.unit, stacked=chart.stacked)


def bars(
    labels: Sequence[str],
    values: Mapping[str, Sequence[float | None]],
    *,
    unit: Callable[[float], str],
    stacked: bool = False,
) -> bytes:
    """A graph as SVG.

    Args:
        labels: hours (`2030-01-01 22`) or days (`2030-01-01`), the oldest first.
        values: a number for each of them, by the name of their series.
        unit: how a number is written.
        stacked: one series upon the other.
    """
    kind = pygal.StackedBar if stacked else pygal.Bar
    drawing = kind(
        style=_style(stacked=stacked),
        width=WIDTH,
        height=HEIGHT,
        explicit_size=False,
        js=[],
        show_legend=len(values) > 1,
        legend_at_bottom=True,
        legend_box_size=10,
        margin=8,
        rounded_bars=2,
        spacing=4,
        show_x_guides=False,
        x_labels_major_count=8,
        show_minor_x_labels=False,
        truncate_label=-1,
        value_formatter=unit,
        max_scale=6,
        include_x_axis=True,
        disable_xml_declaration=False,
        no_data_text="Nothing yet",
    )
    drawing.add_xml_filter(_without_scripts)
    drawing.x_labels = [_short(label) for label in labels]
    for title, numbers in values.items():
        drawing.add(title, numbers)
    drawn: bytes = drawing.render()
    return drawn


def _without_scripts(tree: Element) -> Element:
    """Pygal hands its settings to a script that is not here."""
    for parent in tree.iter():
        for script in [one for one in parent if str(one.tag).endswith("script")]:
            parent.remove(script)
    return tree


def _labels(span: Span) -> list[str]:
    """The keys of all its hours or days, the oldest first."""
    now = datetime.now(UTC)
    step, text = (timedelta(hours=1), "%Y-%m-%d %H") if span is Span.DAY else (timedelta(days=1), "%Y-%m-%d")
    count = span.seconds // round(step.total_seconds())
    return [(now - step * back).strftime(text) for back in reversed(range(count))]


def _short(label: str) -> str:
    return f"{label[11:]} h" if len(label) > 10 else label[5:]


def _style(*, stacked: bool) -> Style:
    return Style(
        background="transparent",
        plot_background="transparent",
        foreground=INK,
        foreground_strong=INK,
        foreground_subtle=LINE,
        guide_stroke_color=LINE,
        major_guide_stroke_color=LINE,
        opacity="1",
        opacity_hover="0.8",
        transition="none",
        colors=(GOOD, BAD) if stacked else (PLAIN,),
        font_family="system-ui, sans-serif",
        label_font_size=13,
        major_label_font_size=13,
        legend_font_size=13,
        no_data_font_size=16,
    )
