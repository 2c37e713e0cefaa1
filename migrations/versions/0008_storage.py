"""What is stored, and for how long."""

from alembic import op

revision = "0008"
down_revision = "0007"

WHOLE = {"sqlite": "INTEGER", "postgresql": "BIGINT"}
IS_TIME = {
    "sqlite": "recorded_at IS datetime(recorded_at, '+0 days')",
    "postgresql": "to_char(recorded_at::timestamp, 'YYYY-MM-DD HH24:MI:SS') = recorded_at",
}


def upgrade() -> None:
    """Add columns at the end, spelled as core/tables.py makes them."""
    connection = op.get_bind()
    dialect = connection.dialect.name
    for table, column in (
        ("downloads", f"same_as {WHOLE[dialect]}"),
        (
            "downloads",
            "same_by TEXT CONSTRAINT ck_downloads_same_by CHECK (same_by IN ('link', 'bytes', 'looks'))",
        ),
        ("downloads", "same_url TEXT"),
        ("downloads", f"recorded_at TEXT CONSTRAINT ck_downloads_recorded_at CHECK ({IS_TIME[dialect]})"),
        ("media_files", "perceptual_hash TEXT"),
    ):
        connection.exec_driver_sql(f"ALTER TABLE {table} ADD COLUMN {column}")
    connection.exec_driver_sql("CREATE INDEX ix_downloads_finished_at ON downloads (finished_at)")
