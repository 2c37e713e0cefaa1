"""The first schema, as SQL: what stands here is what `.schema` shows."""

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create all tables in the words of the database at hand."""
    dialect = op.get_bind().dialect.name
    script = Path(__file__).with_name(f"0001_first.{dialect}.sql").read_text(encoding="utf-8")
    for statement in script.split(";\n\n"):
        op.get_bind().exec_driver_sql(statement)
