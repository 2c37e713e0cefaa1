"""What is measured of a stretch of time, from the events of downloads alone: the same however often it is asked.

A row of figures says how many were measured, their sum, and the largest. Times come in classes, so that a distribution
can be told from them: `transfer 60` are transfers that took more than the class before, and at most 60 seconds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, and_, bindparam, case, func, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from core.models import Status
from core.statistics import seconds_to
from core.tables import downloads, events, media_files

BOUNDS = (1, 5, 15, 60, 300, 1800, 7200)  # seconds
ENDLESS = "inf"


class Measure(StrEnum):
    """What there are figures of. Details are in the comments."""

    ENDED = "ended"  # downloads, by guild: `fetched` or `kept`, `uploaded`, `failed`, `cancelled`; bytes
    SECONDS = "seconds"  # how long something took: the stage and the class
    ERRORS = "errors"  # tries that ended in an error: its class
    COMPRESSED = "compressed"  # files that were made to fit, in bytes: `before`, `after`
    # Samples of a moment, in which `total / number` is the mean of the time.
    WAITING = "waiting"  # downloads that could begin
    RUNNING = "running"
    OLDEST = "oldest"  # seconds that the first of those who wait has waited
    SPEED = "speed"  # bytes a second of all transfers
    DISK = "disk"  # bytes: `used`, `free`
    COMPUTED = "computed"  # that this hour was computed


MEASURED = (Measure.ENDED, Measure.SECONDS, Measure.ERRORS, Measure.COMPRESSED)


class Took(StrEnum):
    """The stages whose times are measured."""

    WAIT = "wait"  # from the request to the first claim
    EXTRACT = "extract"
    TRANSFER = "transfer"
    DELIVER = "deliver"
    WHOLE = "whole"  # from the first claim to the delivery


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One row of figures; what it is not told apart by is 0 or empty."""

    measure: str
    guild_id: int = 0
    site: str = ""
    detail: str = ""
    number: int
    total: float
    most: float


async def measure(connection: AsyncConnection, since: str, until: str) -> list[Figure]:
    """All figures of `since` <= time < `until`, both as the database writes times."""
    found = []
    for name, statement in (
        (Measure.ENDED, _ended()),
        (Measure.SECONDS, _seconds()),
        (Measure.ERRORS, _errors()),
        (Measure.COMPRESSED, _compressed()),
    ):
        rows = (await connection.execute(statement, {"since": since, "until": until})).mappings()
        found += [_figure(name, row) for row in rows]
    return found


def _figure(name: Measure, row: Any) -> Figure:
    return Figure(
        measure=name,
        guild_id=row.get("guild_id") or 0,
        site=row.get("site") or "",
        detail=row["detail"],
        number=row["number"],
        total=float(row["total"] or 0),
        most=float(row["most"] or 0),
    )


def _within(table: FromClause) -> ColumnElement[bool]:
    return and_(table.c.at >= bindparam("since"), table.c.at < bindparam("until"))


def _with_the_move_before() -> tuple[Any, Any, Any]:
    """Moves of claimed rows, and the move before each within the same claim."""
    move, before, any_ = events.alias("e"), events.alias("p"), events.alias("any_")
    newest = (
        select(func.max(any_.c.id))
        .where(any_.c.download_id == move.c.download_id, any_.c.epoch == move.c.epoch, any_.c.id < move.c.id)
        .correlate(move)
        .scalar_subquery()
    )
    return move, before, move.outerjoin(before, before.c.id == newest)


