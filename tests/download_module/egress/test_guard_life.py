"""The guard's process: killed, stopped, orphaned; clients go on."""

import asyncio
import contextlib
import signal
import socket
import sys

import httpx
import psutil
import pytest

from download_module.egress import guard_server
from download_module.egress.access import ProxyAccess
from download_module.egress.credentials import Client, password_of
from download_module.egress.dialling import Dialler
from download_module.egress.exchange import Guard
from download_module.egress.guard import EgressGuard
from download_module.egress.guard_server import GuardServer
from download_module.egress.resolver import Resolver
from download_module.egress.rules import Rules
from tests.download_module.egress.given import LIMITS, LOOPBACK, answers, asked, asking, echo, origin, tunnel, wire
from tests.support.media_server import MediaServer
from tests.support.processes import wait_until

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def process_of(guard: EgressGuard) -> psutil.Process:
    assert guard.pid is not None, "it runs"
    return psutil.Process(guard.pid)


async def test_after_kill_9_the_same_port_and_password_serve_again(guard: EgressGuard) -> None:
    proxy = guard.proxy("probe", 1)
    async with MediaServer() as server:
        url = server.add("/a", b"abc")
        async with httpx.AsyncClient(proxy=proxy.url, trust_env=False, timeout=20) as client:
            for _ in range(3):
                killed = process_of(guard)
                async with tunnel(proxy, server.port) as line:
                    killed.kill()
                    with contextlib.suppress(ConnectionError):
                        assert await line.rest() == b"", "it is cut off"
                answers = await asyncio.gather(*(client.get(url) for _ in range(20)))  # while nobody is there
                assert {answer.text for answer in answers} == {"abc"}
                assert guard.pid not in (None, killed.pid)


async def test_one_that_hangs_is_replaced(guard: EgressGuard) -> None:
    hung = process_of(guard)
    hung.suspend()
    async with origin(answers(OK)) as server:
        assert (await asked(guard.proxy("probe", 1), f"GET {server.url}/")).endswith(b"ok")
    assert guard.pid != hung.pid
    assert not hung.is_running()


async def test_a_listening_socket_that_was_adopted_is_served_by_every_process(guard: EgressGuard) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    await guard.adopt(listener)
    proxy = guard.proxy("probe", 1)
    there = type(proxy)(
        host="127.0.0.1", port=listener.getsockname()[1], username=proxy.username, password=proxy.password
    )
    async with origin(answers(OK)) as server:
        assert (await asked(there, f"GET {server.url}/")).endswith(b"ok")
        process_of(guard).kill()
        assert (await asked(there, f"GET {server.url}/")).endswith(b"ok")
    await guard.stop()
    with pytest.raises(OSError, match="Connect call failed"):
        await asyncio.open_connection("127.0.0.1", there.port)


