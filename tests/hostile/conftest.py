"""What the hostile catalogue begins with: one real download runner for each test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.hostile.siege import Siege, besieged
from tests.support.processes import Programs


@pytest.fixture
async def siege(sqlite_file: Path, tmp_path: Path, programs: Programs) -> AsyncIterator[Siege]:
    async with besieged(sqlite_file, tmp_path, programs) as siege:
        yield siege
