"""Two thousand parts of fifty rows: what the runner takes while aria2c fetches them."""

import asyncio
import time
from contextlib import AsyncExitStack

import psutil

from benchmarks.figures import Figure
from benchmarks.install import installed
from tests.support.media_server import MediaServer
from tests.support.processes import wait_until

ROWS = 50
PARTS = 40  # of each row
HOSTS = 5  # so that nobody waits because of what one host may be asked for at once
SIZE = 200 * 1024  # bytes of a part
RATE = 50 * 1024  # bytes a second of each
SECONDS = 30.0


async def measure() -> list[Figure]:
    """CPU time of the runner, without aria2c and the guard, while all rows move."""
    many = {"BOSS_BOT_MAX_CONCURRENT_DOWNLOADS": str(ROWS)}
    async with AsyncExitStack() as stack:
        sites = [await stack.enter_async_context(MediaServer(f"127.0.0.{2 + number}")) for number in range(HOSTS)]
        here = await stack.enter_async_context(installed("download", environment=many))
        rows = [here.ask(_gallery(sites[number % HOSTS], number)) for number in range(ROWS)]
        moving = "SELECT count(*) FROM downloads WHERE status = 'downloading' AND downloaded_bytes > 0"
        await wait_until(
            lambda: here.database.execute(moving).fetchone()[0] == ROWS, 60, description="all rows that move"
        )
        runner = psutil.Process(here.programs["download"].pid)
        began, before = time.monotonic(), runner.cpu_times()
        await asyncio.sleep(SECONDS)
        after = runner.cpu_times()
        share = (after.user + after.system - before.user - before.system) / (time.monotonic() - began)
        (fetched,) = here.database.execute("SELECT sum(downloaded_bytes) FROM downloads").fetchone()
        assert all(here.status(row) == "downloading" for row in rows), "all of them were fetched all the time"
    told = f"{share:.1%} of a core over {SECONDS:.0f} s, in which {fetched / SIZE:.0f} parts were fetched"
    return [Figure(f"{ROWS} rows with {ROWS * PARTS:,} parts: CPU of the runner alone", told, "under 15 %")]


def _gallery(site: MediaServer, number: int) -> str:
    links = [site.add(f"/{number}/{part}.bin", SIZE, rate=RATE) for part in range(PARTS)]
    files = "".join(f'<file name="{part}.bin"><url>{link}</url></file>' for part, link in enumerate(links))
    return site.add(f"/{number}.meta4", f'<metalink xmlns="urn:ietf:params:xml:ns:metalink">{files}</metalink>')
