"""What a check of `doctor` found."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How good that is."""

    GOOD = "good"
    WARNING = "warning"  # works, but not everything or not for ever
    BAD = "bad"  # Boss-Bot can't do its job


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of the report."""

    name: str
    verdict: Verdict
    found: str
    next_step: str | None = None  # what to do; None when there is nothing to do


def good(name: str, found: str) -> Finding:
    """A thing that is as it should be."""
    return Finding(name=name, verdict=Verdict.GOOD, found=found)


def warning(name: str, found: str, next_step: str) -> Finding:
    """A thing that limits or threatens."""
    return Finding(name=name, verdict=Verdict.WARNING, found=found, next_step=next_step)


def bad(name: str, found: str, next_step: str) -> Finding:
    """A thing without which it does not work."""
    return Finding(name=name, verdict=Verdict.BAD, found=found, next_step=next_step)
