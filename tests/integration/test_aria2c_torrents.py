"""Stage 3 with torrents and magnets: a real tracker, a real seeder."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import (
    MediaNotFound,
    TooLarge,
    TransferError,
)
from core.models import Progress
from download_module.aria2c_daemon import Aria2cDaemon
from download_module.aria2c_downloader import Aria2cDownloader
from download_module.plan import Part
from tests.download_module.given import MIB, holds, transfer
from tests.integration.aria2_given import client, fetch, left
from tests.support.media_server import payload
from tests.support.processes import wait_until
from tests.support.swarm import Swarm

# One daemon serves all tests of this module: it takes a second to end.
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize("kind", ["magnet", "torrent"])
async def test_a_torrent_with_folders_arrives_whole(
    downloader: Aria2cDownloader, daemon: Aria2cDaemon, tmp_path: Path, kind: str
) -> None:
    files = {"a.mp4": payload(600_000, 1), "sub/b.mp4": payload(400_000, 2), "sub/deep/a.mp4": payload(7, 3)}
    async with Swarm(tmp_path / "swarm", files) as swarm:
        target = tmp_path / "0.part"
        given = (
            transfer(target, swarm.magnet)
            if kind == "magnet"
            else transfer(target, torrent=swarm.torrent_path.read_bytes())
        )
        (found,) = await fetch(downloader, given)
        assert {str(path.relative_to(target / swarm.name)) for path in found} == set(files)
        assert all(holds(target / swarm.name / name, body) for name, body in files.items())
        assert left(daemon) == []


@pytest.mark.parametrize("kind", ["magnet", "torrent"])
async def test_of_a_torrent_only_the_files_that_are_wanted_arrive(
    downloader: Aria2cDownloader, daemon: Aria2cDaemon, tmp_path: Path, kind: str
) -> None:
    files = {"a.mp4": payload(3 * MIB, 1), "b.mp4": payload(300_000, 2), "c.txt": payload(70, 3)}
    async with Swarm(tmp_path / "swarm", files) as swarm:
        target = tmp_path / "0.part"
        part = (
            Part(uris=(swarm.magnet,), wanted=((2, 3),))
            if kind == "magnet"
            else Part(torrent=swarm.torrent_path.read_bytes(), files=(2, 3))
        )
        seen: list[Progress] = []
        (found,) = await fetch(
            downloader, replace(transfer(target, swarm.magnet), part=part), max_bytes=2 * MIB, report=seen.append
        )
        assert [path.name for path in found] == ["b.mp4", "c.txt"]
        assert all(holds(path, files[path.name]) for path in found)
        assert left(daemon) == []


async def test_of_a_magnet_nothing_that_does_not_exist_is_fetched(
    downloader: Aria2cDownloader, daemon: Aria2cDaemon, tmp_path: Path
) -> None:
    async with Swarm(tmp_path / "swarm", {"a.mp4": payload(1000, 1), "b.mp4": payload(1000, 2)}) as swarm:
        part = Part(uris=(swarm.magnet,), wanted=((7, 9),))
        with pytest.raises(MediaNotFound, match="only 2 files"):
            await fetch(downloader, replace(transfer(tmp_path / "0.part", swarm.magnet), part=part))
        assert left(daemon) == []


async def test_the_same_torrent_twice_costs_no_attempt_and_a_cancelled_magnet_leaves_nothing(
    downloader: Aria2cDownloader, daemon: Aria2cDaemon, tmp_path: Path
) -> None:
    async with Swarm(tmp_path / "swarm", {"a.mp4": payload(4 * MIB)}, upload_limit=MIB) as swarm:
        torrent = swarm.torrent_path.read_bytes()
        first = asyncio.create_task(fetch(downloader, transfer(tmp_path / "0.part", torrent=torrent)))
        await wait_until(lambda: client(daemon).tell_active())
        with pytest.raises(TransferError) as refused:
            await fetch(downloader, transfer(tmp_path / "1.part", torrent=torrent, position=1))
        assert not refused.value.costs_attempt
        first.cancel()
        await asyncio.wait([first])
        assert left(daemon) == []
        magnet = asyncio.create_task(
            fetch(downloader, transfer(tmp_path / "2.part", swarm.magnet, position=2), max_bytes=MIB)
        )
        with pytest.raises(TooLarge):
            await magnet
        assert left(daemon) == []


async def test_a_damaged_torrent_is_refused(downloader: Aria2cDownloader, tmp_path: Path) -> None:
    with pytest.raises((TransferError, MediaNotFound)):
        await fetch(downloader, transfer(tmp_path / "0.part", torrent=b"d4:infodee"))
