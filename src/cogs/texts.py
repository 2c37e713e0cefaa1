"""Numbers and foreign texts as members read them."""

import re
import unicodedata

ELLIPSIS = "…"
# Backslashes before all that Discord gives a meaning to: emphasis, code, spoilers, mentions, timestamps, custom
# emojis, masked links; and inside `://`, so that no title becomes a link. discord.utils.escape_markdown leaves the
# last four alone.
_MEANING = re.compile(r"[\\`*_~|<\[@]|:(?=//)")
_UNSEEN = ("Cc", "Cf", "Co", "Cs", "Zl", "Zp")  # control, zero-width and bidi, private use, surrogates, line ends
UNITS = ("bytes", "KB", "MB", "GB", "TB")


def plain(text: str, limit: int = 100) -> str:
    """A text from outside as one harmless line: no markdown, mention, link, hidden or direction-changing character.

    Args:
        limit: characters at most, before backslashes are added.
    """
    seen = "".join(" " if unicodedata.category(one) in _UNSEEN and one.isspace() else one for one in text)
    seen = "".join(one for one in seen if unicodedata.category(one) not in _UNSEEN)
    seen = " ".join(seen.split())
    if len(seen) > limit:
        seen = seen[: limit - 1].rstrip() + ELLIPSIS
    return _MEANING.sub(r"\\\g<0>", seen)


def size(count: int) -> str:
    """Bytes in units of 1024, named as Discord's own client names them."""
    amount = float(count)
    for unit in UNITS[:-1]:
        if round(amount, 1) < 1024:
            return f"{count} {unit}" if unit == UNITS[0] else f"{amount:.1f} {unit}"
        amount /= 1024
    return f"{amount:.1f} {UNITS[-1]}"


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


def bar(percent: float, cells: int = 20) -> str:
    """A bar in code style, so that its cells are of one width: `[======>             ]` 35%."""
    percent = min(100.0, max(0.0, percent))
    filled = int(cells * percent / 100)
    drawn = "=" * cells if filled == cells else ("=" * (filled - 1) + ">" if filled else "").ljust(cells)
    return f"`[{drawn}]` {int(percent)}%"


def at_most(lines: list[str], limit: int = 2000) -> str:
    """As many whole lines as one message holds, and how many were left out."""
    text = "\n".join(lines)
    kept = len(lines)
    while len(text) > limit and kept:
        kept -= 1
        text = "\n".join([*lines[:kept], f"{ELLIPSIS} and {len(lines) - kept} more"])
    return text
