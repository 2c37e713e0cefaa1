import asyncio
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.support.processes import Program, Programs, gone, wait_until

SLEEPER = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)"]
PARENT = [
    sys.executable,
    "-c",
    "import subprocess, sys, time\n"
    "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'], start_new_session=True)\n"
    "print('up', flush=True); time.sleep(600)",
]


async def test_output_of_both_streams_is_captured_and_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script = "import sys, os; print(os.environ['GREETING'], os.getcwd()); sys.stderr.write('oh\\n'); sys.exit(3)"
    async with Programs(tmp_path / "logs") as programs:
        greeter = await programs.start([sys.executable, "-c", script], {"GREETING": "hello"}, tmp_path, name="greeter")
        assert await greeter.wait() == 3
        assert f"hello {tmp_path}\n" in greeter.output
        assert "oh\n" in greeter.output
    assert "--- greeter: exit status 3" in capsys.readouterr().out


async def test_a_variable_can_be_taken_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNWANTED", "1")
    async with Programs(tmp_path) as programs:
        script = "import os; print(os.environ.get('UNWANTED'))"
        program = await programs.start([sys.executable, "-c", script], {"UNWANTED": None})
        await program.wait_for_output("None")
        await program.wait()


async def test_kill_and_terminate_tell_the_signal(tmp_path: Path) -> None:
    async with Programs(tmp_path) as programs:
        killed, ended = [await programs.start(SLEEPER) for _ in range(2)]
        assert [killed.running, ended.running] == [True, True]
        assert await killed.kill() == -signal.SIGKILL
        assert await ended.terminate() == -signal.SIGTERM
        assert [killed.running, ended.running] == [False, False]
        assert await killed.kill() == -signal.SIGKILL


async def test_children_outlive_a_kill_but_not_the_context(tmp_path: Path) -> None:
    async with Programs(tmp_path) as programs:
        parent = await programs.start(PARENT)
        await parent.wait_for_output("up")
        (child,) = parent.children()
        await parent.kill()
        assert child.is_running()
        assert programs.left() == [child]
    await gone(child, timeout=0.1)


async def test_processes_of_others_are_left_alone(tmp_path: Path) -> None:
    other = await asyncio.create_subprocess_exec(*SLEEPER, stdout=asyncio.subprocess.DEVNULL)
    async with Programs(tmp_path) as programs:
        await programs.start(SLEEPER)
    assert other.returncode is None
    assert psutil.pid_exists(os.getpid())
    other.kill()
    await other.wait()


async def test_a_stopped_program_is_ended_too(tmp_path: Path) -> None:
    async with Programs(tmp_path) as programs:
        program = await programs.start(SLEEPER)
        program.send(signal.SIGSTOP)
        await wait_until(lambda: psutil.Process(program.pid).status() == psutil.STATUS_STOPPED)
    assert program.returncode == -signal.SIGKILL


async def test_everything_is_ended_when_the_test_fails(tmp_path: Path) -> None:
    async def failing() -> None:
        async with Programs(tmp_path) as programs:
            started.append(await programs.start(SLEEPER))
            raise ZeroDivisionError

    started: list[Program] = []
    with pytest.raises(ZeroDivisionError):
        await failing()
    assert started[0].returncode == -signal.SIGKILL


async def test_waiting_for_output_fails_at_once_when_the_program_ends(tmp_path: Path) -> None:
    async with Programs(tmp_path) as programs:
        program = await programs.start([sys.executable, "-c", "print('bye')"])
        with pytest.raises(AssertionError, match="bye"):
            await program.wait_for_output("hello", timeout=60)


async def test_waiting_too_long_for_an_end_shows_the_output(tmp_path: Path) -> None:
    async with Programs(tmp_path) as programs:
        program = await programs.start(SLEEPER, name="sleeper")
        await program.wait_for_output("up")
        with pytest.raises(TimeoutError, match=r"(?s)sleeper still runs after 0.05 s.*up"):
            await program.wait(0.05)


async def test_a_condition_may_be_sync_or_async_and_its_answer_is_returned() -> None:
    answers = iter([0, "", None, "found"])

    async def later() -> str:
        return "awaited"

    assert await wait_until(lambda: next(answers), every=0) == "found"
    assert await wait_until(later) == "awaited"


async def test_waiting_in_vain_says_for_what() -> None:
    with pytest.raises(TimeoutError, match=r"Not within 0.01 s: rain \(last answer: 0\)"):
        await wait_until(lambda: 0, 0.01, description="rain")
    with pytest.raises(TimeoutError, match="seen 5"):
        await wait_until(lambda: False, 0.01, description=lambda: "seen 5")


async def test_a_process_that_never_was_is_gone() -> None:
    await gone(2**22 + 1)


@pytest.fixture
def unreaped() -> Iterator[int]:
    pid = os.posix_spawn(sys.executable, [sys.executable, "-c", ""], {})
    yield pid
    assert os.waitpid(pid, 0) == (pid, 0)


async def test_an_ended_process_that_nobody_reaped_is_gone(unreaped: int) -> None:
    await gone(unreaped)
