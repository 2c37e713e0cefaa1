"""How fast a request is obeyed, in each phase of a download: from its commit until the row says so."""

import asyncio
import json
import random
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.figures import Figure
from benchmarks.install import Installation, installed
from benchmarks.shapes import make_stream
from tests.support.media_server import MediaServer
from tests.support.processes import wait_until
from tests.support.sample_media import add_hls, add_stream
from tests.support.swarm import Swarm

MIB = 1024 * 1024
ROUNDS = 10
MANY = 500  # parts
TRIES = 100  # a phase that takes a moment is not always met
SLOW = 256 * 1024  # bytes a second
ENVIRONMENT = {"RETRY_BASE_DELAY": "60", "PREEMPT_FOR_PRIORITY": "true", "BOSS_BOT_MAX_CONCURRENT_DOWNLOADS": "2"}

Begin = Callable[[], Awaitable[int]]


@dataclass(slots=True, kw_only=True)
class Bench:
    """A runner, what it fetches from, and what was measured."""

    here: Installation
    site: MediaServer
    swarm: Swarm
    hls: str  # slow
    film: str  # large
    numbers: "count[int]" = field(default_factory=count)
    times: dict[str, list[float]] = field(default_factory=dict)

    async def waiting(self) -> int:
        """A row that is not due yet."""
        asked = "INSERT INTO downloads (url, available_at) VALUES (?, datetime('now', '+1 day')) RETURNING id"
        return int(self.here.database.execute(asked, (self.site.url("/later.bin"),)).fetchone()[0])

    async def extracting(self) -> int:
        """A page whose server says nothing."""
        page = self.site.add(f"/page-{next(self.numbers)}", b"", delay=60.0)
        return await self._until(page, "extracting", "looking for media")

    async def file(self) -> int:
        """One file, slowly."""
        path = f"/file-{next(self.numbers)}.bin"
        return await self._moving(self.site.add(path, 64 * MIB, rate=SLOW), path)

    async def gallery(self) -> int:
        """Hundreds of files."""
        number = next(self.numbers)
        paths = [f"/gallery-{number}/{part}.bin" for part in range(MANY)]
        urls = [self.site.add(path, 200 * 1024, rate=10 * 1024) for path in paths]
        files = "".join(f'<file name="{part}.bin"><url>{url}</url></file>' for part, url in enumerate(urls))
        listed = f'<metalink xmlns="urn:ietf:params:xml:ns:metalink">{files}</metalink>'
        return await self._moving(self.site.add(f"/gallery-{number}.meta4", listed), paths[0])

    async def segments(self) -> int:
        """A stream in pieces."""
        return await self._until(self.hls, "downloading", "downloading")

    async def joining(self) -> int:
        """What ffmpeg makes of a stream of 200 MB."""
        row_id = self._ask(self.film)

        def joins() -> bool:
            status, activity, _ = self._row(row_id)
            waits = status in ("pending", "extracting", "downloading")
            return not waits or activity not in (None, "downloading", "looking for media")

        await wait_until(joins, 60, description=lambda: str(self._row(row_id)), every=0.002)
        return row_id

    async def torrent(self) -> int:
        """From a slow seeder."""
        return await self._until(self.site.url("/film.torrent"), "downloading", "downloading")

    async def backing_off(self) -> int:
        """A row that failed and is tried again later."""
        url = self.site.add(f"/busy-{next(self.numbers)}.bin", b"", status=503)
        row_id = self._ask(url)
        await wait_until(lambda: self._row(row_id)[2] == 1, 20, description="a first try that failed")
        return row_id

    async def paused(self) -> int:
        """A row that was paused before it began."""
        path = f"/file-{next(self.numbers)}.bin"
        asked = "INSERT INTO downloads (url, upload, paused) VALUES (?, 0, 1) RETURNING id"
        return int(self.here.database.execute(asked, (self.site.add(path, 64 * MIB, rate=SLOW),)).fetchone()[0])

    async def behind(self) -> int:
        """A row that waits because all slots are taken."""
        await asyncio.gather(self.file(), self.file())
        return self._ask(self.site.add(f"/file-{next(self.numbers)}.bin", 64 * MIB, rate=SLOW))

    async def measure(self, name: str, begin: Begin, request: str, reached: str, *, within: float = 0.5) -> None:
        """Ask so often, at any moment of the first `within` seconds of the phase, and note how long it took."""
        times = self.times.setdefault(name, [])
        for _ in range(TRIES):
            row_id = await begin()
            await asyncio.sleep(random.uniform(0.0, within))  # not in step with the runner's looks
            self.here.database.execute(f"UPDATE downloads SET {request} WHERE id = ?", (row_id,))
            began = time.monotonic()
            while not self._says(row_id, reached):
                assert time.monotonic() - began < 30, self._row(row_id)
                if self._row(row_id)[0] == "downloaded":  # the phase was over before the request
                    break
                await asyncio.sleep(0.001)
            else:
                times.append(time.monotonic() - began)
            self.here.database.execute("UPDATE downloads SET cancelled = 1")
            await wait_until(self._idle, 30, description="nothing that runs")
            if len(times) == ROUNDS:
                return
        raise AssertionError(f"{name}: it was over each time before it was asked for")

    def _says(self, row_id: int, condition: str) -> bool:
        found = self.here.database.execute(f"SELECT {condition} FROM downloads WHERE id = ?", (row_id,)).fetchone()
        return bool(found[0])

    def _ask(self, url: str, **options: object) -> int:
        asked = "INSERT INTO downloads (url, upload, options) VALUES (?, 0, ?) RETURNING id"
        return int(self.here.database.execute(asked, (url, json.dumps(options))).fetchone()[0])

    def _row(self, row_id: int) -> tuple[str, str | None, int]:
        found = "SELECT status, activity, attempts FROM downloads WHERE id = ?"
        status, activity, attempts = self.here.database.execute(found, (row_id,)).fetchone()
        return status, activity, attempts

    def _idle(self) -> bool:
        busy = "SELECT count(*) FROM downloads WHERE status IN ('extracting', 'downloading')"
        return not self.here.database.execute(busy).fetchone()[0]

    async def _until(self, url: str, status: str, activity: str) -> int:
        row_id = self._ask(url)
        await wait_until(
            lambda: self._row(row_id)[:2] == (status, activity), 30, description=lambda: f"{self._row(row_id)}"
        )
        return row_id

    async def _moving(self, url: str, path: str) -> int:
        row_id = self._ask(url)
        await self.site.wait_for_bytes(path, 64 * 1024)
        return row_id


