"""A torrent from one seeder, against transmission-cli."""

import json
import shutil
import statistics
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.figures import Figure
from benchmarks.install import Installation, installed
from benchmarks.site import MIB
from tests.support.media_server import MediaServer
from tests.support.processes import Programs, wait_until
from tests.support.swarm import Swarm

SIZE = 512 * MIB
ROUNDS = 5
# Nothing leaves this machine.
SETTINGS = {
    "bind-address-ipv4": "127.0.0.4",
    "bind-address-ipv6": "::1",
    "dht-enabled": False,
    "lpd-enabled": False,
    "pex-enabled": False,
    "utp-enabled": False,
    "port-forwarding-enabled": False,
    "blocklist-enabled": False,
}


async def measure() -> list[Figure]:
    """Wall time of both, in turns, each told of the same .torrent."""
    ours, theirs = [], []
    with TemporaryDirectory() as name:
        directory = Path(name)
        directory.chmod(0o755)
        async with (
            Swarm(directory / "swarm", {"film.mkv": SIZE}) as swarm,
            MediaServer() as server,
            Programs(directory / "logs") as programs,
            installed("download") as here,
        ):
            url = server.add("/film.torrent", swarm.torrent_path.read_bytes(), content_type="application/x-bittorrent")
            for _ in range(ROUNDS):
                ours.append(await _ours(here, url))
                theirs.append(await _transmission(programs, swarm, directory / "transmission"))
    ratio = statistics.median(ours) / statistics.median(theirs)
    told = (
        f"{ratio:.2f} times ({statistics.median(ours):.2f} s against {statistics.median(theirs):.2f} s, n = {ROUNDS})"
    )
    return [Figure("a torrent of 512 MiB, one seeder, against transmission-cli", told, "at most 1.1 times")]


async def _ours(here: Installation, url: str) -> float:
    began = time.monotonic()
    row_id = here.ask(url)
    took = await here.until(row_id, "downloaded", every=0.01) - began
    shutil.rmtree(here.directory / "downloads" / str(row_id))
    return took


async def _transmission(programs: Programs, swarm: Swarm, directory: Path) -> float:
    config, target, done = directory / "config", directory / "fetched", directory / "done"
    config.mkdir(parents=True)
    target.mkdir()
    (config / "settings.json").write_text(json.dumps(SETTINGS))
    script = directory / "finished.sh"
    script.write_text(f"#!/bin/sh\ntouch {done}\n")
    script.chmod(0o755)
    began = time.monotonic()
    argv = ("transmission-cli", "-g", config, "-w", target, "-f", script, "-D", swarm.torrent_path)
    program = await programs.start(argv, name="transmission-cli")
    await wait_until(done.exists, 120, description=lambda: program.output[-2000:])
    took = time.monotonic() - began
    await program.kill()
    assert (target / "film.mkv").stat().st_size == SIZE
    shutil.rmtree(directory)
    return took
