"""What quotas count, by the real download runner: every byte that came, once each time that it was fetched."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.download_module.given import MIB, holds
from tests.download_module.scene import Scene, opened
from tests.support.media_server import payload
from tests.support.processes import Programs, wait_until

BIG = payload(24 * MIB)
PATH = "/big.bin"
LONG = 60.0  # seconds; a busy machine takes them


@pytest.fixture
async def scene(sqlite_file: Path, tmp_path: Path, programs: Programs) -> AsyncIterator[Scene]:
    async with opened(sqlite_file, tmp_path, programs) as scene:
        yield scene


def counted(scene: Scene) -> list[int]:
    """The bytes of each claim."""
    return [row["bytes"] for row in scene.shell("SELECT bytes FROM fetched WHERE user_id = 7 ORDER BY epoch")]


async def a_third_fetched(scene: Scene) -> None:
    """Waits for a third more than now, then slows down until aria2 has saved where it is."""
    await scene.server.wait_for_bytes(PATH, scene.server.bytes_served() + BIG.size // 3)
    scene.server.change(PATH, rate=MIB // 2)
    await asyncio.sleep(2.3)


async def test_what_is_fetched_again_counts_again_and_what_is_continued_does_not(scene: Scene) -> None:
    await scene.start()
    scene.ask(scene.server.add(PATH, BIG, rate=6 * MIB, etag='"v1"'), user_id=7, guild_id=5)
    await a_third_fetched(scene)
    scene.shell("UPDATE downloads SET cancelled = 1 WHERE id = 1")
    await scene.reach("cancelled", timeout=LONG)
    scene.server.change(PATH, rate=6 * MIB)
    scene.shell("UPDATE downloads SET cancelled = 0, status = 'pending' WHERE id = 1")
    await a_third_fetched(scene)
    scene.shell("UPDATE downloads SET paused = 1 WHERE id = 1")
    await scene.reach("pending", timeout=LONG)
    scene.server.change(PATH, rate=60 * MIB)
    scene.shell("UPDATE downloads SET paused = 0 WHERE id = 1")
    await scene.reach("downloaded", timeout=LONG)
    assert holds(scene.files()[0], BIG)
    served = scene.server.bytes_served()
    assert served > 1.3 * BIG.size  # a third was for nothing
    await wait_until(
        lambda: 0.95 * served <= sum(counted(scene)) <= served,
        LONG,
        description=lambda: f"{counted(scene)} of {served}",
    )
    assert len(counted(scene)) == 3
    scene.shell("DELETE FROM downloads")
    assert sum(counted(scene)) >= 0.95 * served


async def test_a_member_who_cancels_and_retries_for_ever_is_stopped_by_his_quota(scene: Scene) -> None:
    await scene.start(MEMBER_DAILY_QUOTA="20M")
    scene.ask(scene.server.add(PATH, BIG.size // 2, rate=6 * MIB, etag='"v1"'), user_id=7, guild_id=5)
    await scene.server.wait_for_bytes(PATH, 9 * MIB)
    scene.server.change(PATH, rate=MIB)
    await wait_until(lambda: sum(counted(scene)) > 8 * MIB + MIB // 2, LONG)
    scene.shell("UPDATE downloads SET cancelled = 1 WHERE id = 1")
    await scene.reach("cancelled", timeout=LONG)
    scene.shell("UPDATE downloads SET cancelled = 0, status = 'pending' WHERE id = 1")
    row = await scene.reach("failed", timeout=LONG)
    assert (row["error_kind"], "You may fetch 20 MiB" in row["error"]) == ("QuotaExceeded", True)


async def test_what_is_here_may_be_completed_within_the_quota(scene: Scene) -> None:
    await scene.start(MEMBER_DAILY_QUOTA="30M")
    scene.ask(scene.server.add(PATH, BIG, rate=6 * MIB, etag='"v1"'), user_id=7, guild_id=5)
    await a_third_fetched(scene)
    scene.shell("UPDATE downloads SET paused = 1 WHERE id = 1")
    await scene.reach("pending", timeout=LONG)
    await wait_until(lambda: sum(counted(scene)) > 7 * MIB, LONG)
    scene.server.change(PATH, rate=60 * MIB)
    scene.shell("UPDATE downloads SET paused = 0 WHERE id = 1")
    await scene.reach("downloaded", timeout=LONG)
