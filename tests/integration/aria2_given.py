"""What tests of stage 3 with a real aria2c begin with."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import aria2p

from core.models import Progress
from download_module.aria2c_daemon import Aria2cDaemon
from download_module.aria2c_downloader import Aria2cDownloader
from download_module.transfers import Transfer
from tests.download_module.given import MIB, nothing

BIG = 48 * MIB
PLENTY = 10**12


def client(daemon: Aria2cDaemon) -> aria2p.Client:
    """A second client of the same daemon."""
    assert daemon.endpoint is not None
    host, port = daemon.endpoint.url.removesuffix("/jsonrpc").rsplit(":", 1)
    return aria2p.Client(host, int(port), daemon.endpoint.secret)


def left(daemon: Aria2cDaemon) -> list[Any]:
    """All that the daemon knows of: nothing may stay."""
    rpc = client(daemon)
    return [*rpc.tell_active(), *rpc.tell_waiting(0, 1000), *rpc.tell_stopped(0, 1000)]


async def fetch(
    downloader: Aria2cDownloader,
    *transfers: Transfer,
    max_bytes: int = PLENTY,
    report: Callable[[Progress], None] = nothing,
) -> list[list[Path]]:
    return await downloader.fetch(transfers, max_bytes=max_bytes, report=report)
