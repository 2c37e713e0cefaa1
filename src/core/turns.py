"""Whose turn it is: the conditions and the order of claims, as SQL."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select

from core.models import Stage
from core.tables import downloads, utc_now


def claimable(stage: Stage, site_limits: Mapping[str, int]) -> ColumnElement[bool]:
    """Rows that a runner of this stage may take now.

    Args:
        site_limits: how many downloads of a site may run at once, where that is limited.
    """
    due = or_(downloads.c.available_at.is_(None), downloads.c.available_at <= utc_now())
    wanted = [downloads.c.upload == 1] if stage.delivers else []
    has_room = [
        or_(downloads.c.site.is_distinct_from(site), running_from(stage, site) < at_most)
        for site, at_most in site_limits.items()
    ]
    return and_(
        downloads.c.status == stage.takes,
        downloads.c.paused == 0,
        downloads.c.cancelled == 0,
        due,
        *wanted,
        *has_room,
    )


def running_from(stage: Stage, site: str, *, besides: int | None = None) -> Any:
    """How many rows of a site are worked on in this stage, by whichever runner; a scalar subquery."""
    table = downloads.alias("running")
    where = [table.c.site == site, table.c.status.in_(stage.works_in)]
    where += [table.c.id != besides] if besides is not None else []
    return select(func.count()).select_from(table).where(*where).scalar_subquery()


def next_id(stage: Stage, site_limits: Mapping[str, int]) -> Any:
    """The row whose turn it is: by priority, then of the guild and the member with the least running work, then age."""

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
        .where(claimable(stage, site_limits))
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
