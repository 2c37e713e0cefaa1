"""Whose turn it is: the conditions and the order of claims, as SQL."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, or_, select, update
from sqlalchemy.sql.dml import ReturningUpdate

from core.first import keeps_waiting
from core.models import DOWNLOAD_STAGE, UPLOAD_STAGE, Stage
from core.room import Room, has_room
from core.site_health import parked
from core.sql_functions import utc_now
from core.tables import downloads

KEPT = 16  # expressions: to build one takes longer than to run it


def claimable(stage: Stage, site_limits: Mapping[str, int], room: Room) -> ColumnElement[bool]:
    """Rows that a runner of this stage may take now.

    Args:
        site_limits: how many downloads of a site may run at once, where that is limited.
        room: what is left on the disk.
    """
    return _claimable(stage, tuple(site_limits.items()), room)


@lru_cache(KEPT)
def _claimable(stage: Stage, site_limits: tuple[tuple[str, int], ...], room: Room) -> ColumnElement[bool]:
    now = or_(downloads.c.available_at.is_(None), downloads.c.available_at <= utc_now())
    due = now if stage.delivers else or_(now, and_(downloads.c.waits_for.is_not(None), ~keeps_waiting()))
    # Deliveries are not held up: what is fetched counts until it is delivered.
    fits = or_(downloads.c.running_limit.is_(None), running_of_member() < downloads.c.running_limit)
    wanted = [downloads.c.upload == 1] if stage.delivers else [fits, ~parked()]
    site_is_free = [
        or_(downloads.c.site.is_distinct_from(site), running_from(stage, site) < at_most)
        for site, at_most in site_limits
    ]
    return and_(
        downloads.c.status == stage.takes,
        downloads.c.paused == 0,
        downloads.c.cancelled == 0,
        due,
        has_room(stage, room),
        *wanted,
        *site_is_free,
    )


def running_of_member() -> Any:
    """How many downloads of the row's member are begun and not over in the row's guild; a scalar subquery."""
    table = downloads.alias("begun_one")
    waits_for_delivery = and_(table.c.status == UPLOAD_STAGE.takes, table.c.upload == 1, table.c.paused == 0)
    # Counted once a statement and not once a row: one member may have thousands waiting.
    begun = (
        select(table.c.user_id, table.c.guild_id, func.count().label("running"))
        .where(or_(table.c.status.in_((*DOWNLOAD_STAGE.works_in, *UPLOAD_STAGE.works_in)), waits_for_delivery))
        .group_by(table.c.user_id, table.c.guild_id)
        .cte("begun")
        .prefix_with("MATERIALIZED")
    )
    his = (
        select(begun.c.running)
        .where(
            begun.c.user_id.is_not_distinct_from(downloads.c.user_id),
            begun.c.guild_id.is_not_distinct_from(downloads.c.guild_id),
        )
        .correlate(downloads)
        .scalar_subquery()
    )
    return func.coalesce(his, 0)


def running_from(stage: Stage, site: str, *, besides: int | None = None) -> Any:
    """How many rows of a site are worked on in this stage, by whichever runner; a scalar subquery."""
    table = downloads.alias("running")
    where = [table.c.site == site, table.c.status.in_(stage.works_in)]
    where += [table.c.id != besides] if besides is not None else []
    return select(func.count()).select_from(table).where(*where).scalar_subquery()


def next_id(stage: Stage, site_limits: Mapping[str, int], room: Room) -> Any:
    """The row whose turn it is: by priority, then of the guild and the member with the least running work, then age."""
    return _next_id(stage, tuple(site_limits.items()), room)


@lru_cache(KEPT)
def _next_id(stage: Stage, site_limits: tuple[tuple[str, int], ...], room: Room) -> Any:
    def running_by(column: str) -> Any:
        table = downloads.alias(f"running_{column}")
        return (
            select(table.c[column], func.count().label("running"))
            .where(table.c.status.in_(stage.works_in))
            .group_by(table.c[column])
            .subquery(f"by_{column}")
        )

    guild, user = running_by("guild_id"), running_by("user_id")
    return (
        select(downloads.c.id)
        .outerjoin(guild, downloads.c.guild_id.is_not_distinct_from(guild.c.guild_id))
        .outerjoin(user, downloads.c.user_id.is_not_distinct_from(user.c.user_id))
        .where(_claimable(stage, site_limits, room))
        .order_by(
            downloads.c.priority.desc(),
            func.coalesce(guild.c.running, 0),
            func.coalesce(user.c.running, 0),
            downloads.c.added_at,
            downloads.c.id,
        )
        .limit(1)
        .with_for_update(skip_locked=True, of=downloads)
        .scalar_subquery()
    )


def claiming(stage: Stage, runner: str, site_limits: Mapping[str, int], room: Room) -> ReturningUpdate[Any]:
    """The statement by which a runner takes the row whose turn it is, and which gives that row."""
    return (
        update(downloads)
        .where(downloads.c.id == next_id(stage, site_limits, room))
        .values(
            status=stage.works_in[0],
            claimed_by=runner,
            epoch=downloads.c.epoch + 1,
            heartbeat_at=utc_now(),
            started_at=func.coalesce(downloads.c.started_at, utc_now()),
            # A settled row that was set back by a person begins with all its tries.
            attempts=case((downloads.c.finished_at.is_not(None), 0), else_=downloads.c.attempts),
            finished_at=None,
            activity=None,
            error_kind=None,
            error=None,
            failed_stage=None,
            # What an earlier claim fetched says nothing of this one until it says so itself.
            fetch_key=downloads.c.fetch_key if stage.delivers else None,
        )
        .returning(downloads)
    )
