"""Where the database and files are."""

from pathlib import Path

from pydantic import Field

from core.settings.group import SettingsGroup


class FileSettings(SettingsGroup):
    """Where the database and files are."""

    database_url: str = Field(
        "sqlite+aiosqlite:///data/boss-bot.db",
        validation_alias="BOSS_BOT_DATABASE_URL",
        description="A SQLite file, or `postgresql+asyncpg://...`.",
    )
    database_backup_interval: float = Field(
        24.0,
        validation_alias="DATABASE_BACKUP_INTERVAL",
        ge=0,
        description="Hours between backups of a SQLite database, which one of the download runners makes; 0: none.",
    )
    database_backup_keep: int = Field(
        7, validation_alias="DATABASE_BACKUP_KEEP", ge=1, le=1000, description="Backups that are kept; older ones go."
    )
    database_backup_dir: Path | None = Field(
        None,
        validation_alias="DATABASE_BACKUP_DIR",
        description="Where backups lie. Default: `backups` below BOSS_BOT_DATA_DIR; another disk is better.",
    )
    data_dir: Path = Field(
        Path("data"), validation_alias="BOSS_BOT_DATA_DIR", description="Locks and logs of the runners."
    )
    download_dir: Path = Field(
        Path("downloads"), validation_alias="DOWNLOAD_DIR", description="Where files are fetched to."
    )
    delivery_dir: Path | None = Field(
        None,
        validation_alias="DELIVERY_DIR",
        description="The destination `folder`. Default: `delivered` below `DOWNLOAD_DIR`.",
    )
