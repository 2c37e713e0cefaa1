"""Numbers and foreign texts as members read them."""

import re
import unicodedata

from cogs.language import ENGLISH, Language
from core.preferences import BarStyle

ELLIPSIS = "…"
# Backslashes before all that Discord gives a meaning to: emphasis, code, spoilers, mentions, timestamps, custom
# emojis, masked links; and inside `://`, so that no title becomes a link. discord.utils.escape_markdown leaves the
# last four alone.
_MEANING = re.compile(r"[\\`*_~|<\[@]|:(?=//)")
_UNSEEN = ("Cc", "Cf", "Co", "Cs", "Zl", "Zp")  # control, zero-width and bidi, private use, surrogates, line ends
UNITS = ("bytes", "KB", "MB", "GB", "TB")
CELLS = {BarStyle.BLOCKS: ("█", "░"), BarStyle.DOTS: ("●", "○")}


def plain(text: str, limit: int = 100) -> str:
    """A text from outside as one harmless line: no markdown, mention, link, hidden or direction-changing character.

    Args:
        limit: characters at most, before backslashes are added.
    """
    return _MEANING.sub(r"\\\g<0>", visible(text, limit))


def visible(text: str, limit: int = 100) -> str:
    """The same for places where Discord reads no markdown: names of threads, entries of menus, alt texts."""
    seen = "".join(" " if unicodedata.category(one) in _UNSEEN and one.isspace() else one for one in text)
    seen = "".join(one for one in seen if unicodedata.category(one) not in _UNSEEN)
    seen = " ".join(seen.split())
    return seen[: limit - 1].rstrip() + ELLIPSIS if len(seen) > limit else seen


def size(count: int, t: Language = ENGLISH) -> str:
    """Bytes in units of 1024, named as Discord's own client names them."""
    amount = float(count)
    for unit in UNITS[:-1]:
        if round(amount, 1) < 1024:
            return f"{count} {unit}" if unit == UNITS[0] else f"{t.decimal(amount)} {unit}"
        amount /= 1024
    return f"{t.decimal(amount)} {UNITS[-1]}"


def about(seconds: float) -> str:
    """A time span that is only guessed: in minutes where it is more than a few of them."""
    if seconds < 90:
        return duration(max(10, round(seconds / 10) * 10))
    return duration(round(seconds / 60) * 60)


def duration(seconds: float) -> str:
    """A time span in at most two units."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest and minutes < 10 else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def bar(percent: float, cells: int = 20, style: BarStyle = BarStyle.STANDARD) -> str:
    """A bar in code style, so that its cells are of one width: `[======>             ]` 35%."""
    percent = min(100.0, max(0.0, percent))
    filled = int(cells * percent / 100)
    if style is BarStyle.STANDARD:
        drawn = "=" * cells if filled == cells else ("=" * (filled - 1) + ">" if filled else "").ljust(cells)
        return f"`[{drawn}]` {int(percent)}%"
    full, empty = CELLS[style]
    return f"`{full * filled}{empty * (cells - filled)}` {int(percent)}%"


def at_most(lines: list[str], limit: int = 2000) -> str:
    """As many whole lines as one message holds, and how many were left out."""
    text = "\n".join(lines)
    kept = len(lines)
    while len(text) > limit and kept:
        kept -= 1
        text = "\n".join([*lines[:kept], f"{ELLIPSIS} and {len(lines) - kept} more"])
    return text
