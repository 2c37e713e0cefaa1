"""What the card of a download shows before the work, and the thread that goes with it."""

from alembic import op

revision = "0005"
down_revision = "0004"

WHOLE = {"sqlite": "INTEGER", "postgresql": "BIGINT"}
IS_OBJECT = {
    "sqlite": "json_valid(download_plan) AND json_type(download_plan) = 'object'",
    "postgresql": "jsonb_typeof(download_plan::jsonb) = 'object'",
}


def upgrade() -> None:
    """Add columns at the end, spelled as core/tables.py makes them."""
    connection = op.get_bind()
    dialect = connection.dialect.name
    connection.exec_driver_sql(
        "ALTER TABLE downloads ADD COLUMN download_plan TEXT DEFAULT '{}' NOT NULL "
        f"CONSTRAINT ck_downloads_download_plan CHECK ({IS_OBJECT[dialect]})"
    )
    connection.exec_driver_sql(f"ALTER TABLE downloads ADD COLUMN thread_id {WHOLE[dialect]}")
