"""What happens to the file of the database while real processes work on it."""

import asyncio
import contextlib
import shutil
import sqlite3
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from core.sqlite_copies import copy_database
from pooler.lifecycle import BEGIN_ANEW, DAMAGED
from tests.download_module.given import MIB, holds
from tests.download_module.scene import Scene, opened
from tests.support.media_server import payload
from tests.support.processes import Program, Programs, wait_until
from tests.support.small_disk import fill, small_disk

FILM = payload(12 * MIB)


@pytest.fixture
async def scene(sqlite_file: Path, tmp_path: Path, programs: Programs) -> AsyncIterator[Scene]:
    async with opened(sqlite_file, tmp_path, programs) as scene:
        yield scene


@contextlib.contextmanager
def shell(path: Path) -> Iterator[sqlite3.Connection]:
    """A person's own connection."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None, timeout=10)) as connection:
        yield connection


def contents(path: Path) -> list[str]:
    with shell(path) as connection:
        return [line for line in connection.iterdump() if "sqlite_sequence" not in line]


def is_sound(path: Path) -> bool:
    with shell(path) as connection:
        return bool(connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)])


async def working(scene: Scene) -> Program:
    """A runner in the middle of a download."""
    runner = await scene.start()
    scene.ask(scene.server.add("/film.bin", FILM, rate=2 * MIB))
    await wait_until(lambda: scene.row()["downloaded_bytes"] > 0, 15)
    return runner


async def test_another_file_in_its_place_ends_the_work_and_neither_is_written(scene: Scene) -> None:
    backup = scene.directory / "backup.db"
    with shell(scene.database) as connection:
        connection.execute("VACUUM INTO ?", (str(backup),))
    before = contents(backup)
    runner = await working(scene)
    moved = scene.directory / "moved.db"
    scene.database.rename(moved)
    await asyncio.sleep(0.5)
    assert runner.running, "a start would make a new database here, in the way of the one to come"
    shutil.copy(backup, scene.directory / "copy.db")
    (scene.directory / "copy.db").rename(scene.database)
    assert await runner.wait(15) == BEGIN_ANEW
    assert "was replaced while it was in use" in runner.output
    assert "Traceback" not in runner.output
    assert is_sound(scene.database)
    assert contents(scene.database) == before
    again = await scene.start()
    scene.server.change("/film.bin", rate=None)
    scene.ask(scene.server.add("/other.bin", FILM))
    await scene.reach("downloaded")
    assert again.running


async def test_a_backup_that_is_restored_by_the_shell_is_noticed(scene: Scene) -> None:
    with shell(scene.database) as connection:
        connection.execute("VACUUM INTO ?", (str(scene.directory / "backup.db"),))
    runner = await working(scene)
    with shell(scene.directory / "backup.db") as backup, shell(scene.database) as connection:
        backup.backup(connection)  # what `.restore` does: the same file with the contents of then
    assert await runner.wait(15) == BEGIN_ANEW
    assert "was replaced while it was in use" in runner.output
    assert scene.shell("SELECT count(*) FROM downloads")[0][0] == 0
    assert is_sound(scene.database)


async def test_a_backup_that_is_copied_over_the_file_in_use_is_noticed_and_stays_as_it_is(scene: Scene) -> None:
    backup = scene.directory / "backup.db"
    runners = [await working(scene), await scene.start()]
    copy_database(scene.database, backup)
    before = contents(backup)
    scene.ask(scene.server.add("/later.bin", 1000))
    await scene.reach("downloaded", 2, timeout=60)
    shutil.copyfile(backup, scene.database)  # `cp` writes into the file that is there
    for runner in runners:
        assert await runner.wait(60) == BEGIN_ANEW
        assert "was replaced while it was in use" in runner.output
        assert "Traceback" not in runner.output
    assert is_sound(scene.database)
    assert contents(scene.database) == before
    assert [*scene.directory.glob("**/*-wal.of-*")] != [], "what was promised since then can be looked at"
    scene.server.change("/film.bin", rate=None)
    await scene.start()
    await scene.reach("downloaded", timeout=60)


async def test_a_newer_schema_under_a_running_process_ends_it(scene: Scene) -> None:
    runner = await working(scene)
    scene.shell("UPDATE alembic_version SET version_num = '9999'")
    assert await runner.wait(15) == BEGIN_ANEW
    assert "was upgraded by a newer version" in runner.output
    refused = await scene.programs.start(
        [sys.executable, "-m", "pooler.download_runner"], env=scene.environment(), cwd=scene.directory
    )
    assert await refused.wait(15) == 2
    assert "The database was made by a newer version of Boss-Bot. Update the program" in refused.output


async def test_damage_ends_the_work_with_what_to_do(scene: Scene) -> None:
    runner = await working(scene)
    with shell(scene.database) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        roots = [page for (page,) in connection.execute("SELECT rootpage FROM sqlite_master WHERE tbl_name = 'events'")]
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    with scene.database.open("r+b") as file:
        for page in roots:
            file.seek((page - 1) * size)
            file.write(b"\xff" * size)
    scene.shell("INSERT INTO downloads (url, upload) VALUES ('http://127.0.0.1:9/x', 0)")  # its claim is an event
    assert await runner.wait(15) == DAMAGED
    assert "bossbotctl db check" in runner.output
    assert "bossbotctl db restore" in runner.output


async def test_the_bot_notices_and_begins_anew_with_its_runners(scene: Scene) -> None:
    bot = await scene.programs.start(
        [sys.executable, "-m", "bot"],
        env=scene.environment(BOSS_BOT_DISCORD_TOKEN="", HEARTBEAT_INTERVAL="0.5"),
        cwd=scene.directory,
    )

    def signed_on() -> set[str]:
        return {kind for (kind,) in scene.shell("SELECT kind FROM runners WHERE state = 'ready'")}

    await wait_until(lambda: signed_on() == {"bot", "download", "upload"}, 60)
    copy = scene.directory / "copy.db"
    with shell(scene.database) as connection:
        connection.execute("VACUUM INTO ?", (str(copy),))
    scene.shell("INSERT INTO downloads (url, upload) VALUES ('http://127.0.0.1:9/x', 0)")
    with shell(copy) as connection:
        connection.execute("DELETE FROM runners")
    copy.rename(scene.database)
    await wait_until(lambda: "beginning anew" in bot.output, 20)
    await wait_until(lambda: signed_on() == {"bot", "download", "upload"}, 60)
    assert scene.shell("SELECT count(*) FROM downloads")[0][0] == 0
    assert is_sound(scene.database)


async def test_a_full_disk_of_the_database_loses_nothing(sqlite_file: Path, tmp_path: Path, programs: Programs) -> None:
    with small_disk(tmp_path / "disk", 16) as disk:
        database = Path(shutil.copy(sqlite_file, disk / "boss-bot.db"))
        async with opened(database, tmp_path, programs) as scene:
            runner = await working(scene)
            ballast = fill(disk)
            await wait_until(lambda: "the disk of the database is full" in runner.output, 15)
            scene.server.change("/film.bin", rate=None)
            await asyncio.sleep(2)  # time in which it would give up
            assert runner.running
            ballast.unlink()
            row = await scene.reach("downloaded")
            assert (row["attempts"], row["error"]) == (0, None)
            assert holds(scene.files()[0], FILM)
            await wait_until(lambda: "can be written again" in runner.output)
            assert runner.output.count("the disk of the database is full") <= 2
            assert "Traceback" not in runner.output
            assert is_sound(database)
            await runner.terminate()


async def test_a_runner_keeps_backups_by_itself(scene: Scene) -> None:
    await scene.start(DATABASE_BACKUP_DIR=str(scene.directory / "copies"))

    def reports() -> dict[str, str]:
        return {row["name"]: row["report"] or row["error"] for row in scene.shell("SELECT * FROM chores")}

    chores = ("back up the database", "write back the database's log")
    await wait_until(lambda: all(map(reports().get, chores)), 30, description=lambda: str(reports()))
    (copy,) = (scene.directory / "copies").iterdir()
    assert reports()["back up the database"].startswith(f"{copy.name}, ")
    assert is_sound(copy)
    assert "written back" in reports()["write back the database's log"]
