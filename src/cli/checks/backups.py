"""Whether there is a backup of the database, and how old it is."""

from datetime import UTC, datetime, timedelta

from cli.checks.finding import Finding, good, warning
from cli.units import rough_duration, size
from core.backups import Backups
from core.database import sqlite_path
from core.settings import Settings

LATE = 2.0  # times the interval; then something is wrong with the chore
OF_POSTGRESQL = "PostgreSQL is backed up by its own tool, pg_dump"


def check_backups(settings: Settings) -> Finding:
    """What was found, and what to do."""
    path = sqlite_path(settings.database_url)
    if path is None:
        return good("backup", OF_POSTGRESQL)
    where = settings.database_backup_path
    found = Backups(database=path, directory=where, keep=settings.database_backup_keep).all()
    hours = settings.database_backup_interval
    if not found:
        told = f"there is none in {where}"
        return (
            warning("backup", told, "A running download runner makes one; or `bossbotctl db backup FILE`.")
            if hours
            else warning("backup", f"{told}, and DATABASE_BACKUP_INTERVAL is 0", "Set it, or make them yourself.")
        )
    age = datetime.now(UTC) - found[0].taken_at
    old = rough_duration(max(0.0, age.total_seconds()))
    told = f"{found[0].path}, {size(found[0].bytes)}, {old} old; {len(found)} in all"
    if hours and age > LATE * timedelta(hours=hours):
        next_step = "Is a download runner running? `SELECT * FROM chores` says why there is no newer one."
        return warning("backup", told, next_step)
    return good("backup", told)
