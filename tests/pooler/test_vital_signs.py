"""Runners that hang are noticed by what they say of themselves, killed, and started again."""

import asyncio
import os
import signal
import socket
from pathlib import Path

import psutil
import pytest

from core.database import Database
from core.models import RunnerState
from core.presence import present
from core.queries import Queries, Runner
from pooler import supervisor as supervisor_module
from pooler import vital_signs as module
from pooler.supervisor import RunnerProgram, Supervisor
from pooler.vital_signs import VitalSigns, watch_over
from tests.support.processes import wait_until

LEASE, BEAT = 10.0, 2.0
CHILD = 4711
# Signs on and gives signs of life as a runner does, with little to load; the first one never gets ready.
RUNNER = """
import os, socket, sqlite3, time
from pathlib import Path

state = "ready" if Path("begun").exists() else "starting"
Path("begun").touch()
database = sqlite3.connect(os.environ["DATABASE"], isolation_level=None, timeout=30)
database.execute("DELETE FROM runners WHERE kind = 'download'")
name = f"download@{socket.gethostname()}:{os.getpid()}:x"
row = (name, "download", os.getpid(), state)
database.execute("INSERT INTO runners (name, kind, pid, state) VALUES (?, ?, ?, ?)", row)
while True:
    time.sleep(0.2)
    database.execute("UPDATE runners SET heartbeat_at = datetime('now') WHERE name = ?", (name,))
"""


def row(pid: int, heartbeat: str, *, silent: float = 0.0, state: str = "ready", started: str = "2026-01-01") -> Runner:
    name = f"download@{socket.gethostname()}:{pid}:{started}"
    return Runner(name, "download", pid, f"{started} 00:00:00", heartbeat, silent, RunnerState(state))


def signs() -> VitalSigns:
    return VitalSigns(lease=LEASE, beat=BEAT, start_patience=60.0)


def test_a_child_that_beats_is_left_alone_and_a_silent_one_is_not() -> None:
    watch = signs()
    for second in range(0, 100, 5):
        assert not watch.hung([row(os.getpid(), str(second)), row(CHILD, str(second))], [CHILD], float(second))
    silent = row(CHILD, "95")
    assert not watch.hung([row(os.getpid(), "x"), silent], [CHILD], 95 + 3 * LEASE)
    assert "no sign of life" in watch.hung([row(os.getpid(), "x"), silent], [CHILD], 96 + 3 * LEASE)[CHILD]


@pytest.mark.parametrize("rows", [[], [row(CHILD, "1", state="starting")]], ids=["not signed on", "starting"])
def test_a_child_must_get_ready_in_time(rows: list[Runner]) -> None:
    watch = signs()
    own = row(os.getpid(), "1")
    assert not watch.hung([own, *rows], [CHILD], 0.0)
    assert not watch.hung([own, *rows], [CHILD], 60.0)
    assert "did not get ready" in watch.hung([own, *rows], [CHILD], 61.0)[CHILD]
    assert not watch.hung([own, *rows], [CHILD + 1], 62.0), "another process begins anew"


def test_nobody_is_judged_while_we_can_not_write_ourselves() -> None:
    watch = signs()
    locked = [row(os.getpid(), "1", silent=30.0), row(CHILD, "1", silent=30.0)]
    for second in range(0, 300, 5):
        assert not watch.hung(locked, [CHILD], float(second))
    again = [row(os.getpid(), "2"), row(CHILD, "1", silent=330.0)]
    assert not watch.hung(again, [CHILD], 300.0), "it gets the time to beat, too"
    assert not watch.hung([row(CHILD, "1", silent=900.0)], [CHILD], 900.0), "we are not in the table"


def test_a_row_of_an_earlier_process_with_the_same_number_says_nothing() -> None:
    watch = signs()
    own = row(os.getpid(), "1")
    stale = row(CHILD, "1", silent=9000.0, started="2025-01-01")
    for second in range(0, 200, 5):
        assert not watch.hung([own, row(CHILD, str(second)), stale], [CHILD], float(second))


async def test_a_runner_that_hangs_at_its_start_or_later_is_replaced_and_it_is_said(
    tmp_path: Path, sqlite_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "START_PATIENCE", 1.5)
    monkeypatch.setattr(supervisor_module, "FIRST_BACKOFF", 0.1)
    monkeypatch.setattr(supervisor_module, "HEALTHY_AFTER", 1.0)
    (tmp_path / "hanging_runner.py").write_text(RUNNER)
    database = Database(f"sqlite+aiosqlite:///{sqlite_file}")
    queries = Queries(database)
    monkeypatch.chdir(tmp_path)
    environment = {**os.environ, "PYTHONPATH": str(tmp_path), "DATABASE": str(sqlite_file)}
    supervisor = Supervisor((RunnerProgram("hanging_runner"),), environment=environment)
    stop = asyncio.Event()
    async with present(database, kind="bot", lock_dir=tmp_path / "locks", interval=0.2) as presence:
        running = asyncio.create_task(supervisor.run(stop))
        watching = asyncio.create_task(watch_over(supervisor, presence, queries.runners, lease=1.0, beat=0.2))

        async def states() -> dict[str, Runner]:
            return {one.kind: one for one in await queries.runners()}

        async def replaced() -> Runner | None:
            found = (await states()).get("download")
            return found if found is not None and found.state is RunnerState.READY else None

        ready = await wait_until(replaced, 30)
        assert ready is not None
        frozen = psutil.Process(ready.pid)
        os.kill(ready.pid, signal.SIGSTOP)

        async def told() -> bool:
            return "hanging runner: killed, because it gave no sign of life" in str((await states())["bot"].note)

        await wait_until(told, 30)
        assert not frozen.is_running()

        async def well() -> bool:
            now = await states()
            mine = now.get("download")
            return mine is not None and mine.pid != frozen.pid and now["bot"].state is RunnerState.READY

        await wait_until(well, 30)
        watching.cancel()
        stop.set()
        await asyncio.wait_for(running, 15)
        await asyncio.gather(watching, return_exceptions=True)
    await database.close()
