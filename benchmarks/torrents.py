"""A torrent from one seeder, against transmission-cli.

transmission takes no peer with an address of loopback from a tracker. So all of it runs in a network namespace whose
loopback device has other addresses too, and nothing else: `python -m benchmarks.torrents` is what runs there.
"""

import asyncio
import json
import os
import shutil
import statistics
import sys
import time
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.figures import Figure
from benchmarks.install import Installation, installed
from benchmarks.site import MIB
from tests.support import swarm as swarm_of_all
from tests.support.media_server import MediaServer
from tests.support.processes import Programs, wait_until
from tests.support.swarm import Swarm

SIZE = 512 * MIB
ROUNDS = 5
NETWORK = "10.9.8"
ENTER = f'ip link set lo up && ip address add {NETWORK}.1/24 dev lo && exec "$@"'
TIMEOUT = 900.0  # seconds
# Nothing leaves this machine.
SETTINGS = {
    "bind-address-ipv4": f"{NETWORK}.4",
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
    inside = (sys.executable, "-m", "benchmarks.torrents")
    mapped = () if os.geteuid() == 0 else ("--map-current-user", "--keep-caps")
    argv = ("unshare", "--net", *mapped, "sh", "-c", ENTER, "sh", *inside)
    child = await asyncio.create_subprocess_exec(*argv, stdout=asyncio.subprocess.PIPE)
    try:
        async with asyncio.timeout(TIMEOUT):
            said, _ = await child.communicate()
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    assert child.returncode == 0, "the figures of torrents were not measured"
    return [Figure(**json.loads(said.splitlines()[-1]))]


async def _inside() -> Figure:
    swarm_of_all.SEEDER_HOST = f"{NETWORK}.3"
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
    return Figure("a torrent of 512 MiB, one seeder, against transmission-cli", told, "at most 1.1 times")


async def _ours(here: Installation, url: str) -> float:
    began = time.monotonic()
    row_id = here.ask(url)
    took = await here.until(row_id, "downloaded", every=0.01) - began
    here.remove(row_id)
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


if __name__ == "__main__":
    print(json.dumps(asdict(asyncio.run(_inside()))))
