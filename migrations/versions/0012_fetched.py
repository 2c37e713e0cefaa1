"""What was fetched for whom, and who fetches what now."""

from alembic import op

from core.migrate import run_sql

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Create `fetched`, with what is known of the last 24 hours; add columns to `downloads`."""
    run_sql(op.get_bind(), __file__)
