"""The first schema, as SQL: what stands here is what `.schema` shows."""

from alembic import op

from core.migrate import run_sql

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create all tables in the words of the database at hand."""
    run_sql(op.get_bind(), __file__)