RUNNER = """
import asyncio, sys
from download_module.egress import guard_server
from download_module.egress.access import ProxyAccess
from download_module.egress.credentials import Client, password_of
from download_module.egress.dialling import Dialler
from download_module.egress.exchange import Guard
from download_module.egress.guard import EgressGuard
from download_module.egress.guard_server import GuardServer
from download_module.egress.resolver import Resolver
from download_module.egress.rules import Rules
async def main():
    guard = EgressGuard()
    await guard.start()
    print(guard.pid, flush=True)
    await asyncio.sleep(600)
asyncio.run(main())
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
async def test_it_ends_with_its_runner(number: int) -> None:
    runner = await asyncio.create_subprocess_exec(
        sys.executable, "-c", RUNNER, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    assert runner.stdout is not None
    guard = psutil.Process(int(await runner.stdout.readline()))
    runner.send_signal(number)
    await runner.wait()
    await wait_until(lambda: not guard.is_running() or guard.status() == psutil.STATUS_ZOMBIE, 10)


async def test_a_signal_to_all_of_us_does_not_end_it_before_its_runner(guard: EgressGuard) -> None:
    proxy = guard.proxy("aria2c", 1)
    async with origin(echo) as server, tunnel(proxy, server.port) as line:
        for number in (signal.SIGTERM, signal.SIGINT):
            process_of(guard).send_signal(number)
        await line.send(b"still here")
        assert await line.exactly(10) == b"still here"


async def test_its_process_has_nothing_of_ours(guard: EgressGuard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOSS_BOT_DISCORD_TOKEN", "token")
    monkeypatch.setenv("http_proxy", "http://elsewhere.test:1")
    other = EgressGuard(LOOPBACK, limits=LIMITS)
    await other.start()
    environment = process_of(other).environ()
    assert not {"BOSS_BOT_DISCORD_TOKEN", "http_proxy"} & environment.keys()
    assert [file.path for file in process_of(other).open_files() if "boss-bot" in file.path] == []
    await other.stop()


async def test_descriptors_and_memory_return_to_where_they_were(guard: EgressGuard) -> None:
    proxy = guard.proxy("aria2c", 1)
    async with origin(echo) as server:

        async def once() -> None:
            async with tunnel(proxy, server.port) as line:
                await line.send(b"a" * 100_000)
                await line.exactly(100_000)

        async def refused() -> None:
            async with wire(proxy) as line:
                await line.send(asking(proxy, "CONNECT 10.0.0.1:80"))
                await line.rest()

        process = process_of(guard)
        await asyncio.gather(*(once() for _ in range(50)), *(refused() for _ in range(50)))
        await wait_until(lambda: len(process.net_connections()) <= 1)
        before = process.num_fds()
        for _ in range(4):
            await asyncio.gather(*(once() for _ in range(50)), *(refused() for _ in range(50)))
        await wait_until(lambda: process.num_fds() <= before, description=lambda: f"{process.num_fds()} of {before}")
        assert process.memory_info().rss < 64 * 1024 * 1024


@pytest.mark.skipif(sys.platform != "linux", reason="limits of another process are changed")
async def test_after_a_time_without_descriptors_all_is_well(guard: EgressGuard) -> None:
    proxy = guard.proxy("aria2c", 1)
    process = process_of(guard)
    usual = process.rlimit(psutil.RLIMIT_NOFILE)
    async with origin(echo) as server:

        async def once(seconds: float) -> bool:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, TimeoutError):
                async with asyncio.timeout(seconds), tunnel(proxy, server.port) as line:
                    await line.send(b"a" * 10_000)
                    return await line.exactly(10_000) == b"a" * 10_000
            return False

        process.rlimit(psutil.RLIMIT_NOFILE, (process.num_fds() + 3, usual[1]))
        with contextlib.suppress(AssertionError):  # 502
            assert not all(await asyncio.gather(*(once(2) for _ in range(20))))
        process.rlimit(psutil.RLIMIT_NOFILE, usual)
        assert all(await asyncio.gather(*(once(20) for _ in range(20))))
        assert guard.pid == process.pid


async def test_connections_that_there_are_no_descriptors_for_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard_server, "MOST_CONNECTIONS", 2)
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setblocking(False)
    report: list[object] = []
    dialler = Dialler(Rules(LOOPBACK), Resolver())
    server = GuardServer(Guard(dialler=dialler, secret=b"s", limits=LIMITS, report=report.append))
    serving = asyncio.create_task(server.serve(listener))
    username = Client("probe", 1).username
    port = listener.getsockname()[1]
    proxy = ProxyAccess(host="127.0.0.1", port=port, username=username, password=password_of(username, b"s"))
    async with origin(echo) as far, tunnel(proxy, far.port), contextlib.AsyncExitStack() as other:
        await other.enter_async_context(tunnel(proxy, far.port))
        async with wire(proxy) as waiting:
            await waiting.send(asking(proxy, f"CONNECT 127.0.0.1:{far.port}"))
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(waiting.reader.read(1), 0.2)
            await other.aclose()
            assert b" 200 " in await waiting.head()
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)
    await wait_until(lambda: not server._serving)
    listener.close()
