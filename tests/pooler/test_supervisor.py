"""The supervisor and the life of a runner, with tiny real programs and real signals."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path

import psutil
import pytest

from pooler import supervisor as module
from pooler.lifecycle import ECHO, PARENT_PIPE
from pooler.supervisor import RUNNERS, RunnerProgram, Supervisor
from tests.support.processes import Programs, gone, wait_until

# Writes down each start, and lives as a runner does.
RUNNER = """
import asyncio, os, sys
from pathlib import Path
from pooler.lifecycle import run_until_stopped

async def main(stop):
    with Path(os.environ["DIARY"]).open("a") as diary:
        print(os.getpid(), os.environ.get("TOKEN"), file=diary)
    print("ready", flush=True)
    await stop.wait()
    print("stopping", flush=True)
    await asyncio.sleep(float(os.environ.get("DRAIN", "0")))
    return 5

sys.exit(run_until_stopped(main))
"""
DYING = """
import os, time
with open(os.environ["DIARY"], "a") as diary:
    print(os.getpid(), time.monotonic(), file=diary)
"""
SUPERVISING = """
import asyncio
from pooler.supervisor import RunnerProgram, Supervisor
asyncio.run(Supervisor((RunnerProgram("tiny_runner"),)).run(asyncio.Event()))
"""


@pytest.fixture
def diary(tmp_path: Path) -> Path:
    """Where the programs write down their starts."""
    (tmp_path / "tiny_runner.py").write_text(RUNNER)
    (tmp_path / "tiny_dying.py").write_text(DYING)
    return tmp_path / "diary"


@pytest.fixture
def environment(tmp_path: Path, diary: Path) -> dict[str, str]:
    """What the programs need to start."""
    return {**os.environ, "PYTHONPATH": str(tmp_path), "DIARY": str(diary), "TOKEN": "secret"}


def starts(diary: Path) -> list[list[str]]:
    """The lines of the diary."""
    return [line.split() for line in diary.read_text().splitlines()] if diary.exists() else []


@pytest.fixture
async def stop() -> AsyncIterator[asyncio.Event]:
    stop = asyncio.Event()
    yield stop
    stop.set()


async def test_a_killed_runner_is_back_at_once_and_both_end_with_the_supervisor(
    diary: Path, environment: dict[str, str], stop: asyncio.Event
) -> None:
    programs = (RunnerProgram("tiny_runner"), RunnerProgram("tiny_runner", hidden=("TOKEN",)))
    running = asyncio.create_task(Supervisor(programs, environment=environment).run(stop))
    await wait_until(lambda: len(starts(diary)) == 2)
    assert sorted(token for _, token in starts(diary)) == ["None", "secret"], "one must not see the token"

    os.kill(int(starts(diary)[0][0]), signal.SIGKILL)
    await wait_until(lambda: len(starts(diary)) == 3)

    alive = [psutil.Process(int(pid)) for pid, _ in starts(diary)[1:]]
    stop.set()
    await asyncio.wait_for(running, 10)
    assert not any(process.is_running() for process in alive)


async def test_a_runner_that_is_to_restart_ends_in_order_and_begins_anew_at_once(
    tmp_path: Path, diary: Path, environment: dict[str, str], stop: asyncio.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FIRST_BACKOFF", 60.0)  # that would be waited for after a death
    for kind in ("download", "upload"):
        (tmp_path / f"tiny_{kind}.py").write_text(RUNNER)
    with (tmp_path / "log").open("wb") as log:
        supervisor = Supervisor(
            (RunnerProgram("tiny_download"), RunnerProgram("tiny_upload")), environment=environment, log=log
        )
        running = asyncio.create_task(supervisor.run(stop))
        await wait_until(lambda: (tmp_path / "log").read_text().count("ready") == 2)
        supervisor.restart("download")
        await wait_until(lambda: len(starts(diary)) == 3)
        supervisor.restart()
        await wait_until(lambda: (tmp_path / "log").read_text().count("ready") == 5)
        assert (tmp_path / "log").read_text().splitlines().count("stopping") == 3
        stop.set()
        await asyncio.wait_for(running, 10)


async def test_a_runner_that_keeps_dying_is_started_less_and_less_often(
    diary: Path, environment: dict[str, str], stop: asyncio.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FIRST_BACKOFF", 0.1)
    monkeypatch.setattr(module, "MAX_BACKOFF", 0.4)
    running = asyncio.create_task(Supervisor((RunnerProgram("tiny_dying"),), environment=environment).run(stop))
    await wait_until(lambda: len(starts(diary)) == 5)
    stop.set()
    await asyncio.wait_for(running, 10)
    times = [float(began) for _, began in starts(diary)]
    waits = [later - earlier for earlier, later in pairwise(times)]
    assert all(wait >= least for wait, least in zip(waits, (0.1, 0.2, 0.4, 0.4), strict=False)), waits


async def test_a_runner_whose_settings_are_wrong_waits_for_a_person(
    tmp_path: Path, diary: Path, environment: dict[str, str], stop: asyncio.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FIRST_BACKOFF", 0.01)
    (tmp_path / "tiny_refusing.py").write_text(DYING + "raise SystemExit(2)\n")
    supervisor = Supervisor((RunnerProgram("tiny_refusing"),), environment=environment)
    running = asyncio.create_task(supervisor.run(stop))
    await wait_until(lambda: supervisor.troubles == {"tiny_refusing": "tiny refusing: its settings are wrong"})
    with pytest.raises(TimeoutError):
        await wait_until(lambda: len(starts(diary)) > 1, 0.5)
    supervisor.restart()
    await wait_until(lambda: len(starts(diary)) == 2)
    stop.set()
    await asyncio.wait_for(running, 10)


async def test_a_runner_that_can_not_be_started_now_is_started_later(
    diary: Path, environment: dict[str, str], stop: asyncio.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FIRST_BACKOFF", 0.05)
    monkeypatch.setattr(sys, "executable", "/nonexistent/python")
    supervisor = Supervisor((RunnerProgram("tiny_runner"),), environment=environment)
    running = asyncio.create_task(supervisor.run(stop))
    await wait_until(lambda: "could not be started" in supervisor.troubles.get("tiny_runner", ""))
    monkeypatch.undo()
    await wait_until(lambda: starts(diary), 30)
    stop.set()
    await asyncio.wait_for(running, 10)


async def test_a_runner_that_lived_long_begins_with_the_first_wait(
    diary: Path, environment: dict[str, str], stop: asyncio.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FIRST_BACKOFF", 0.05)
    monkeypatch.setattr(module, "MAX_BACKOFF", 60.0)
    monkeypatch.setattr(module, "HEALTHY_AFTER", 0.0)
    running = asyncio.create_task(Supervisor((RunnerProgram("tiny_dying"),), environment=environment).run(stop))
    await wait_until(lambda: len(starts(diary)) == 10)
    stop.set()
    await asyncio.wait_for(running, 10)


async def test_a_runner_that_does_not_end_is_killed(
    diary: Path, environment: dict[str, str], stop: asyncio.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STOP_GRACE", 0.3)
    programs = (RunnerProgram("tiny_runner"),)
    running = asyncio.create_task(Supervisor(programs, environment=environment | {"DRAIN": "60"}).run(stop))
    await wait_until(lambda: starts(diary), 30)
    runner = psutil.Process(int(starts(diary)[0][0]))
    stop.set()
    await asyncio.wait_for(running, 10)
    assert not runner.is_running()


async def test_a_supervisor_that_is_killed_takes_its_runners_along(
    diary: Path, environment: dict[str, str], programs: Programs
) -> None:
    parent = await programs.start([sys.executable, "-c", SUPERVISING], env=environment)
    await wait_until(lambda: starts(diary), 30)
    await parent.kill()
    await gone(int(starts(diary)[0][0]), timeout=5)


async def test_a_runner_stops_when_asked(diary: Path, environment: dict[str, str], programs: Programs) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        runner = await programs.start([sys.executable, "-m", "tiny_runner"], env=environment)
        await runner.wait_for_output("ready")
        runner.send(number)
        assert await runner.wait() == 5, "it ended in its own way"
        assert number.name in runner.output


async def test_a_runner_that_is_asked_twice_leaves_at_once(
    diary: Path, environment: dict[str, str], programs: Programs
) -> None:
    runner = await programs.start([sys.executable, "-m", "tiny_runner"], env=environment | {"DRAIN": "60"})
    await runner.wait_for_output("ready")
    runner.send(signal.SIGTERM)
    await runner.wait_for_output("stopping")
    asked = time.monotonic()
    runner.send(signal.SIGTERM)  # an echo of the first, such as a forked child passes on

    def ended() -> bool:
        if time.monotonic() - asked > ECHO:
            runner.send(signal.SIGTERM)
        return not runner.running

    await wait_until(ended, timeout=5, every=0.1)
    assert time.monotonic() - asked > ECHO
    assert await runner.wait() == 1
    assert "asked again to stop" in runner.output


async def test_a_runner_ends_when_the_pipe_from_its_parent_closes(diary: Path, environment: dict[str, str]) -> None:
    runner = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tiny_runner"),
        env=environment | {PARENT_PIPE: "1"},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert runner.stdin is not None
    assert runner.stdout is not None
    assert runner.stderr is not None
    assert await runner.stdout.readline() == b"ready\n"
    runner.stdin.write(b"x")  # that something is written there means nothing
    await runner.stdin.drain()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.shield(asyncio.ensure_future(runner.wait())), 0.3)
    runner.stdin.close()
    assert await asyncio.wait_for(runner.wait(), 5) == 5
    assert b"the process that started this runner ended" in await runner.stderr.read()
    await runner.stdout.read()


def test_each_runner_is_kept_from_the_secrets_of_the_other() -> None:
    hidden = {program.module: program.hidden for program in RUNNERS}
    assert "BOSS_BOT_DISCORD_TOKEN" in hidden["pooler.download_runner"]
    assert "ARIA2C_RPC_SECRET" in hidden["pooler.upload_runner"]
