"""What is made of files to fit their destination."""

from alembic import op

revision = "0003"
down_revision = "0002"

WHOLE = {"sqlite": "INTEGER", "postgresql": "BIGINT"}
IS_OBJECT = {
    "sqlite": "json_valid(upload_plan) AND json_type(upload_plan) = 'object'",
    "postgresql": "jsonb_typeof(upload_plan::jsonb) = 'object'",
}


def upgrade() -> None:
    """Add columns at the end, spelled as core/tables.py makes them."""
    connection = op.get_bind()
    dialect = connection.dialect.name
    connection.exec_driver_sql(
        "ALTER TABLE downloads ADD COLUMN upload_plan TEXT DEFAULT '{}' NOT NULL "
        f"CONSTRAINT ck_downloads_upload_plan CHECK ({IS_OBJECT[dialect]})"
    )
    connection.exec_driver_sql(
        f"ALTER TABLE media_files ADD COLUMN fitted_from {WHOLE[dialect]} "
        "CONSTRAINT ck_media_files_fitted_from CHECK (fitted_from < id)"
    )
