"""What the one who asked may have, and the language of the answer."""

from alembic import op

revision = "0004"
down_revision = "0003"

WHOLE = {"sqlite": "INTEGER", "postgresql": "BIGINT"}


def upgrade() -> None:
    """Add columns at the end, spelled as core/tables.py makes them."""
    connection = op.get_bind()
    whole = WHOLE[connection.dialect.name]
    for column in (
        f"size_limit_bytes {whole} CONSTRAINT ck_downloads_size_limit_bytes CHECK (size_limit_bytes > 0)",
        "running_limit INTEGER CONSTRAINT ck_downloads_running_limit CHECK (running_limit > 0)",
        "allow_torrents INTEGER DEFAULT 0 NOT NULL CONSTRAINT ck_downloads_allow_torrents "
        "CHECK (allow_torrents IN (0, 1))",
        "auto_retry INTEGER DEFAULT 1 NOT NULL CONSTRAINT ck_downloads_auto_retry CHECK (auto_retry IN (0, 1))",
        "locale TEXT",
    ):
        connection.exec_driver_sql(f"ALTER TABLE downloads ADD COLUMN {column}")
