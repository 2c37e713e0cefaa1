"""What a benchmark gives, and the table that is made of it."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One line: what was measured, what came out, what was wanted."""

    what: str
    reached: str
    goal: str


def table(figures: Sequence[Figure]) -> str:
    """The figures as a table in Markdown."""
    rows = ["| what | reached | goal |", "|---|---|---|"]
    rows += [f"| {figure.what} | {figure.reached} | {figure.goal} |" for figure in figures]
    return "\n".join(rows) + "\n"
