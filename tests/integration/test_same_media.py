"""Two who ask for the same at the same time, and the real download runner: it is fetched once."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.download_module.given import MIB, holds
from tests.download_module.scene import Scene, opened
from tests.support.media_server import payload
from tests.support.processes import Programs, wait_until

BODY = payload(3 * MIB)
PATH = "/clip.bin"
LONG = 60.0  # seconds, for a busy machine; the longest wait for the first is an hour
GUILD = {"guild_id": 5, "channel_id": 6}


@pytest.fixture
async def scene(sqlite_file: Path, tmp_path: Path, programs: Programs) -> AsyncIterator[Scene]:
    async with opened(sqlite_file, tmp_path, programs) as scene:
        yield scene


async def two_asked(scene: Scene, **second: Any) -> tuple[int, int]:
    """Two members ask for the same; the first is being fetched, slowly, when the second asks."""
    url = scene.server.add(PATH, BODY, rate=MIB // 16)
    first = scene.ask(url, user_id=7, **GUILD)
    await scene.reach("downloading", first, timeout=LONG)  # of those that are claimed together any may be the first
    return first, scene.ask(f"  {url}", user_id=8, **GUILD | second)


async def waits(scene: Scene, second: int, first: int) -> None:
    told = f"the same media is being fetched as #{first}"
    await wait_until(lambda: (scene.row(second)["status"], scene.row(second)["activity"]) == ("pending", told), LONG)


async def test_the_second_waits_without_a_slot_and_takes_the_files_of_the_first(scene: Scene) -> None:
    await scene.start(MAX_CONCURRENT_DOWNLOADS="2")
    first, second = await two_asked(scene)
    await waits(scene, second, first)
    other = scene.ask(scene.server.add("/other.bin", 1000), user_id=9, **GUILD)
    await scene.reach("downloaded", other, timeout=LONG)
    assert scene.row(first)["status"] == "downloading"
    scene.server.change(PATH, rate=None)
    await scene.reach("downloaded", first, timeout=LONG)
    await scene.reach("downloaded", second, timeout=LONG)
    assert scene.server.bytes_served(PATH) < 1.5 * BODY.size
    for one in (first, second):
        assert holds(scene.files(one)[0], BODY)
    assert scene.files(first) != scene.files(second)
    row = scene.row(second)
    assert (row["waits_for"], row["attempts"], row["error"]) == (None, 0, None)


@pytest.mark.parametrize("ending", ["cancelled = 1", "paused = 1"])
async def test_when_the_first_stops_the_second_fetches_at_once(scene: Scene, ending: str) -> None:
    await scene.start()
    first, second = await two_asked(scene)
    await waits(scene, second, first)
    scene.shell(f"UPDATE downloads SET {ending} WHERE id = ?", first)
    scene.server.change(PATH, rate=None)
    await scene.reach("downloaded", second, timeout=LONG)
    assert holds(scene.files(second)[0], BODY)


async def test_who_forces_it_waits_for_nobody(scene: Scene) -> None:
    await scene.start()
    first, second = await two_asked(scene, options='{"force": true}')
    await scene.reach("downloading", second, timeout=LONG)
    assert scene.row(first)["status"] == "downloading"
    scene.server.change(PATH, rate=None)
    for one in (first, second):
        await scene.reach("downloaded", one, timeout=LONG)
    assert scene.server.bytes_served(PATH) > 1.9 * BODY.size
