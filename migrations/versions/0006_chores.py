"""Work by the clock, and how each process is. `runners` is made anew: whoever lives signs on again."""

from alembic import op

from core.migrate import run_sql

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Replace `runners`, create `chores`."""
    run_sql(op.get_bind(), __file__)
