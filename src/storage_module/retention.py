"""How long the files of a download stay: a pure decision of its row, the hours, and the present."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from core.models import Status
from core.preferences import Retention
from core.storage_book import Stored


class Outcome(StrEnum):
    """How a download ended, as far as its files are concerned."""

    DELIVERED = "delivered"  # they are where they were to go
    UNDELIVERED = "undelivered"  # they were fetched, and could not be delivered
    FAILED = "failed"  # some of their bytes may be here, which a retry goes on from
    CANCELLED = "cancelled"  # nobody wants them
    KEPT = "kept"  # they were not to be delivered


# What goes first when room is needed: the first is of use to nobody any more, the last was asked to stay.
EXPENDABLE = (Outcome.CANCELLED, Outcome.DELIVERED, Outcome.FAILED, Outcome.UNDELIVERED, Outcome.KEPT)

GRACE = timedelta(minutes=10)  # in which what failed stays also when there is no room


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """What the host allows, in hours; 0 is for ever."""

    delivered: float = 24.0
    failed: float = 6.0
    undelivered: float = 72.0
    kept: float = 0.0

    def of(self, outcome: Outcome, guild: Retention | None) -> float:
        """Hours that hold for an outcome, in a guild that may have its own."""
        own = getattr(guild, outcome.value, None) if guild is not None else None
        return float(getattr(self, outcome.value) if own is None else own)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """All that is asked beside the row."""

    hours: Hours = Hours()
    guilds: Mapping[int, Retention]


def outcome_of(row: Stored) -> Outcome | None:
    """How a row ended; None while it is alive, or somebody holds it."""
    if not row.is_over:
        return None
    match row.status:
        case Status.UPLOADED:
            return Outcome.DELIVERED
        case Status.FAILED:
            return Outcome.UNDELIVERED if row.failed_stage == "upload" else Outcome.FAILED
        case Status.CANCELLED:
            return Outcome.CANCELLED
        case _:
            return Outcome.KEPT


def due_at(row: Stored, rules: Rules) -> datetime | None:
    """When the files of a row may go, in UTC; None: not as long as it is as it is."""
    outcome = outcome_of(row)
    if outcome is None:
        return None
    ended = _ended_at(row)
    if outcome is Outcome.CANCELLED or (outcome is Outcome.DELIVERED and row.file_path is None):
        return ended  # they were to go then, and whoever removed them died over it
    guild = rules.guilds.get(row.guild_id) if row.guild_id is not None else None
    hours = rules.hours.of(outcome, guild)
    return ended + timedelta(hours=hours) if hours else None


def is_due(row: Stored, rules: Rules, now: datetime) -> bool:
    """Whether the files of a row may go now."""
    due = due_at(row, rules)
    return due is not None and due <= now


def to_make_room(rows: Iterable[Stored], rules: Rules, now: datetime) -> list[Stored]:
    """Whose files go when there is no room for others, in this order.

    What stays for ever is not among them, nor what has just failed: somebody may be about to try it again.
    """
    candidates = [(outcome, row) for row in rows if (outcome := outcome_of(row)) and due_at(row, rules) is not None]
    spared = (Outcome.FAILED, Outcome.UNDELIVERED, Outcome.KEPT)
    candidates = [one for one in candidates if one[0] not in spared or _ended_at(one[1]) <= now - GRACE]
    candidates.sort(key=lambda one: (EXPENDABLE.index(one[0]), _ended_at(one[1]), one[1].id))
    return [row for _, row in candidates]


def _ended_at(row: Stored) -> datetime:
    return datetime.strptime(row.finished_at or row.added_at, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
