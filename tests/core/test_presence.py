"""What a process says of itself in `runners`, and that saying it never stops the work."""

import asyncio
import sqlite3
import time
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncConnection

from core.database import Database
from core.models import RunnerState
from core.presence import present
from core.queries import Queries
from tests.conftest import Hand
from tests.core import given
from tests.support.processes import wait_until


async def test_a_new_state_is_there_at_once_and_stays(database: Database) -> None:
    store = given.runner(database)
    await store.set_state("waiting", "before it signed on")
    await store.sign_on(7)
    queries = Queries(database)
    assert [(one.state, one.note) for one in await queries.runners()] == [("waiting", "before it signed on")]
    await store.set_state(RunnerState.WAITING, "no room on the disk")
    assert [(one.state, one.note) for one in await queries.runners()] == [("waiting", "no room on the disk")]
    await store.heartbeat()
    assert [(one.state, one.note) for one in await queries.runners()] == [("waiting", "no room on the disk")]
    await store.set_state("ready")
    assert [(one.state, one.note) for one in await queries.runners()] == [("ready", None)]


async def test_what_a_process_holds_is_counted(database: Database) -> None:
    store = given.runner(database, "download@some:where:17:abc")
    await store.sign_on(17)
    await given.row(database)
    await given.claimed(store)
    (one,) = await Queries(database).runners()
    assert (one.rows, one.host, one.pid) == (1, "some:where", 17)


async def test_a_locked_database_holds_nobody_up_and_the_heartbeat_makes_up_for_it(sqlite_file: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{sqlite_file}")
    store = given.runner(database)
    await store.sign_on(7)
    shell = sqlite3.connect(sqlite_file, isolation_level=None)
    shell.execute("BEGIN IMMEDIATE")
    began = time.monotonic()
    await store.set_state("waiting", "Discord")
    assert time.monotonic() - began < 5
    shell.close()
    await store.heartbeat()
    assert [one.note for one in await Queries(database).runners()] == ["Discord"]
    await database.close()


async def test_heartbeats_that_were_rolled_back_are_no_sign_of_a_replaced_database(database: Database) -> None:
    store, other = given.runner(database), given.runner(database, "runner-2")
    await store.sign_on(7)
    await other.sign_on(8)

    async def breaks(_connection: AsyncConnection) -> None:
        raise ValueError

    # All in one transaction, which the last one has rolled back; then each alone, the others' beats first.
    beats = [other.heartbeat(), other.heartbeat(), store.heartbeat(), database.write(breaks)]
    ends = await asyncio.gather(*beats, return_exceptions=True)
    assert [type(end) for end in ends] == [list, list, list, ValueError]
    beats = [store.heartbeat(), other.heartbeat(), store.heartbeat(), database.write(breaks)]
    ends = await asyncio.gather(*beats, return_exceptions=True)
    assert [type(end) for end in ends] == [list, list, list, ValueError]


async def test_a_heartbeat_enters_a_row_that_was_lost_but_not_one_that_signed_off(
    database: Database, hand: Hand
) -> None:
    store = given.runner(database)
    await store.sign_on(7)
    await hand("DELETE FROM runners")
    await store.heartbeat()
    assert [one.name for one in await Queries(database).runners()] == ["runner-1"]
    await store.sign_off()
    await store.heartbeat()
    assert await Queries(database).runners() == []


async def test_a_process_without_rows_is_there_for_a_block_and_replaces_a_dead_one(
    database: Database, hand: Hand, tmp_path: Path
) -> None:
    queries = Queries(database)
    (tmp_path / "bot@dead.lock").touch()
    await hand("INSERT INTO runners (name, kind, pid) VALUES ('bot@dead', 'bot', 1)")
    async with present(database, kind="bot", lock_dir=tmp_path, interval=0.05) as presence:
        (one,) = await queries.runners()
        assert (one.kind, one.state) == ("bot", "starting")
        await presence.set_state("ready")
        await hand("UPDATE runners SET heartbeat_at = '2020-01-01 00:00:00'")

        async def beaten() -> bool:
            return (await queries.runners())[0].seconds_silent < 60

        await wait_until(beaten)
        async with present(database, kind="bot", lock_dir=tmp_path, interval=60):
            assert len(await queries.runners()) == 2
        assert [other.name for other in await queries.runners()] == [one.name], "a living one is left alone"
    assert await queries.runners() == []
