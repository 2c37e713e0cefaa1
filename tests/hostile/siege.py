"""Many hostile links at once against one real download runner, with innocent ones beside them.

A case names how its row must end. Whatever the case, the member's sentence is clean, processes keep to their memory, no
file appears where none should, and the runner lives on and serves the innocent.
"""

import asyncio
import re
import sqlite3
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from tests.download_module.given import MIB, holds
from tests.download_module.scene import Scene, opened
from tests.support.media_server import MediaServer, payload
from tests.support.processes import Program, Programs, wait_until

DOWNLOADED = "downloaded"
SETTINGS = {
    "MAX_DOWNLOAD_SIZE_MB": "8",
    "MAX_DOWNLOAD_RETRIES": "0",
    "BOSS_BOT_MAX_CONCURRENT_DOWNLOADS": "60",
    "CONNECTIONS_PER_HOST": "256",
    "EXTRACT_TIMEOUT": "20",
    "PLAYWRIGHT_ENABLED": "false",
}
RUNNER_MEMORY = 400 * MIB  # resident, of the runner itself
CHILD_MEMORY = 900 * MIB  # of each of its children; an extractor may have 768 MiB
CHILD_ENDED = "a child gave no answer"  # for want of memory, for one: what it said is kept for the admin
OURS = ("downloads", "data", "programs")  # below the scene's directory; what else appears there was smuggled
INNOCENT = payload(300_000, 99)
# What no sentence for a member may show: code, paths of the host, libraries, addresses of memory.
INTERNALS = re.compile(
    r"Traceback|Errno|site-packages|/home/|/tmp/|/usr/|\.py\b|0x[0-9a-f]{6}|<class|<[a-z_]+\.|"
    r"\b(httpx|httpcore|h11|torf|m3u8|pydantic|sqlalchemy|asyncio|aria2c?|yt-dlp|yt_dlp|gallery-dl)\b|[\x00-\x1f\u202e]"
)


@dataclass(frozen=True, slots=True)
class Case:
    """One hostile link."""

    name: str
    url: str
    ends: tuple[str, ...]  # the classes of error that are right, or DOWNLOADED
    words: str = ""  # of the sentence


def case(name: str, url: str, *ends: str, words: str = "") -> Case:
    """A case, in one line."""
    return Case(name, url, ends, words)


@dataclass(slots=True, kw_only=True)
class Siege:
    """A runner under attack."""

    scene: Scene
    runner: Program
    peaks: dict[str, int] = field(default_factory=dict)  # resident bytes, by the name of a process
    took: dict[str, float] = field(default_factory=dict)  # seconds, by case

    @property
    def server(self) -> MediaServer:
        """Where hostile things are served."""
        return self.scene.server

    async def run(self, cases: Sequence[Case], *, timeout: float) -> None:
        """Ask for all of them and look how each ends."""
        assert len({one.name for one in cases}) == len(cases)
        begun = time.monotonic()
        rows = {self.scene.ask(one.url): one for one in cases}
        innocent = self.scene.ask(self.server.add("/innocent.bin", INNOCENT))
        watching = asyncio.create_task(self._watch())
        try:
            await wait_until(
                lambda: self._all_over(rows, begun), timeout, description=lambda: self._unfinished(rows), every=0.1
            )
        finally:
            watching.cancel()
        sys.stdout.write(f"--- peaks in MiB: { {name: peak // MIB for name, peak in self.peaks.items()} }\n")
        sys.stdout.write(f"--- the slowest: {sorted(self.took.items(), key=lambda one: -one[1])[:5]}\n")
        faults = [fault for number, one in rows.items() for fault in self._faults_of(self.scene.row(number), one)]
        faults += list(self._faults_of_host(innocent))
        assert not faults, "\n".join(faults)

    def _all_over(self, rows: dict[int, Case], begun: float) -> bool:
        ended = {row["id"] for row in self.scene.shell("SELECT id FROM downloads WHERE finished_at IS NOT NULL")}
        for number in ended & rows.keys():
            self.took.setdefault(rows[number].name, time.monotonic() - begun)
        return len(ended) > len(rows)

    def _unfinished(self, rows: dict[int, Case]) -> str:
        left = self.scene.shell("SELECT id, status, activity, attempts FROM downloads WHERE finished_at IS NULL")
        return "the end of: " + "; ".join(f"{rows[row['id']].name} {dict(row)}" for row in left if row["id"] in rows)

    def _faults_of(self, row: sqlite3.Row, one: Case) -> Iterator[str]:
        ended = row["error_kind"] or row["status"]
        sentence = row["error"] or ""
        if ended not in one.ends:
            yield f"{one.name}: ended as {ended} ({sentence}), not as {' or '.join(one.ends)}"
        if sentence and (found := INTERNALS.search(sentence)):
            yield f"{one.name}: its sentence shows {found[0]!r}: {sentence}"
        if row["status"] == "failed" and not (10 < len(sentence) < 400 and _is_ended(sentence)):
            yield f"{one.name}: this is no sentence: {sentence!r}"
        if one.words not in sentence:
            yield f"{one.name}: its sentence lacks {one.words!r}: {sentence}"

    def _faults_of_host(self, innocent: int) -> Iterator[str]:
        if not self.runner.running:
            yield "the runner died"
        lines = self.runner.output.splitlines()
        yield from (f"{line[:3000]}" for line in lines if "Traceback" in line and CHILD_ENDED not in line)
        files = self.scene.files(innocent)
        if self.scene.row(innocent)["status"] != DOWNLOADED or not holds(files[0], INNOCENT):
            yield f"the innocent one suffered: {dict(self.scene.row(innocent))}"
        for path in self.scene.directory.iterdir():
            if path.name not in OURS and not path.name.startswith("boss-bot.db"):
                yield f"a file appeared outside of its place: {path.name}"
        for path in self.scene.downloads.iterdir():
            if path.name not in (".staging", "private") and not path.name.isdecimal():
                yield f"a file appeared among the downloads: {path.name!r}"
        for name, peak in self.peaks.items():
            if peak > (RUNNER_MEMORY if name == "runner" else CHILD_MEMORY):
                yield f"{name} took {peak / MIB:.0f} MiB"

    async def _watch(self) -> None:
        while True:
            for name, process in [("runner", psutil.Process(self.runner.pid)), *_named(self.runner.children())]:
                try:
                    self.peaks[name] = max(self.peaks.get(name, 0), process.memory_info().rss)
                except psutil.NoSuchProcess:
                    continue
            await asyncio.sleep(0.1)


def _is_ended(sentence: str) -> bool:
    """Whether it ends as sentences do; what a site said in its own words may not."""
    return sentence.endswith((".", "?")) or sentence.startswith("The site says: ")


def _named(processes: Sequence[psutil.Process]) -> Iterator[tuple[str, psutil.Process]]:
    for process in processes:
        try:
            yield process.name(), process
        except psutil.NoSuchProcess:
            continue


@asynccontextmanager
async def besieged(database: Path, directory: Path, programs: Programs, **settings: str) -> AsyncIterator[Siege]:
    """A runner that is ready, and a site that is not what it seems."""
    async with opened(database, directory, programs) as scene:
        yield Siege(scene=scene, runner=await scene.start(**{**SETTINGS, **settings}))
