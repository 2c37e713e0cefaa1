"""Which database this is, and how much room a download needs."""

from alembic import op

from core.migrate import run_sql

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Create `database_identity`, add a column to `downloads`."""
    run_sql(op.get_bind(), __file__)
