"""What a download runner does by the clock."""

from pathlib import Path

import pytest

from core.database import Database
from core.settings import read_settings
from pooler.database_chores import database_chores
from pooler.storage import storage_chores


def test_what_may_read_for_hours_is_not_in_the_way_of_what_makes_room(
    sqlite_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite+aiosqlite:///{sqlite_file}"
    monkeypatch.setenv("BOSS_BOT_DATABASE_URL", url)
    settings = read_settings()
    chores = (*database_chores(settings), *storage_chores(settings, Database(url)))
    long = {chore.name for chore in chores if chore.is_long}
    assert long == {"storage records", "storage inspection", "back up the database"}
    assert {"storage room", "storage sweep", "storage retention"} <= {chore.name for chore in chores} - long
