"""The settings of a whole installation in one directory, which fetches from servers of the tests."""

from pathlib import Path


def settings_below(directory: Path) -> dict[str, str]:
    """Its environment variables: database, data and downloads below `directory`."""
    return {
        "BOSS_BOT_DATABASE_URL": f"sqlite+aiosqlite:///{directory / 'boss-bot.db'}",
        "BOSS_BOT_DATA_DIR": str(directory / "data"),
        "BOSS_BOT_LOG_FORMAT": "json",
        "DOWNLOAD_DIR": str(directory / "downloads"),
        "EGRESS_ALLOW": "127.0.0.0/8",
        "SITE_FAILURES": "0",  # one server plays all sites
    }
