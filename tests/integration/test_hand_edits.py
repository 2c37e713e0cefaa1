"""A person with a database shell, at the worst moment: the schema refuses, or the runner obeys; nothing crashes."""

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.models import Status
from core.tables import downloads
from tests.download_module.given import MIB, holds
from tests.download_module.scene import Scene, opened
from tests.support.media_server import payload
from tests.support.processes import Programs, wait_until

OVER = ("downloaded", "uploaded", "failed", "cancelled")  # 'downloaded' with upload = 0
# Of every column, right and wrong.
VALUES = (
    *("NULL", "-1", "0", "1", "7", "9007199254740993", "0.5", "-1e300", "'x'", "''", "x'ff00'", "'[]'", "'{}'", "'{'"),
    *("'2020-01-01 00:00:00'", "'2999-01-01 00:00:00'", "'2020-02-30 00:00:00'", "'soon'"),
    *(f"'{status}'" for status in Status),
    *("'download'", "'discord'", "'torrent'", "'link'", "'video'", "'file:///etc/passwd'", "'http://127.0.0.1:1/x'"),
)
# What a person asks for with these is that the row waits, or is delivered where no courier is here.
ASKED = {"paused": "0", "available_at": "NULL", "room_needed": "NULL", "running_limit": "NULL", "upload": "0"}
FILE = payload(MIB)


@pytest.fixture
async def scene(sqlite_file: Path, tmp_path: Path, programs: Programs) -> AsyncIterator[Scene]:
    async with opened(sqlite_file, tmp_path, programs) as scene:
        yield scene


async def test_every_column_may_be_edited_to_anything_while_the_row_is_worked_on(scene: Scene) -> None:
    columns = [column.name for column in downloads.columns if column.name != "id"]
    runner = await scene.start(BOSS_BOT_MAX_CONCURRENT_DOWNLOADS="8", CLAIM_LEASE="4", MAX_DOWNLOAD_RETRIES="1")
    ids = {name: scene.ask(scene.server.add(f"/{name}.bin", FILE, rate=MIB)) for name in columns}
    refused = accepted = 0
    with contextlib.closing(sqlite3.connect(scene.database, isolation_level=None, timeout=10)) as shell:
        for name, id_ in ids.items():
            for value in VALUES:
                try:
                    shell.execute(f"UPDATE downloads SET {name} = {value} WHERE id = {id_}")
                    accepted += 1
                    await asyncio.sleep(0.005)  # the runner sees some of them
                except sqlite3.IntegrityError:
                    refused += 1
            assert runner.running, f"after edits of {name}"
        assert min(refused, accepted) > len(columns), "the values are right and wrong"
        asked = ", ".join(f"{name} = {value}" for name, value in ASKED.items())
        shell.execute(f"UPDATE downloads SET {asked}")

    def unfinished() -> list[tuple[object, ...]]:
        places = ", ".join("?" * len(OVER))
        return [
            tuple(row)
            for row in scene.shell(
                f"SELECT id, status, activity, claimed_by, error FROM downloads WHERE status NOT IN ({places})", *OVER
            )
        ]

    await wait_until(lambda: not unfinished(), 90, description=lambda: f"all rows at their end: {unfinished()}")
    assert runner.running
    assert "ended by an error" not in runner.output
    body = payload(2 * MIB)
    last = scene.ask(scene.server.add("/last.bin", body))
    await scene.reach("downloaded", last)
    assert holds(scene.files(last)[0], body)
    assert scene.shell("PRAGMA integrity_check")[0][0] == "ok"


async def test_rows_deleted_or_renumbered_under_the_runner_leave_nothing_behind(scene: Scene) -> None:
    runner = await scene.start()
    for number in (1, 2):
        scene.ask(scene.server.add(f"/{number}.bin", payload(8 * MIB), rate=MIB))
    for number in (1, 2):
        await scene.server.wait_for_bytes(f"/{number}.bin", MIB // 4)
    scene.shell("DELETE FROM downloads WHERE id = 1")
    scene.shell("UPDATE downloads SET id = -5, paused = 1 WHERE id = 2")
    for number in (1, 2):
        await scene.server.wait_until_idle(f"/{number}.bin", timeout=15)
    assert runner.running
    small = payload(MIB)
    next_one = scene.ask(scene.server.add("/next.bin", small))
    await scene.reach("downloaded", next_one)
    await wait_until(lambda: scene.row(-5)["claimed_by"] is None, 40, description=lambda: str(dict(scene.row(-5))))
    assert (scene.row(-5)["status"], scene.row(-5)["paused"]) == ("pending", 1)
    assert "Traceback" not in runner.output


async def test_a_lock_by_a_shell_stops_nobody(scene: Scene) -> None:
    runner = await scene.start(CLAIM_LEASE="1", HEARTBEAT_INTERVAL="0.25")
    body = payload(4 * MIB)
    scene.ask(scene.server.add("/film.bin", body, rate=2 * MIB))
    await scene.server.wait_for_bytes("/film.bin", MIB)
    with contextlib.closing(sqlite3.connect(scene.database, isolation_level=None, timeout=10)) as shell:
        shell.execute("BEGIN IMMEDIATE")
        shell.execute("INSERT INTO downloads (url, upload) VALUES (?, 0)", (scene.server.add("/next.bin", body),))
        await asyncio.sleep(3)  # three leases, and longer than the rest of the transfer takes
        shell.execute("COMMIT")
    for number in (1, 2):
        row = await scene.reach("downloaded", number)
        assert (row["epoch"], row["attempts"]) == (1, 0)
    assert runner.running
    assert "Traceback" not in runner.output
