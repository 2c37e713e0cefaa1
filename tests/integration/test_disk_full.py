"""A disk that is full in the middle of a transfer, and has room again."""

import asyncio
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import DiskFull
from download_module.aria2c_daemon import Aria2cDaemon
from download_module.aria2c_downloader import Aria2cDownloader
from download_module.plan import Part
from download_module.staging import StagingArea
from download_module.transfers import Transfer
from tests.download_module.given import MIB, holds, nothing, payload, transfer
from tests.integration.aria2_given import fetch, left
from tests.support.media_server import MediaServer

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 16 MiB."""
    mount = shutil.which("mount")
    place = tmp_path / "disk"
    place.mkdir()
    command = [mount or "mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(place)]
    if mount is None or os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("only root may mount a small file system, and not everywhere")
    yield place
    subprocess.run(["umount", "--lazy", place], check=True)


async def test_a_full_disk_costs_no_attempt_and_what_was_fetched_is_right_when_there_is_room_again(
    downloader: Aria2cDownloader, daemon: Aria2cDaemon, server: MediaServer, small_disk: Path
) -> None:
    body = payload(10 * MIB)
    url = server.add("/film.mp4", body, rate=20 * MIB)
    staging = StagingArea(small_disk, owner="me", is_dead=lambda _: False).open(1, 1)
    part = Part(uris=(url,), size=body.size, identity="v1")
    staging.prepare([part])
    given = Transfer(
        gid="0000000100010000",
        part=part,
        target=staging.part(0),
        restart=lambda: staging.restart(0),
        drop=lambda: staging.drop(0),
        finish=nothing,
    )
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(12 * MIB))
    with pytest.raises(DiskFull) as full:
        await asyncio.wait_for(fetch(downloader, given), 30)
    assert not full.value.costs_attempt
    assert left(daemon) == []
    ballast.unlink()
    ((file,),) = await asyncio.wait_for(fetch(downloader, given), 30)
    assert holds(file, body)


async def test_a_full_disk_stops_no_transfer_to_another(
    downloader: Aria2cDownloader, server: MediaServer, small_disk: Path, tmp_path: Path
) -> None:
    large = transfer(small_disk / "0.part", server.add("/large", 30 * MIB))
    small = transfer(tmp_path / "1.part", server.add("/small", payload(6 * MIB), rate=6 * MIB), position=1)
    ended = await asyncio.gather(fetch(downloader, large), fetch(downloader, small), return_exceptions=True)
    assert isinstance(ended[0], DiskFull)
    assert ended[1] == [[tmp_path / "1.part"]]
    assert holds(tmp_path / "1.part", payload(6 * MIB))
