"""A directory and an environment of the demo's own: nothing of a person's set-up gets in, nothing stays behind."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from core.settings import Settings, variable_of


@contextlib.contextmanager
def private_directory(*, keep: bool = False) -> Iterator[Path]:
    """A new directory with settings that point into it; the current one for the time of the block.

    Args:
        keep: leave it there afterwards.
    """
    before, environment = Path.cwd(), dict(os.environ)
    directory = Path(tempfile.mkdtemp(prefix="boss-bot-demo-")).resolve()
    try:
        for field in Settings.model_fields:
            os.environ.pop(variable_of(field), None)
        os.environ |= _settings(directory)
        os.chdir(directory)  # a `.env` is read from the current directory
        yield directory
    finally:
        os.chdir(before)
        os.environ.clear()
        os.environ |= environment
        if not keep:
            shutil.rmtree(directory, ignore_errors=True)


def _settings(directory: Path) -> dict[str, str]:
    return {
        "BOSS_BOT_DATABASE_URL": f"sqlite+aiosqlite:///{directory / 'boss-bot.db'}",
        "BOSS_BOT_DATA_DIR": str(directory / "data"),
        "BOSS_BOT_LOG_FORMAT": "human",
        "DOWNLOAD_DIR": str(directory / "downloads"),
        "DELIVERY_DIR": str(directory / "delivered"),
        "EGRESS_ALLOW": "127.0.0.0/8",
        "MAX_DOWNLOAD_RETRIES": "1",
        "RETRY_BASE_DELAY": "1",
    }
