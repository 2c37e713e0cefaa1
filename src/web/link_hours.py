"""How long a link to a file may work: what is proposed, the bound, and what a form says."""

from core.errors import RequestRefused
from core.viewers import Viewer
from web.desk import Rules

YEAR = 8760  # hours
_DAY = 24


def longest_for(viewer: Viewer, rules: Rules) -> int:
    """Hours that somebody may let a link work: its file stays for as long, so members have a bound."""
    return YEAR if viewer.is_owner else rules.max_link_hours


def usual_for(viewer: Viewer, rules: Rules) -> int:
    """Hours that are proposed to him."""
    return min(rules.link_hours, longest_for(viewer, rules))


def hours_of(written: str, viewer: Viewer, rules: Rules) -> int:
    """The hours that a form asks for; those that are proposed when it leaves them out.

    Raises:
        RequestRefused: they are no whole number, or out of bounds.
    """
    written, longest, usual = written.strip(), longest_for(viewer, rules), usual_for(viewer, rules)
    if not written:
        return usual
    digits = written.lstrip("0") if written.isascii() and written.isdecimal() else ""
    hours = int(digits) if 0 < len(digits) <= len(str(longest)) else 0
    if not 1 <= hours <= longest:
        days = f" ({longest // _DAY} days)" if longest % _DAY == 0 and longest > _DAY else ""
        raise RequestRefused(f"A link works for 1 to {longest} hours{days}. Write a whole number, such as {usual}.")
    return hours
