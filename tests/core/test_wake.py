"""Waking up: a commit of another process is seen within milliseconds."""

import asyncio
import subprocess
import time
from pathlib import Path

import pytest

from core.database import Database
from core.wake import NotifyWake, SqliteWake, Wake, open_wake
from tests.core import given

INSERT = "INSERT INTO downloads (url) VALUES ('http://site.test/a')"


async def insert_with_the_shell(path: Path) -> None:
    """A commit of another process."""
    shell = await asyncio.create_subprocess_exec("sqlite3", path, INSERT)
    assert await shell.wait() == 0


async def test_the_commit_of_another_process_wakes(sqlite_file: Path) -> None:
    wake = open_wake(Database(f"sqlite+aiosqlite:///{sqlite_file}"))
    assert isinstance(wake, SqliteWake)
    assert not await wake.wait(0.05), "nothing happened yet"

    waiting = asyncio.create_task(wake.wait(10))
    await insert_with_the_shell(sqlite_file)
    committed = time.monotonic()
    assert await waiting
    assert time.monotonic() - committed < 0.3

    assert not await wake.wait(0.05), "one commit wakes once"
    await wake.close()


async def test_a_commit_between_two_waits_is_not_missed(sqlite_file: Path) -> None:
    wake = SqliteWake(str(sqlite_file))
    await insert_with_the_shell(sqlite_file)
    assert await wake.wait(0)
    await wake.close()


async def test_a_commit_whose_log_was_written_before_another_was_seen_is_not_missed(sqlite_file: Path) -> None:
    """The kernel tells of its log once, and of the commit itself never."""
    wake = SqliteWake(str(sqlite_file))
    if wake._hints is None:
        pytest.skip("no inotify here")
    waiting = asyncio.create_task(wake.wait(10))
    await insert_with_the_shell(sqlite_file)
    assert await waiting
    async with asyncio.timeout(5):
        await wake._hints.wait(60)  # it goes on looking for a while, although nothing is written
    await wake.close()


async def test_a_locked_database_only_delays_waking(sqlite_file: Path) -> None:
    wake = SqliteWake(str(sqlite_file))
    shell = await asyncio.create_subprocess_exec("sqlite3", sqlite_file, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert shell.stdin is not None
    assert shell.stdout is not None
    shell.stdin.write(f"BEGIN EXCLUSIVE;\n{INSERT};\nSELECT 'held';\n".encode())
    assert await shell.stdout.readline() == b"held\n"
    assert not await wake.wait(0.1)
    shell.stdin.write(b"COMMIT;\n")
    assert await wake.wait(10)
    shell.stdin.close()
    await shell.wait()
    await wake.close()


@pytest.mark.postgresql
async def test_a_write_through_another_connection_notifies(postgresql_url: str) -> None:
    database = Database(postgresql_url)
    wake = open_wake(database)
    assert isinstance(wake, NotifyWake)
    assert await wake.wait(10), "what was written before it listens is to be looked for"
    assert not await wake.wait(0.2)

    waiting = asyncio.create_task(wake.wait(10))
    await given.row(database)
    written = time.monotonic()
    assert await waiting
    assert time.monotonic() - written < 0.3
    await wake.close()
    await database.close()


@pytest.mark.postgresql
async def test_a_broken_connection_is_opened_again(postgresql_url: str) -> None:
    database = Database(postgresql_url)
    wake = open_wake(database)
    assert await wake.wait(10)
    await database.write(
        lambda connection: connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE pid <> pg_backend_pid() AND datname = current_database()"
        )
    )
    waiting = asyncio.create_task(_woken(wake))
    while not waiting.done():
        await given.row(database)
        await asyncio.wait((waiting,), timeout=0.1)
    assert await waiting
    await wake.close()
    await database.close()


async def _woken(wake: Wake) -> bool:
    while not await wake.wait(0.5):
        pass
    return True


async def test_a_server_that_is_away_is_no_error() -> None:
    pytest.importorskip("asyncpg")
    wake = NotifyWake("postgresql://nobody@127.0.0.1:9/none")
    assert not await wake.wait(0.05)
    await wake.close()


@pytest.mark.postgresql
@pytest.mark.parametrize("steps", range(5))
async def test_a_cancel_that_comes_with_a_notification_is_not_swallowed(postgresql_url: str, steps: int) -> None:
    wake = NotifyWake(postgresql_url.replace("+asyncpg", ""))
    await wake.wait(0)
    waiting = asyncio.create_task(wake.wait(10))
    await asyncio.sleep(0.05)
    wake._changed.set()
    for _ in range(steps):
        await asyncio.sleep(0)
    asked = waiting.cancel()
    await asyncio.wait((waiting,))
    assert waiting.cancelled() == asked
    await wake.close()
