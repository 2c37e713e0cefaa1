"""A storage on each kind of database."""

from pathlib import Path

import pytest

from core.database import Database
from core.layout import STAGING
from tests.storage_module.given import Store


@pytest.fixture
def store(database: Database, tmp_path: Path) -> Store:
    """A DOWNLOAD_DIR without downloads."""
    (tmp_path / "downloads" / STAGING).mkdir(parents=True)
    return Store(database, tmp_path)
