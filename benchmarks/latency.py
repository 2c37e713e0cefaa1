"""How fast a row is seen, and how fast its end is."""

import asyncio
import statistics
import time

from benchmarks.figures import Figure
from benchmarks.install import installed
from tests.support.media_server import MediaServer

SAMPLES = 40
SIZE = 1_000_000


async def measure() -> list[Figure]:
    """From INSERT to the first request, to aria2's first request; from the last byte to `downloaded`."""
    first, fetched, ended = [], [], []
    async with MediaServer() as site, installed("download") as here:
        for number in range(SAMPLES):
            path = f"/{number}.bin"
            url = site.add(path, SIZE, rate=10_000_000)
            asked_at = time.monotonic()
            row_id = here.ask(url)
            while site.bytes_served(path) < SIZE:  # noqa: ASYNC110  # polled finely: the time is what is measured
                await asyncio.sleep(0.001)
            last_byte_at = time.monotonic()
            ended.append(await here.until(row_id, "downloaded") - last_byte_at)
            requests = site.requests(path)
            first.append(requests[0].at - asked_at)
            fetched.append(requests[1].at - asked_at)
            await asyncio.sleep(0.1 + 0.013 * (number % 7))  # not in step with the runner's looks
    return [
        Figure("INSERT to the first byte requested (by the probe)", _ms(first), "median under 150 ms"),
        Figure("INSERT to the first byte requested by aria2c", _ms(fetched), "median under 150 ms"),
        Figure("last byte served to `downloaded`", _ms(ended), "under 100 ms"),
    ]


def _ms(samples: list[float]) -> str:
    ordered = sorted(samples)
    worst = ordered[int(len(ordered) * 0.95)]
    return f"median {statistics.median(ordered) * 1000:.0f} ms, p95 {worst * 1000:.0f} ms (n = {len(ordered)})"
