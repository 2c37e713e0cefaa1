"""The web page: who is logged in, and links that expire."""

from alembic import op

from core.migrate import run_sql

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Create `links` and `web_sessions`."""
    run_sql(op.get_bind(), __file__)
