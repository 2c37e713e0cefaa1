"""yt-dlp in a warm child against its own command line, on one page on loopback; and the child's memory in the long run.

`EXTRACTIONS=10000 python -m benchmarks extraction` looks at the memory for as long as that; the default is 1,000.
"""

import asyncio
import os
import statistics
import sys
import time
from ipaddress import ip_network

from benchmarks.figures import Figure
from download_module.egress import Egress
from download_module.extractors.child_memory import resident_bytes
from download_module.extractors.warm_children import ChildLimits
from download_module.extractors.ytdlp_extractor import YtdlpExtractor
from tests.support.media_server import MediaServer
from tests.support.video_pages import add_jw_player

ROUNDS = 15
EXTRACTIONS = int(os.environ.get("EXTRACTIONS", "1000"))
MIB = 1024 * 1024
MEMORY = 768 * MIB


async def measure() -> list[Figure]:
    """Wall time of both in turns, then the memory of one child that is never replaced."""
    async with MediaServer() as server:
        sources = [{"file": server.url(f"/{height}.mp4"), "label": f"{height}p"} for height in (360, 720, 1080)]
        url = add_jw_player(server, "/page", sources, "A page")
        egress = Egress([ip_network("127.0.0.0/8")])
        limits = ChildLimits(timeout=60, memory_bytes=MEMORY, at_once=1, requests=EXTRACTIONS + 100)
        extractor = YtdlpExtractor(egress, limits)
        try:
            return [*await _times(extractor, url), *await _memory(extractor, url)]
        finally:
            await extractor.close()


async def _times(extractor: YtdlpExtractor, url: str) -> list[Figure]:
    began = time.monotonic()
    await extractor.extract(url)
    cold = time.monotonic() - began
    warm, program = [], []
    for _ in range(ROUNDS):
        began = time.monotonic()
        await extractor.extract(url)
        warm.append(time.monotonic() - began)
        program.append(await _program(url))
    ratio = statistics.median(program) / statistics.median(warm)
    told = (
        f"{ratio:.0f} times as fast ({statistics.median(warm) * 1000:.0f} ms against "
        f"{statistics.median(program) * 1000:.0f} ms, n = {ROUNDS})"
    )
    return [
        Figure("a page with a player, by a warm yt-dlp, against its command line", told, "at least 5 times as fast"),
        Figure("the same by a child that has to start", f"{cold * 1000:.0f} ms", ""),
    ]


async def _program(url: str) -> float:
    began = time.monotonic()
    command = ("-m", "yt_dlp", "--ignore-config", "--no-cache-dir", "-J", url)
    process = await asyncio.create_subprocess_exec(sys.executable, *command, stdout=asyncio.subprocess.DEVNULL)
    assert await process.wait() == 0, "the program answers too"
    return time.monotonic() - began


async def _memory(extractor: YtdlpExtractor, url: str) -> list[Figure]:
    """Resident memory after a tenth of the extractions and after all: what the first ones leave is no leak."""
    sizes = []
    own = _own()
    for number in range(1, EXTRACTIONS + 1):
        await extractor.extract(url)
        if number in (EXTRACTIONS // 10, EXTRACTIONS):
            sizes.append(resident_bytes(os.getpid()) - _own())
            print(f"{number} extractions: child {sizes[-1] / MIB:.1f} MiB, caller {_own() / MIB:.1f} MiB")
    early, late = sizes
    grown = (late - early) / MIB
    return [
        Figure("resident memory of a warm child", f"{early / MIB:.0f} MiB", "at most 768 MiB"),
        Figure(
            f"growth of one child, never replaced, from extraction {EXTRACTIONS // 10:,} to {EXTRACTIONS:,}",
            f"{grown:+.1f} MiB (the process that asks: {(_own() - own) / MIB:+.1f} MiB in all)",
            "none",
        ),
    ]


def _own() -> int:
    with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123 - a file of the kernel
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
