"""What tests of the guard begin with."""

import contextlib
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from loguru import logger

from download_module.egress.guard import EgressGuard
from tests.download_module.egress.given import LIMITS, LOOPBACK


@contextlib.asynccontextmanager
async def running() -> AsyncIterator[EgressGuard]:
    """A guard whose admin allowed 127.0.0.1, and no more; whatever it complained about is a failure."""
    complaints: list[str] = []
    sink = logger.add(complaints.append, filter=lambda record: "guard says" in record["message"])
    guard = EgressGuard(LOOPBACK, limits=LIMITS)
    await guard.start()
    yield guard
    await guard.stop()
    logger.remove(sink)
    assert complaints == []


@pytest.fixture
async def guard() -> AsyncIterator[EgressGuard]:
    """One for a test."""
    async with running() as guard:
        yield guard


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def shared_guard() -> AsyncIterator[EgressGuard]:
    """One for a whole module."""
    async with running() as guard:
        yield guard
