"""Stretches of a file by a real aria2c: they and little else go over the wire, whatever happens on the way."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from download_module.aria2c_control import fetched_amount
from download_module.byte_ranges import ByteRange
from download_module.plan import Part
from tests.download_module.given import MIB
from tests.support.aria2_fetcher import Fetcher, fetching
from tests.support.media_server import MediaServer, Payload, payload
from tests.support.processes import wait_until

RATE = 8 * MIB  # bytes a second: without one, loopback hands over a megabyte before anybody can hang up
SIZE = 40 * MIB + 12_345
RANGES = ((0, 70_000), (10 * MIB + 300_000, 13 * MIB + 700_000), (30 * MIB + 5, 30 * MIB + 100_000), (SIZE - 9, SIZE))
NEEDED = sum(end - first for first, end in RANGES)


@pytest.fixture
async def aria2(tmp_path: Path) -> AsyncIterator[Fetcher]:
    async with fetching(tmp_path / "runtime") as fetcher:
        yield fetcher


@pytest.fixture
async def server() -> AsyncIterator[MediaServer]:
    async with MediaServer() as server:
        yield server


def ranged(url: str, body: Payload, ranges: Sequence[ByteRange] = RANGES, *, head: bool = True) -> Part:
    """A part of which stretches are fetched; its first block was read as the index."""
    return Part(uris=(url,), size=body.size, ranges=tuple(ranges), known=((0, bytes(body.read(0, 20_000))),), head=head)


def has_ranges(file: Path, body: Payload, ranges: Sequence[ByteRange] = RANGES) -> bool:
    data, whole = file.read_bytes(), body.to_bytes()
    return len(data) == len(whole) and all(data[first:end] == whole[first:end] for first, end in ranges)


@pytest.mark.parametrize(
    ("behaviour", "most"),
    [({}, 1.01), ({"close": True, "rate": RATE}, 1.3), ({"head": False, "rate": RATE}, 1.3)],
    ids=["as most servers", "no connection is kept", "no HEAD"],
)
async def test_aria2_fetches_the_stretches_and_little_else(
    aria2: Fetcher, server: MediaServer, tmp_path: Path, behaviour: dict[str, Any], most: float
) -> None:
    body = payload(SIZE, 1)
    url = server.add("/a.bin", body, **behaviour)
    (file,) = await aria2.fetch([ranged(url, body, head="head" not in behaviour)], tmp_path)
    assert has_ranges(file, body)
    assert not Path(f"{file}.aria2").exists()
    assert server.bytes_served("/a.bin") <= most * NEEDED
    assert file.stat().st_blocks * 512 <= 1.3 * NEEDED


async def test_after_a_kill_only_the_missing_bytes_are_fetched(
    aria2: Fetcher, server: MediaServer, tmp_path: Path
) -> None:
    body, ranges = payload(SIZE, 2), ((5 * MIB + 99_999, 21 * MIB + 99_999),)
    url = server.add("/a.bin", body, rate=RATE)
    server.pause("/a.bin", after=8 * MIB)
    part, file = ranged(url, body, ranges), tmp_path / "0.part"
    gid = await aria2.add(part, file)
    await server.wait_for_bytes("/a.bin", 8 * MIB)
    control = Path(f"{file}.aria2")
    saved = control.read_bytes()
    await wait_until(lambda: control.read_bytes() != saved, 20)  # written each second
    assert 0 < fetched_amount(SIZE, ranges, int((await aria2.status(gid))["completedLength"])) <= 9 * MIB
    await asyncio.sleep(1.1)  # what has arrived by now is in the control file
    assert aria2.daemon.pid is not None
    os.kill(aria2.daemon.pid, signal.SIGKILL)
    await wait_until(lambda: aria2.daemon.endpoint is None)
    server.drop_connections()
    server.resume("/a.bin")
    await wait_until(lambda: aria2.daemon.endpoint is not None, 30)
    await aria2.fetch([part], tmp_path)
    assert has_ranges(file, body, ranges)
    assert not control.exists()
    assert server.bytes_served("/a.bin") <= 1.3 * 16 * MIB
    assert fetched_amount(SIZE, ranges, int((await aria2.status(gid))["completedLength"])) == 16 * MIB


async def test_a_connection_that_breaks_off_costs_only_its_own_bytes(
    aria2: Fetcher, server: MediaServer, tmp_path: Path
) -> None:
    body = payload(SIZE, 3)
    url = server.add("/a.bin", body, rate=RATE, reset_after=100_000, cut_times=3)
    (file,) = await aria2.fetch([ranged(url, body)], tmp_path)
    assert has_ranges(file, body)
    assert server.bytes_served("/a.bin") <= 1.3 * NEEDED


async def test_a_file_of_which_all_is_known_is_complete_at_once(
    aria2: Fetcher, server: MediaServer, tmp_path: Path
) -> None:
    body = payload(SIZE, 4)
    part = ranged(server.add("/a.bin", body, rate=RATE), body, [(0, 20_000)])
    (file,) = await aria2.fetch([part], tmp_path)
    assert has_ranges(file, body, [(0, 20_000)])
    assert server.bytes_served("/a.bin") < MIB
