"""A real BitTorrent swarm on loopback: opentracker, and a seeder that is an aria2c of its own.

What a downloader needs: `--enable-dht=false` (and `--enable-dht6=false`, `--bt-enable-lpd=false`, which are
aria2's defaults), so that nothing leaves the machine, and `--seed-time=0` to end. It need not bind to an address
of its own: the seeder listens on 127.0.0.3 and aria2 asks the tracker and the seeder from 127.0.0.1. Two
downloaders at once need nothing more: aria2 takes another port of 6881 to 6999 by itself.
Neither `--bt-external-ip` nor x.pe in the magnet is needed.

A magnet takes aria2 1.36 about 7 s and a .torrent about 3 s however small the files are: it looks at peers and
trackers once a second, and announces anew after the metadata has come.

Debian's opentracker serves only the infohashes in its whitelist. As root it drops to `nobody` and changes its
root to the directory given with `-d`, so the whitelist lies there and is named relative to it.
"""

import asyncio
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote_from_bytes

import torf

from tests.support.media_server.bodies import Source, body_of
from tests.support.processes import Program, Programs, free_port, wait_until

SEEDER_HOST = "127.0.0.3"
_PIECE = 1 << 18


class Swarm:
    """A tracker and a seeder with everything; `magnet` and `torrent_path` are ready inside the context."""

    def __init__(
        self, directory: Path, files: Mapping[str, Source], *, name: str = "sample", upload_limit: int | None = None
    ) -> None:
        """Prepares a swarm.

        Args:
            directory: For everything that belongs to it; empty or new.
            files: Names, which may have folders, and what the files hold, as for `MediaServer.add`. A single name
                without a folder makes a single-file torrent.
            name: Of the torrent, if it has several files.
            upload_limit: Bytes a second that the seeder gives at most, so that tests can interfere.
        """
        self._directory = directory
        self._files = files
        self._single = len(files) == 1 and "/" not in next(iter(files))
        self._upload_limit = upload_limit
        self._programs = Programs(directory / "logs")
        self._port = free_port()
        self.name = next(iter(files)) if self._single else name
        self.torrent_path = directory / "swarm.torrent"
        self.magnet = ""
        self.seeder: Program

    @property
    def content(self) -> Path:
        """The seeded file, or the folder of the seeded files."""
        return self._directory / "seeded" / self.name

    @property
    def paths(self) -> dict[str, Path]:
        """The seeded files by the names that were given."""
        return {name: self.content if self._single else self.content / name for name in self._files}

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(self._prepare)
        await self._programs.__aenter__()
        try:
            await self._start_tracker()
            await self.start_seeder()
        except BaseException:
            await self._programs.__aexit__(None, None, None)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._programs.__aexit__(kind, error, trace)

    async def start_seeder(self) -> None:
        """Starts the seeder, again if a test has ended it with `swarm.seeder.kill()`; ready when this returns."""
        limit = [] if self._upload_limit is None else [f"--max-overall-upload-limit={self._upload_limit}"]
        self.seeder = await self._programs.start(
            [
                "aria2c",
                "--no-conf",
                f"--interface={SEEDER_HOST}",
                "--disable-ipv6=true",
                "--enable-dht=false",
                "--seed-ratio=0",
                "--bt-hash-check-seed=true",
                "--check-integrity=true",
                f"--listen-port={free_port(SEEDER_HOST)}",
                f"--dir={self.content.parent}",
                "--summary-interval=0",
                *limit,
                self.torrent_path,
            ],
            name="seeder",
        )
        await wait_until(self._seeded, 20, description=lambda: f"a seeder: {self.seeder.output[-2000:]}")

    def _prepare(self) -> None:
        for name, source in self._files.items():
            path = self.paths[name]
            path.parent.mkdir(parents=True, exist_ok=True)
            body, offset = body_of(source), 0
            with path.open("wb") as file:
                while piece := body.read(offset, 1 << 20):
                    offset += file.write(piece)
        torrent = torf.Torrent(path=self.content, trackers=[f"{self._tracker}/announce"], piece_size=_PIECE)
        torrent.generate(threads=1)
        torrent.write(self.torrent_path)
        self.magnet = str(torrent.magnet())
        self._infohash = str(torrent.infohash)
        # opentracker reads it as `nobody`, below its own root
        root = self._directory / "tracker"
        root.mkdir(exist_ok=True)
        root.chmod(0o755)
        (root / "whitelist").write_text(f"{self._infohash}\n")
        (root / "whitelist").chmod(0o644)

    @property
    def _tracker(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    async def _start_tracker(self) -> None:
        root = self._directory / "tracker"
        arguments = ["-i", "127.0.0.1", "-p", str(self._port), "-d", str(root), "-w", "whitelist"]
        tracker = await self._programs.start(["opentracker", *arguments], cwd=root, name="tracker")

        async def answers() -> bool:
            if not tracker.running:
                raise RuntimeError(f"opentracker ended: {tracker.output}")
            return await asyncio.to_thread(self._scrape) is not None

        await wait_until(answers, description="the tracker")

    async def _seeded(self) -> bool:
        if not self.seeder.running:
            raise RuntimeError(f"The seeder ended: {self.seeder.output}")
        return b"8:completei0e" not in (await asyncio.to_thread(self._scrape) or b"8:completei0e")

    def _scrape(self) -> bytes | None:
        """What the tracker knows of the torrent, bencoded; None when it does not answer."""
        infohash = quote_from_bytes(bytes.fromhex(self._infohash), safe="")
        try:
            with _direct.open(f"{self._tracker}/scrape?info_hash={infohash}", timeout=2) as answer:
                return bytes(answer.read())
        except OSError:
            return None


_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
