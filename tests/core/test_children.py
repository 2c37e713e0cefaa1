"""Child processes: groups that end together, limits, an environment of our own making."""

import asyncio
import sys
import time
from pathlib import Path

import psutil
import pytest

from core.children import built_environment, end_child, start_child
from tests.support.processes import gone

STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import signal,time; signal.signal(15, 1); print(1, flush=True); "
                          "time.sleep(600)"], stdout=subprocess.PIPE)
child.stdout.readline()
print(child.pid, flush=True)
time.sleep(600)
"""
POLITE = """
import signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
print("ready", flush=True)
time.sleep(600)
"""


async def _line(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    return (await process.stdout.readline()).decode().strip()


async def test_a_child_gets_time_to_end_itself() -> None:
    process = await start_child([sys.executable, "-c", POLITE])
    assert await _line(process) == "ready"
    await end_child(process, grace=10)
    assert process.returncode == 7


async def test_a_stubborn_child_is_killed_with_its_own_children() -> None:
    process = await start_child([sys.executable, "-c", STUBBORN])
    grandchild = psutil.Process(int(await _line(process)))
    began = time.monotonic()
    await end_child(process, grace=0.2)
    assert process.returncode == -9
    assert 0.2 <= time.monotonic() - began < 5
    await gone(grandchild)


async def test_the_group_is_killed_although_its_leader_has_ended() -> None:
    orphaning = "import subprocess as s; print(s.Popen(['sleep', '600'], stdout=s.DEVNULL, stderr=s.DEVNULL).pid)"
    process = await start_child([sys.executable, "-c", orphaning])
    orphan = psutil.Process(int(await _line(process)))
    await process.wait()
    await end_child(process)
    await gone(orphan)
    await end_child(process, grace=1)


async def test_a_child_that_takes_too_much_memory_fails() -> None:
    greedy = "data = bytearray(400 * 2**20); print('got it')"
    limited = await start_child([sys.executable, "-c", greedy], memory_bytes=256 * 2**20)
    out, err = await limited.communicate()
    assert limited.returncode == 1
    assert b"MemoryError" in err
    assert out == b""
    free = await start_child([sys.executable, "-c", greedy])
    assert (await free.communicate())[0] == b"got it\n"


async def test_a_child_sees_no_token_no_proxy_and_no_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("BOSS_BOT_DISCORD_TOKEN", "secret")
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setenv("HTTPS_PROXY", "http://elsewhere")
    monkeypatch.setenv("LANG", "C.UTF-8")
    process = await start_child(["env"], cwd=tmp_path, env=built_environment(EXTRA="1"))
    assert process.stdout is not None
    seen = dict(line.split("=", 1) for line in (await process.stdout.read()).decode().splitlines())
    await end_child(process)
    assert (seen["EXTRA"], seen["LANG"]) == ("1", "C.UTF-8")
    assert "PATH" in seen
    assert not {"BOSS_BOT_DISCORD_TOKEN", "no_proxy", "HTTPS_PROXY", "HOME"} & set(seen)


async def test_a_child_reads_what_it_is_given_and_keeps_what_it_inherits(tmp_path: Path) -> None:
    with (tmp_path / "kept").open("w") as kept:
        process = await start_child(
            [
                sys.executable,
                "-c",
                "import os, sys; os.write(int(sys.argv[1]), sys.stdin.buffer.read())",
                str(kept.fileno()),
            ],
            inherit=(kept.fileno(),),
            stdin=asyncio.subprocess.PIPE,
        )
        await process.communicate(b"hello")
    assert (tmp_path / "kept").read_text() == "hello"
