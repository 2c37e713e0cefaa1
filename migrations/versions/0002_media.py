"""Whose media a download is, what else is known of it, and alt texts."""

from alembic import op

revision = "0002"
down_revision = "0001"

REAL = {"sqlite": "REAL", "postgresql": "DOUBLE PRECISION"}
IS_OBJECT = {
    "sqlite": "json_valid(metadata) AND json_type(metadata) = 'object'",
    "postgresql": "jsonb_typeof(metadata::jsonb) = 'object'",
}


def upgrade() -> None:
    """Add columns at the end, spelled as core/tables.py makes them."""
    connection = op.get_bind()
    dialect = connection.dialect.name
    for column in (
        "site TEXT",
        "media_id TEXT",
        "author TEXT",
        f"duration_seconds {REAL[dialect]} CONSTRAINT ck_downloads_duration_seconds CHECK (duration_seconds >= 0)",
        "thumbnail_url TEXT",
        f"metadata TEXT DEFAULT '{{}}' NOT NULL CONSTRAINT ck_downloads_metadata CHECK ({IS_OBJECT[dialect]})",
    ):
        connection.exec_driver_sql(f"ALTER TABLE downloads ADD COLUMN {column}")
    connection.exec_driver_sql(
        "CREATE INDEX ix_downloads_guild_id_site_media_id ON downloads (guild_id, site, media_id)"
    )
    connection.exec_driver_sql("ALTER TABLE media_files ADD COLUMN description TEXT")
