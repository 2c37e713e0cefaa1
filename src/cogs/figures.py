"""Figures in words."""

import core.errors
from cogs.language import Language
from cogs.texts import duration, plain, size
from core.errors import BossBotError
from core.statistics import Figures, SiteFigures


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


def site_line(one: SiteFigures, *, t: Language) -> str:
    """How one site does."""
    figures = one.figures
    sign = "✅" if not figures.failed else "⚠️" if figures.done else "❌"
    ended = figures.done + figures.failed
    told = t("{done} of {total}", done=figures.done, total=ended)
    parts = [f"{sign} {plain(one.site, 40)}: {told}", size(figures.bytes, t) if figures.bytes else None, _why(one, t)]
    return " · ".join(part for part in parts if part)


def _why(one: SiteFigures, t: Language) -> str | None:
    """The sentence of its newest failure, without what was particular to that."""
    kind = getattr(core.errors, one.last_error or "", None)
    if not one.figures.failed or not (isinstance(kind, type) and issubclass(kind, BossBotError)):
        return None
    return t(kind.sentence)