async def measure() -> list[Figure]:
    """Cancel in each phase; pause, resume and a higher priority in the middle of a transfer."""
    async with _open() as bench:
        phases = {
            "waiting": bench.waiting,
            "extracting": bench.extracting,
            "one file": bench.file,
            f"{MANY} files": bench.gallery,
            "segments": bench.segments,
            "a torrent": bench.torrent,
        }
        ended = "status = 'cancelled'"
        for name, begin in phases.items():
            await bench.measure(f"cancel, {name}", begin, "cancelled = 1", ended)
        await bench.measure("cancel, joining segments", bench.joining, "cancelled = 1", ended, within=0.1)
        given_back = "status = 'pending' AND claimed_by IS NULL"
        await bench.measure("pause, one file", bench.file, "paused = 1", given_back)
        await bench.measure(f"pause, {MANY} files", bench.gallery, "paused = 1", given_back)
        await bench.measure("resume", bench.paused, "paused = 0", "status <> 'pending'")
        await bench.measure("a higher priority takes a slot", bench.behind, "priority = 1", "status <> 'pending'")
        # The last one: a site that fails so often is then left alone.
        await bench.measure("cancel, backing off", bench.backing_off, "cancelled = 1", ended)
        return [Figure(f"a request obeyed: {name}", _told(times), "300 ms") for name, times in bench.times.items()]


@asynccontextmanager
async def _open() -> AsyncIterator[Bench]:
    with TemporaryDirectory() as name:
        directory = Path(name)
        directory.chmod(0o755)
        async with (
            MediaServer() as site,
            Swarm(directory / "swarm", {"film.mkv": 64 * MIB}, upload_limit=SLOW) as swarm,
            installed("download", environment=ENVIRONMENT) as here,
        ):
            site.add("/film.torrent", swarm.torrent_path.read_bytes(), content_type="application/x-bittorrent")
            media = directory / "media"
            media.mkdir()
            hls = add_hls(site, "/hls", media, seconds=60, rate=20 * 1024)
            await make_stream(directory / "film")
            film = add_stream(site, "/film", directory / "film", "index.m3u8")
            yield Bench(here=here, site=site, swarm=swarm, hls=hls, film=film)


def _told(times: list[float]) -> str:
    ordered = sorted(times)
    return f"median {statistics.median(ordered) * 1000:.0f} ms, worst {ordered[-1] * 1000:.0f} ms (n = {len(ordered)})"