def _ended() -> Select[Any]:
    move, before, both = _with_the_move_before()
    fetched = and_(move.c.moved_to == Status.DOWNLOADED, before.c.moved_to.in_((Status.EXTRACTING, Status.DOWNLOADING)))
    row, entry = downloads.alias("row"), downloads.alias("entry")
    is_list = select(entry.c.id).where(entry.c.parent_id == move.c.download_id).correlate(move).exists()
    # What people ask is noted, too, but in words and without a claim.
    over = and_(move.c.moved_to.in_((Status.UPLOADED, Status.FAILED, Status.CANCELLED)), move.c.epoch.is_not(None))
    never_begun = and_(move.c.moved_to == Status.CANCELLED, move.c.epoch.is_(None), move.c.note.is_(None))
    detail = case((and_(fetched, row.c.upload == 0), "kept"), (fetched, "fetched"), else_=move.c.moved_to)
    return (
        select(move.c.guild_id, move.c.site, detail.label("detail"), *_sums(move.c.bytes))
        .select_from(both.outerjoin(row, row.c.id == move.c.download_id))
        .where(_within(move), or_(fetched, over, never_begun), ~is_list)
        .group_by(move.c.guild_id, move.c.site, detail)
    )


def _seconds() -> Select[Any]:
    """Times by stage and class."""
    move, before, both = _with_the_move_before()
    first = events.alias("first_one")
    begun = select(func.min(first.c.at)).where(first.c.download_id == move.c.download_id)
    asked_at = begun.correlate(move).scalar_subquery()
    first_claim = begun.where(first.c.moved_to == Status.EXTRACTING).correlate(move).scalar_subquery()
    stages = (
        (Took.WAIT, and_(move.c.moved_to == Status.EXTRACTING, move.c.epoch == 1), asked_at),
        (Took.EXTRACT, and_(before.c.moved_to == Status.EXTRACTING, _is_next(move, Status.DOWNLOADING)), before.c.at),
        (Took.TRANSFER, and_(before.c.moved_to == Status.DOWNLOADING, _is_next(move, Status.DOWNLOADED)), before.c.at),
        (Took.DELIVER, and_(before.c.moved_to == Status.UPLOADING, _is_next(move, Status.UPLOADED)), before.c.at),
        (Took.WHOLE, _is_next(move, Status.UPLOADED), first_claim),
    )
    timed = [
        select(move.c.site, literal(stage.value).label("stage"), begin.label("begun_at"), move.c.at.label("ended_at"))
        .select_from(both)
        .where(_within(move), condition)
        for stage, condition, begin in stages
    ]
    every = timed[0].union_all(*timed[1:]).subquery("timed")
    took = seconds_to("timed.begun_at", "timed.ended_at")
    within = case(*((took <= bound, str(bound)) for bound in BOUNDS), else_=ENDLESS)
    detail = (every.c.stage + " " + within).label("detail")
    return (
        select(every.c.site, detail, *_sums(took))
        .where(every.c.begun_at.is_not(None), took >= 0)  # a clock may have been set back
        .group_by(every.c.site, detail)
    )


def _is_next(move: Any, status: Status) -> ColumnElement[bool]:
    return and_(move.c.moved_to == status, move.c.error_kind.is_(None), move.c.epoch.is_not(None))


def _errors() -> Select[Any]:
    ended = events.c.moved_to.in_((Status.PENDING, Status.DOWNLOADED, Status.FAILED))
    return (
        select(events.c.site, events.c.error_kind.label("detail"), *_sums(literal(1)))
        .where(_within(events), ended, events.c.error_kind.is_not(None))
        .group_by(events.c.site, events.c.error_kind)
    )


def _compressed() -> Select[Any]:
    """Of downloads that were delivered then."""
    fitted, source = media_files.alias("fitted"), media_files.alias("source")
    delivered = select(events.c.download_id).where(_within(events), events.c.moved_to == Status.UPLOADED)
    pairs = fitted.join(source, source.c.id == fitted.c.fitted_from)
    those = fitted.c.download_id.in_(delivered)
    before = select(literal("before").label("detail"), source.c.bytes).select_from(pairs).where(those)
    after = select(literal("after").label("detail"), fitted.c.bytes).select_from(pairs).where(those)
    both = before.union_all(after).subquery("compressed")
    return select(both.c.detail, *_sums(both.c.bytes)).group_by(both.c.detail)


def _sums(value: Any) -> Sequence[ColumnElement[Any]]:
    return func.count().label("number"), func.sum(value).label("total"), func.max(value).label("most")
