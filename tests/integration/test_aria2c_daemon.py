"""The aria2c child: kept alive, kept private."""

import asyncio
import os
import signal
import stat
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import psutil
import pytest

from core.errors import ConfigurationError
from core.sandbox import layers
from download_module import aria2c_daemon
from download_module.aria2c_daemon import Aria2cDaemon
from download_module.daemons import Endpoint
from tests.integration.aria2_given import client
from tests.support.media_server import MediaServer
from tests.support.processes import gone, wait_until


@pytest.fixture
async def daemon(tmp_path: Path) -> AsyncIterator[Aria2cDaemon]:
    daemon = Aria2cDaemon(tmp_path / "runtime")
    await daemon.start()
    yield daemon
    await daemon.stop()


async def answers(daemon: Aria2cDaemon, *, secret: str | None = None) -> bool:
    endpoint = daemon.endpoint
    if endpoint is None:
        return False
    call = {"jsonrpc": "2.0", "id": "1", "method": "aria2.getVersion", "params": [f"token:{secret or endpoint.secret}"]}
    async with aiohttp.ClientSession() as session:
        try:
            async with session.post(endpoint.url, json=call) as answer:
                return "result" in await answer.json(content_type=None)
        except aiohttp.ClientError:
            return False


async def test_it_listens_on_loopback_alone_and_asks_for_the_secret(daemon: Aria2cDaemon) -> None:
    await wait_until(lambda: answers(daemon))
    assert not await answers(daemon, secret="guessed")
    assert daemon.pid is not None
    listening = [
        c.laddr.ip for c in psutil.Process(daemon.pid).net_connections("tcp") if c.status == psutil.CONN_LISTEN
    ]
    assert set(listening) <= {"127.0.0.1", "::1"}


async def test_the_secret_is_in_a_private_file_that_goes_with_the_daemon(tmp_path: Path) -> None:
    daemon = Aria2cDaemon(tmp_path / "runtime")
    await daemon.start()
    assert daemon.endpoint is not None
    assert daemon.pid is not None
    process = psutil.Process(daemon.pid)
    (config,) = (tmp_path / "runtime").iterdir()
    assert stat.S_IMODE(config.stat().st_mode) == 0o600
    assert daemon.endpoint.secret in config.read_text()
    assert daemon.endpoint.secret not in " ".join(process.cmdline())
    assert daemon.endpoint.secret not in str(process.environ())
    await daemon.stop()
    assert not process.is_running()
    assert list((tmp_path / "runtime").iterdir()) == []


async def test_a_file_that_can_not_be_removed_does_not_spoil_the_end(tmp_path: Path) -> None:
    daemon = Aria2cDaemon(tmp_path / "runtime")
    await daemon.start()
    assert daemon.pid is not None
    process = psutil.Process(daemon.pid)
    (config,) = (tmp_path / "runtime").iterdir()
    config.unlink()
    config.mkdir()
    await daemon.stop()
    assert not process.is_running()


async def test_what_killed_runners_left_is_removed(tmp_path: Path) -> None:
    runtime = tmp_path / "runtime"
    runtime.mkdir()
    child = await asyncio.create_subprocess_exec("true")
    await child.wait()
    names = {f"aria2-{child.pid}.conf": False, f"aria2-{os.getppid()}.conf": True, "aria2-x.conf": True, "other": True}
    for name in names:
        (runtime / name).touch()
    daemon = Aria2cDaemon(runtime)
    await daemon.start()
    await daemon.stop()
    assert {name: (runtime / name).exists() for name in names} == names


async def test_it_is_started_again_at_another_port_when_it_is_killed(daemon: Aria2cDaemon) -> None:
    before, pid = daemon.endpoint, daemon.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    await wait_until(lambda: isinstance(daemon.endpoint, Endpoint) and daemon.endpoint != before)
    await wait_until(lambda: answers(daemon))
    assert daemon.pid != pid


async def test_one_that_hangs_is_killed_and_replaced(daemon: Aria2cDaemon) -> None:
    await wait_until(lambda: answers(daemon))
    pid = daemon.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    await daemon.restart("a test")
    await gone(pid)
    await wait_until(lambda: answers(daemon))


async def test_it_sees_nothing_of_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOSS_BOT_DISCORD_TOKEN", "secret-token")
    monkeypatch.setenv("no_proxy", "*")
    daemon = Aria2cDaemon(tmp_path / "runtime")
    await daemon.start()
    assert daemon.pid is not None
    environment = psutil.Process(daemon.pid).environ()
    await daemon.stop()
    assert "secret-token" not in str(environment)
    assert "no_proxy" not in environment


async def test_without_aria2c_the_sentence_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigurationError, match=r"aria2c is missing\. Install aria2"):
        await Aria2cDaemon(tmp_path / "runtime").start()


async def test_one_that_is_missing_for_a_while_is_started_when_it_is_back(
    daemon: Aria2cDaemon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aria2c_daemon, "MAX_BACKOFF", 0.1)
    path = os.environ["PATH"]
    monkeypatch.setenv("PATH", str(tmp_path))
    assert daemon.pid is not None
    os.kill(daemon.pid, signal.SIGKILL)
    await wait_until(lambda: daemon.endpoint is None)
    await asyncio.sleep(0.5)  # several starts fail meanwhile
    assert daemon.endpoint is None
    monkeypatch.setenv("PATH", path)
    await wait_until(lambda: answers(daemon))


async def test_stopping_twice_or_before_the_start_is_no_error(tmp_path: Path) -> None:
    daemon = Aria2cDaemon(tmp_path / "runtime")
    await daemon.restart("nothing runs")
    await daemon.stop()
    await daemon.start()
    await daemon.stop()
    await daemon.stop()
    assert daemon.pid is None


@pytest.mark.skipif(sys.platform != "linux", reason="limits of a foreign process are read on Linux alone")
async def test_its_memory_is_limited(daemon: Aria2cDaemon) -> None:
    assert daemon.pid is not None
    limits = (aria2c_daemon.MEMORY, aria2c_daemon.MEMORY)
    process = psutil.Process(daemon.pid)
    await wait_until(lambda: process.rlimit(psutil.RLIMIT_AS) == limits, description="a limit")
    await wait_until(lambda: process.name() == "aria2c", description="which it keeps")
    assert process.rlimit(psutil.RLIMIT_AS) == limits


@pytest.mark.skipif(not layers().files, reason="this kernel has no Landlock")
async def test_nothing_is_written_outside_of_staging_whatever_the_rpc_says(tmp_path: Path) -> None:
    staging, elsewhere = tmp_path / "staging", tmp_path / "elsewhere"
    for directory in (staging, elsewhere):
        directory.mkdir()
    daemon = Aria2cDaemon(tmp_path / "runtime", writes=staging)
    await daemon.start()
    try:
        await wait_until(lambda: answers(daemon))
        rpc = client(daemon)
        async with MediaServer() as site:
            url = site.add("/a.bin", b"bytes")

            async def ended(**options: str) -> str:
                gid = rpc.add_uri([url], options={"dir": str(staging), **options})

                def status() -> str:
                    return str(rpc.tell_status(gid)["status"])

                await wait_until(lambda: status() in ("complete", "error"), 20)
                return status()

            assert await ended(out="0.part") == "complete"
            assert await ended(out="../elsewhere/0.part") == "error"
            assert await ended(dir=str(elsewhere), out="0.part") == "error"
    finally:
        await daemon.stop()
    assert [*elsewhere.iterdir()] == []
    assert (staging / "0.part").read_bytes() == b"bytes"
