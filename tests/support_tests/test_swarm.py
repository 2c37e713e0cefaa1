import hashlib
from pathlib import Path

from tests.support.media_server import payload
from tests.support.processes import Programs, free_port
from tests.support.swarm import Swarm

MIB = 1 << 20
NEEDED = ["--no-conf", "--enable-dht=false", "--seed-time=0"]


def sums(folder: Path, names: list[str]) -> list[str]:
    return [hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names]


async def test_aria2c_fetches_by_magnet_bound_to_an_address_or_not(tmp_path: Path) -> None:
    files = {"film.bin": payload(20 * MIB, seed=1), "extras/poster.bin": payload(300_000, seed=2)}
    async with Swarm(tmp_path / "swarm", files) as swarm, Programs(tmp_path / "logs") as programs:
        ways = {"unbound": f"--listen-port={free_port()}", "bound": "--interface=127.0.0.2"}
        fetches = [
            await programs.start(["aria2c", *NEEDED, way, f"--dir={tmp_path / name}", swarm.magnet], name=name)
            for name, way in ways.items()
        ]
        for fetch in fetches:
            assert await fetch.wait(60) == 0
            assert sums(tmp_path / fetch.name / "sample", list(files)) == [body.sha256() for body in files.values()]
        assert sums(swarm.content, list(files)) == [body.sha256() for body in files.values()]


async def test_aria2c_fetches_a_single_file_by_torrent_from_a_seeder_that_came_back(tmp_path: Path) -> None:
    async with Swarm(tmp_path / "swarm", {"film.bin": MIB}) as swarm, Programs(tmp_path / "logs") as programs:
        await swarm.seeder.kill()
        await swarm.start_seeder()
        fetch = await programs.start(["aria2c", *NEEDED, f"--dir={tmp_path}", swarm.torrent_path])
        assert await fetch.wait(60) == 0
        assert (tmp_path / "film.bin").read_bytes() == payload(MIB).to_bytes() == swarm.content.read_bytes()


async def test_nothing_is_left_of_a_swarm(tmp_path: Path) -> None:
    async with Swarm(tmp_path, {"film.bin": 1000}) as swarm:
        seeder = swarm.seeder
        assert seeder.running
        assert swarm.magnet.startswith("magnet:?xt=urn:btih:")
    assert not seeder.running
