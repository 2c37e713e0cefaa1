"""A real download runner and a site that fails for everybody: left alone, tried by one download, and back for all."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.download_module.given import holds
from tests.download_module.scene import Scene, opened
from tests.support.media_server import payload
from tests.support.processes import Programs, wait_until

BODY = payload(50_000)


@pytest.fixture
async def scene(sqlite_file: Path, tmp_path: Path, programs: Programs) -> AsyncIterator[Scene]:
    async with opened(sqlite_file, tmp_path, programs) as scene:
        yield scene


def asked(scene: Scene, *names: str, status: int | None = None) -> list[int]:
    """Rows for files of the site, which answers with that status instead."""
    for name in names:
        scene.server.add(f"/{name}.bin", BODY, **({"status": status} if status else {}))
    return [scene.ask(scene.server.url(f"/{name}.bin"), user_id=member) for member, name in enumerate(names, 1)]


def waits(scene: Scene, number: int) -> bool:
    """Whether a row waits for its site, and says so."""
    row = scene.row(number)
    told = "fails for everybody at the moment; tried again at"
    return row["status"] == "pending" and told in (row["activity"] or "")


async def test_a_site_that_fails_for_everybody_costs_no_tries_and_comes_back_for_all(scene: Scene) -> None:
    broken = asked(scene, "a", "b", "c", status=503)
    await scene.start(SITE_FAILURES="3", SITE_PAUSE="3600", MAX_DOWNLOAD_RETRIES="0")
    for number in broken:
        await scene.reach("failed", number, timeout=60)
    (site,) = scene.shell("SELECT * FROM site_health")
    assert (site["state"], site["openings"]) == ("open", 1)

    waiting = asked(scene, "d", "e", "f")
    await wait_until(lambda: all(waits(scene, number) for number in waiting), 60, description="they wait")
    for number in waiting:
        assert (scene.row(number)["attempts"], scene.row(number)["error"]) == (0, None)
    assert scene.server.bytes_served("/d.bin") == 0, "nobody asked the site"

    scene.shell("UPDATE site_health SET probe_at = datetime('now', '-1 seconds')")
    for number in waiting:
        await scene.reach("downloaded", number, timeout=60)
        assert holds(scene.files(number)[0], BODY)
    (site,) = scene.shell("SELECT * FROM site_health")
    assert (site["state"], site["openings"], site["reason"]) == ("closed", 0, None)
    figures = scene.shell("SELECT * FROM chores WHERE name = 'figures'")
    assert figures, "the runner keeps figures, too"
