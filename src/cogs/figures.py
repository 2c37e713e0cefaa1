"""Figures in words."""

from collections.abc import Sequence
from datetime import UTC, datetime

import core.errors
from cogs.language import Language
from cogs.texts import duration, plain, size
from core.errors import BossBotError
from core.history_reading import Point
from core.site_board import SiteState
from core.statistics import Figures, SiteFigures

BARS = "▁▂▃▄▅▆▇█"


def figures_lines(figures: Figures, *, t: Language) -> list[str]:
    """What became of downloads, a line each."""
    if not figures.total:
        return [t("Nothing was asked for.")]
    counts = [
        ("✅", t("done"), figures.done),
        ("❌", t("failed"), figures.failed),
        ("🚫", t("cancelled"), figures.cancelled),
        ("⬇️", t("running"), figures.running),
        ("⏳", t("waiting"), figures.waiting),
    ]
    lines = [" · ".join(f"{sign} {count} {word}" for sign, word, count in counts if count)]
    if figures.success is not None:
        lines.append(t("Success: {percent} %", percent=round(100 * figures.success)))
    if figures.bytes:
        lines.append(t("Fetched: {size}", size=size(figures.bytes, t)))
    if figures.mean_seconds is not None:
        lines.append(t("From its turn to the delivery: {time} on average", time=duration(figures.mean_seconds)))
    return lines


def chart_line(days: Sequence[Point], *, bars: int, t: Language) -> str | None:
    """A small chart of how many were done, the newest at its right end; None when nothing was."""
    width = -(-len(days) // bars)  # days in a bar
    recent = [point.number for point in days[-bars * width :]]
    if not any(recent):
        return None
    lead = -len(recent) % width  # the oldest bar may have fewer
    padded = [0] * lead + recent
    sums = [sum(padded[begin : begin + width]) for begin in range(0, len(padded), width)]
    # Something is more than nothing, however much the others are.
    drawn = "".join(BARS[-(-(len(BARS) - 1) * number // max(sums))] for number in sums)
    return t("{chart} at most {count} in a day", chart=drawn, count=max(recent))


def site_line(one: SiteFigures, *, t: Language) -> str:
    """How one site does."""
    figures = one.figures
    sign = "✅" if not figures.failed else "⚠️" if figures.done else "❌"
    ended = figures.done + figures.failed
    told = t("{done} of {total}", done=figures.done, total=ended)
    parts = [f"{sign} {plain(one.site, 40)}: {told}", size(figures.bytes, t) if figures.bytes else None, _why(one, t)]
    return " · ".join(part for part in parts if part)


def down_line(one: SiteState, *, t: Language) -> str:
    """That a site is left alone, until when, and when it last worked."""
    told = t("fails for everybody, {failed} of {total}", failed=one.failed, total=one.tries)
    parts = [f"⛔ {plain(one.site, 40)}: {told}"]
    if one.probe_at:
        parts.append(t("tried again {when}", when=_moment(one.probe_at)))
    if one.last_success_at:
        parts.append(t("worked {when}", when=_moment(one.last_success_at)))
    return " · ".join(parts)


def _moment(time: str) -> str:
    """A time of the database, as Discord's clients show it in their own time and count."""
    return f"<t:{int(datetime.fromisoformat(time).replace(tzinfo=UTC).timestamp())}:R>"


def _why(one: SiteFigures, t: Language) -> str | None:
    """The sentence of its newest failure, without what was particular to that."""
    kind = getattr(core.errors, one.last_error or "", None)
    if not one.figures.failed or not (isinstance(kind, type) and issubclass(kind, BossBotError)):
        return None
    return t(kind.sentence)
