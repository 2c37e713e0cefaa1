"""What several tests of the claim loop begin with."""

from collections.abc import AsyncIterator, Iterator

import pytest
from loguru import logger

from tests.core.worker import Work


@pytest.fixture
async def work() -> AsyncIterator[Work]:
    """Work that ends when the test says so, at the latest with the test."""
    work = Work()
    yield work
    work.finish.set()


@pytest.fixture
def log() -> Iterator[list[str]]:
    """What is logged while the test runs, tracebacks included."""
    lines: list[str] = []
    sink = logger.add(lambda message: lines.append(str(message)), format="{level} {message}\n{exception}")
    yield lines
    logger.remove(sink)
