"""The egress guard: throughput against going direct, CPU and memory for it, and what idle tunnels cost."""

import asyncio
import contextlib
import statistics
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import psutil

from benchmarks import peers
from benchmarks.figures import Figure
from benchmarks.site import MIB, Site, served
from core.host_list import parse_hosts
from download_module.egress.access import ProxyAccess
from download_module.egress.guard import EgressGuard

ROUNDS = 3
SIZE = 1024 * MIB
SMALL_FILES = 500
TUNNELS = 1000
CONNECTIONS = 16


async def measure() -> list[Figure]:
    """All of it with one guard; the idle tunnels come last, so that their memory is on top of the rest."""
    async with served() as site, guarded() as guard:
        figures = await _throughput(site, guard)
        figures.append(await _small_files(site, guard))
        figures.append(await _idle_tunnels(site, guard))
    return figures


@contextlib.asynccontextmanager
async def guarded() -> AsyncIterator[EgressGuard]:
    """A guard that lets through to loopback."""
    guard = EgressGuard(parse_hosts("127.0.0.0/8"))
    await guard.start()
    try:
        yield guard
    finally:
        await guard.stop()


async def _throughput(site: Site, guard: EgressGuard) -> list[Figure]:
    url = site.add("large.bin", SIZE)
    proxy = guard.proxy("aria2c", 1)
    process = psutil.Process(guard.pid)
    direct: list[float] = []
    through: dict[str, list[float]] = {"get": [], "tunnel": []}
    cpu: dict[str, list[float]] = {"get": [], "tunnel": []}
    peak = 0
    for _ in range(ROUNDS):
        direct.append(await _drained(site, url, None, "get"))
        for method in ("tunnel", "get"):
            before = process.cpu_times()
            through[method].append(await _drained(site, url, proxy, method))
            after = process.cpu_times()
            cpu[method].append((after.user + after.system - before.user - before.system) * 1024 * MIB / SIZE)
            peak = max(peak, process.memory_info().rss)
    target = site.root.parent / "fetched"
    fetched: list[float] = []
    guarded_fetched: list[float] = []
    for _ in range(ROUNDS):  # by turns, because the machine is not always as busy
        fetched.append(await peers.seconds(site, peers.aria2c(url, target), target))
        argv = [*peers.aria2c(url, target), *_options(proxy)]
        guarded_fetched.append(await peers.seconds(site, argv, target))
    best = statistics.median(direct)
    figures = [
        Figure(
            f"guard, 1 GiB over {CONNECTIONS} connections, {word}",
            f"{best / statistics.median(through[method]):.2f} of direct "
            f"({_rate(through[method])} against {_rate(direct)}, n = {ROUNDS}); "
            f"{statistics.median(cpu[method]):.2f} CPU s a GiB",
            "at least 0.8 of direct; at most 2 CPU s a GiB",
        )
        for method, word in (("tunnel", "by CONNECT"), ("get", "by plain requests"))
    ]
    aria2c = Figure(
        "guard, 1 GiB by aria2c",
        f"{statistics.median(fetched) / statistics.median(guarded_fetched):.2f} of direct "
        f"({_rate(guarded_fetched)} against {_rate(fetched)}, n = {ROUNDS})",
        "at least 0.8 of direct",
    )
    return [*figures, aria2c, Figure("guard, peak memory in these", f"{peak / MIB:.0f} MiB", "at most 64 MiB")]


async def _drained(site: Site, url: str, proxy: ProxyAccess | None, method: str) -> float:
    """Seconds that curl takes to fetch and forget all ranges of a file at once."""
    step = SIZE // CONNECTIONS
    argv: list[str | Path] = ["curl", "--silent", "--show-error", "--fail", "--parallel", "--parallel-immediate"]
    argv += ["--parallel-max", str(CONNECTIONS), "--noproxy", ""]
    for number in range(CONNECTIONS):
        argv += ["--next"] * bool(number)
        argv += ["--range", f"{number * step}-{(number + 1) * step - 1}", "--output", "/dev/null", url]
        if proxy is not None:
            argv += [
                "--proxy",
                f"http://{proxy.host}:{proxy.port}",
                "--proxy-user",
                f"{proxy.username}:{proxy.password}",
            ]
            argv += ["--proxytunnel"] * (method == "tunnel")
    began = time.monotonic()
    program = await site.programs.start(argv, name="curl")
    status = await program.wait(300)
    assert status == 0, program.output
    return time.monotonic() - began


async def _small_files(site: Site, guard: EgressGuard) -> Figure:
    urls = [site.add(f"small/{number}.jpg", 200 * 1024) for number in range(SMALL_FILES)]
    listed = site.root.parent / "listed.txt"
    listed.write_text("\n".join(url.replace("/small", "/late/small") for url in urls))
    target = site.root.parent / "fetched"
    proxy = guard.proxy("aria2c", 1)
    argv = peers.aria2c_many(listed, target)
    times: dict[str, list[float]] = {"direct": [], "tunnel": [], "get": []}
    for _ in range(ROUNDS):
        times["direct"].append(await peers.seconds(site, argv, target))
        for method in ("tunnel", "get"):
            times[method].append(await peers.seconds(site, [*argv, *_options(proxy, method)], target))
    took = {name: statistics.median(each) for name, each in times.items()}
    return Figure(
        f"guard, {SMALL_FILES} files of 200 KiB, 50 ms latency, aria2c -j32",
        f"{took['tunnel']:.2f} s by CONNECT, {took['get']:.2f} s by plain requests, {took['direct']:.2f} s direct "
        f"(n = {ROUNDS})",
        "at most 1.25 times direct",
    )


def _options(proxy: ProxyAccess, method: str = "tunnel") -> Sequence[str]:
    address = f"--all-proxy=http://{proxy.host}:{proxy.port}"
    named = (f"--all-proxy-user={proxy.username}", f"--all-proxy-passwd={proxy.password}")
    return (address, *named, "--no-proxy=", f"--proxy-method={method}")


async def _idle_tunnels(site: Site, guard: EgressGuard) -> Figure:
    process = psutil.Process(guard.pid)
    port = int(site.base.rpartition(":")[2])
    async with contextlib.AsyncExitStack() as stack:
        for number in range(TUNNELS):
            await _tunnel(guard.proxy("aria2c", number % 4), port, stack)
        await asyncio.sleep(1)
        resident = process.memory_info().rss
    return Figure(f"guard, {TUNNELS} idle tunnels", f"{resident / MIB:.0f} MiB resident", "at most 100 MiB")


async def _tunnel(proxy: ProxyAccess, port: int, stack: contextlib.AsyncExitStack) -> None:
    reader, writer = await asyncio.open_connection(proxy.host, proxy.port)
    stack.callback(writer.close)
    writer.write(f"CONNECT 127.0.0.1:{port} HTTP/1.1\r\nHost: a\r\n{proxy.header}\r\n\r\n".encode())
    assert b" 200 " in await reader.readuntil(b"\r\n\r\n"), "the guard opens the tunnel"


def _rate(times: Sequence[float]) -> str:
    return f"{SIZE / statistics.median(times) / MIB:.0f} MiB/s"
