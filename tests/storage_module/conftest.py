"""A storage on each kind of database."""

from pathlib import Path

import pytest

from core.database import Database
from tests.storage_module.given import Store


@pytest.fixture
def store(database: Database, tmp_path: Path) -> Store:
    """An empty DOWNLOAD_DIR."""
    return Store(database, tmp_path)
