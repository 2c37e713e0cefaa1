"""The list of decisions, by the titles of their pages."""

from pathlib import Path

DECISIONS = Path(__file__).resolve().parents[2] / "docs" / "decisions"


def decision_list() -> str:
    """A line for each, in the order of their numbers."""
    pages = sorted(DECISIONS.glob("[0-9]*.md"))
    return "\n".join(f"* [{page.read_text(encoding='utf-8').partition(chr(10))[0][2:]}]({page.name})" for page in pages)
