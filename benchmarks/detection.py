"""How long stage 1 takes for one URL, over all examples that yt-dlp and gallery-dl carry in their own test data."""

import asyncio
import json
import re
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from benchmarks.figures import Figure
from core.errors import UnsupportedUrl
from download_module.library_matchers import load_patterns
from download_module.url_detector import UrlDetector

EXAMPLES = Path(__file__).parents[1] / "tests" / "download_module" / "library_examples.py"
ROUNDS = 5


async def measure() -> list[Figure]:
    """One URL, at first sight and later; building the patterns, and reading them from the file."""
    urls = await _examples()
    with TemporaryDirectory() as name:
        before = psutil.Process().memory_info().rss
        built = await _load(Path(name))
        re.purge()
        read = await _load(Path(name))
        re.purge()
        patterns = await load_patterns(Path(name))
    detector = UrlDetector(patterns)
    rounds = [_seconds(detector, urls) for _ in range(ROUNDS)]
    memory = psutil.Process().memory_info().rss - before
    first, later = rounds[0], [one for times in rounds[1:] for one in times]
    goal = "median under 1 ms, worst under 20 ms"
    return [
        Figure(f"detecting one of {len(urls):,} URLs, without network", _told(later), goal),
        Figure("detecting one of them for the first time (patterns are compiled when needed)", _told(first), goal),
        Figure(
            "patterns of both libraries: asked of them, read from the file",
            f"{built:.1f} s once a version, {read * 1000:.0f} ms; {memory / 2**20:.0f} MiB with all of them compiled",
            "at most 5 s, 500 ms, 20 MiB",
        ),
    ]


async def _examples() -> list[str]:
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        EXAMPLES,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await child.communicate(b"[]")
    return [url for _, _, url in json.loads(out)["examples"] if url.startswith("http")]


async def _load(cache_dir: Path) -> float:
    began = time.perf_counter()
    await load_patterns(cache_dir)
    return time.perf_counter() - began


def _seconds(detector: UrlDetector, urls: Sequence[str]) -> list[float]:
    """CPU time, which is all that there is: what else this machine does is no part of it."""
    times = []
    for url in urls:
        began = time.thread_time()
        try:
            detector.detect(url)
        except UnsupportedUrl:
            continue
        times.append(time.thread_time() - began)
    return times


def _told(times: Sequence[float]) -> str:
    ordered = sorted(times)
    p99 = ordered[int(len(ordered) * 0.99)]
    return (
        f"median {statistics.median(ordered) * 1000:.2f} ms, p99 {p99 * 1000:.2f} ms, worst {ordered[-1] * 1000:.1f} ms"
    )
