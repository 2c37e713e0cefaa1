"""How members are called."""

from alembic import op

from core.migrate import run_sql

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Create `members`."""
    run_sql(op.get_bind(), __file__)
