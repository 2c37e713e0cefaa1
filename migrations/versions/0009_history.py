"""Figures over time, the health of sites, alerts; events say of what site and with what error."""

from alembic import op

from core.migrate import run_sql

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add columns to `events`, create `history`, `site_health` and `alerts`."""
    run_sql(op.get_bind(), __file__)
