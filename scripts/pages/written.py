"""Which page has which generated block, and where in the page it stands."""

import re
from collections.abc import Callable
from pathlib import Path

from scripts.pages.commands import command_reference
from scripts.pages.control import control_reference
from scripts.pages.decisions import decision_list
from scripts.pages.failures import failure_reference
from scripts.pages.settings import settings_reference

ROOT = Path(__file__).resolve().parents[2]
BEGIN = "<!-- written by `make docs`; what is above stays -->\n"
PAGES: dict[str, Callable[[], str]] = {
    "settings.md": settings_reference,
    "commands.md": command_reference,
    "bossbotctl.md": control_reference,
    "troubleshooting.md": failure_reference,
    "decisions/index.md": decision_list,
}


def with_block(page: str, block: str) -> str:
    """The page with this block in place of the one of before.

    Raises:
        ValueError: the page has no place for it.
    """
    above, mark, _ = page.partition(BEGIN)
    if not mark:
        raise ValueError("the page lacks the line after which the block goes")
    tidy = re.sub(r"\n{3,}", "\n\n", block).strip()
    return f"{above}{mark}\n{tidy}\n"
