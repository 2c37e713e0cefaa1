"""The real runner on a disk that has no room: it waits, says so, loses nothing, and goes on by itself."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from core.room import WAITS
from tests.download_module.given import MIB, holds
from tests.download_module.scene import Scene, opened
from tests.support.media_server import payload
from tests.support.processes import Program, Programs, wait_until
from tests.support.small_disk import fill, small_disk

FILM = payload(12 * MIB)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", 64) as place:
        yield place


@dataclass(frozen=True, slots=True, kw_only=True)
class Full(Scene):
    """A scene whose downloads lie on a small disk."""

    disk: Path

    @property
    def downloads(self) -> Path:
        return self.disk / "downloads"

    async def begin(self) -> Program:
        return await self.start(STORAGE_MIN_FREE="16M")

    def runner(self) -> dict[str, Any]:
        return dict(self.shell("SELECT state, note FROM runners WHERE kind = 'download'")[0])


@pytest.fixture
async def scene(sqlite_file: Path, tmp_path: Path, programs: Programs, disk: Path) -> AsyncIterator[Full]:
    async with opened(sqlite_file, tmp_path, programs) as plain:
        yield Full(
            directory=plain.directory, database=plain.database, programs=programs, server=plain.server, disk=disk
        )


async def test_nothing_is_begun_on_a_full_disk_and_everything_says_why(scene: Full) -> None:
    ballast = fill(scene.disk, leave=15 * MIB)
    runner = await scene.begin()
    scene.ask(scene.server.add("/film.bin", FILM))
    await wait_until(lambda: scene.row()["activity"] == WAITS, 15, description="the reason in the row")
    await wait_until(lambda: scene.runner()["state"] == "waiting")
    assert "STORAGE_MIN_FREE" in scene.runner()["note"]
    assert scene.row()["epoch"] == 0, "it was never begun"
    ballast.unlink()
    row = await scene.reach("downloaded")
    assert (row["attempts"], row["error"], row["room_needed"]) == (0, None, None)
    assert holds(scene.files()[0], FILM)
    assert scene.runner() == {"state": "ready", "note": None}
    assert runner.output.count("no room on the disk") == 1


async def test_what_is_larger_than_the_room_waits_for_it_and_smaller_ones_go_by(scene: Full) -> None:
    ballast = fill(scene.disk, leave=24 * MIB)
    await scene.begin()
    scene.ask(scene.server.add("/film.bin", FILM))
    await wait_until(lambda: scene.row()["room_needed"] == FILM.size, 15)
    row = scene.row()
    assert (row["status"], row["activity"], row["attempts"], row["error"]) == ("pending", WAITS, 0, None)
    small = payload(2 * MIB)
    scene.ask(scene.server.add("/small.bin", small))
    await scene.reach("downloaded", 2)
    assert scene.row()["epoch"] == 1, "it is not looked up again and again"
    assert scene.server.bytes_served("/film.bin") < MIB
    ballast.unlink()
    await scene.reach("downloaded")
    assert holds(scene.files()[0], FILM)


async def test_what_could_never_fit_is_refused_before_it_begins(scene: Full) -> None:
    await scene.begin()
    scene.ask(scene.server.add("/huge.bin", payload(60 * MIB)))
    row = await scene.reach("failed")
    assert row["error_kind"] == "TooLarge"
    assert row["error"].startswith("This media needs 60 MiB; the disk of this bot has 48 MiB for downloads")
    assert scene.server.bytes_served() < MIB


async def test_two_that_fit_alone_but_not_together_go_one_after_the_other(scene: Full) -> None:
    fill(scene.disk, leave=36 * MIB)
    await scene.begin()
    for path in ("/a.bin", "/b.bin"):
        scene.ask(scene.server.add(path, FILM, rate=6 * MIB))
    await wait_until(lambda: scene.shell("SELECT id FROM downloads WHERE activity = ?", WAITS), 15)
    (waiting,) = scene.shell("SELECT * FROM downloads WHERE activity = ?", WAITS)
    assert (waiting["room_needed"], waiting["attempts"]) == (FILM.size, 0)
    first = 3 - waiting["id"]
    await scene.reach("downloaded", first)
    assert scene.row(waiting["id"])["status"] == "pending", "there is not the room for both"
    scene.files(first)[0].unlink()
    await scene.reach("downloaded", waiting["id"])


async def test_what_outgrows_the_room_stops_in_time_and_loses_no_bytes(scene: Full) -> None:
    await scene.begin()
    scene.ask(scene.server.add("/film.bin", FILM, etag='"v1"', rate=4 * MIB))
    await wait_until(lambda: scene.row()["downloaded_bytes"] > 4 * MIB, 15)
    scene.server.change("/film.bin", rate=MIB // 2)
    staged = next(scene.downloads.glob(".staging/1-1/*.aria2"))
    saved = staged.stat().st_mtime
    await wait_until(lambda: staged.stat().st_mtime > saved, 10, description="aria2 notes where it is")
    ballast = fill(scene.disk, leave=7 * MIB)  # somebody else fills the disk
    await wait_until(lambda: scene.row()["status"] == "pending", 15, description=lambda: str(dict(scene.row())))
    row = scene.row()
    assert (row["activity"], row["attempts"], row["error"]) == (WAITS, 0, None)
    assert 0 < row["room_needed"] < FILM.size
    scene.server.change("/film.bin", rate=60 * MIB)
    ballast.unlink()
    await scene.reach("downloaded")
    assert holds(scene.files()[0], FILM)
    assert scene.server.bytes_served("/film.bin") < 1.25 * FILM.size


async def test_what_has_no_end_is_refused_when_it_could_never_fit(scene: Full) -> None:
    await scene.begin()
    scene.ask(scene.server.add("/endless.bin", payload(200 * MIB), rate=8 * MIB, length="chunked", ranges=False))
    row = await scene.reach("failed", timeout=40)
    assert row["error_kind"] == "TooLarge"
    assert row["error"].startswith("This media does not end")
