"""Whether an aria2c that somebody else runs works in our directory."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from core.errors import ConfigurationError, DaemonUnavailable
from download_module import shared_directory
from download_module.aria2c_calls import Call
from download_module.aria2c_daemon import Aria2cDaemon
from download_module.aria2c_downloader import Aria2cDownloader
from download_module.daemons import Endpoint, SharedDaemon
from download_module.shared_directory import prove_shared
from tests.integration.aria2_given import left
from tests.support.processes import free_port, wait_until

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_one_that_sees_our_directory_is_taken(daemon: Aria2cDaemon, tmp_path: Path) -> None:
    downloader = Aria2cDownloader(SharedDaemon(daemon.endpoint))
    await wait_until(lambda: _answers(downloader))
    await downloader.prove_shared(tmp_path)
    await downloader.stop()
    assert list(tmp_path.iterdir()) == []
    assert left(daemon) == []


async def test_one_that_works_elsewhere_is_refused(
    downloader: Aria2cDownloader, daemon: Aria2cDaemon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on another machine, where the same path is another directory."""
    monkeypatch.setattr(shared_directory, "LOOKS", 5)
    (tmp_path / "here").mkdir()
    (tmp_path / "there").mkdir()

    async def elsewhere(calls: Sequence[Call]) -> list[Any]:
        for _, params in calls:
            for options in params:
                if isinstance(options, dict) and "dir" in options:
                    options["dir"] = str(tmp_path / "there")
        return await downloader._call(calls)  # the other machine

    with pytest.raises(ConfigurationError, match=r"does not work in the directory .*/here of this machine\. Give it"):
        await asyncio.wait_for(prove_shared(elsewhere, tmp_path / "here"), 30)
    assert list((tmp_path / "here").iterdir()) == []
    assert left(daemon) == []


async def test_one_that_does_not_answer_is_taken_at_its_owners_word(tmp_path: Path) -> None:
    downloader = Aria2cDownloader(SharedDaemon(Endpoint(f"http://127.0.0.1:{free_port()}/jsonrpc", "")))
    await downloader.prove_shared(tmp_path)
    assert list(tmp_path.iterdir()) == []


async def test_our_own_needs_no_proof(downloader: Aria2cDownloader, tmp_path: Path) -> None:
    await downloader.prove_shared(tmp_path / "not there")


async def _answers(downloader: Aria2cDownloader) -> bool:
    try:
        await downloader.free([Path("/nowhere")])
    except DaemonUnavailable:  # it has only just been started
        return False
    return True
