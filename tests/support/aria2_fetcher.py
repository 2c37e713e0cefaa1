"""A real aria2c, and a person who hands parts to it one by one."""

import os
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from download_module.aria2c_calls import call_for
from download_module.aria2c_control import prepare_ranges
from download_module.aria2c_daemon import Aria2cDaemon
from download_module.plan import Part
from download_module.transfers import Transfer, gid_of
from tests.support.processes import wait_until


class Fetcher:
    """A person who hands parts to a real aria2c."""

    def __init__(self, daemon: Aria2cDaemon) -> None:
        self.daemon = daemon
        self._http = httpx.AsyncClient(trust_env=False)

    async def close(self) -> None:
        await self._http.aclose()

    async def call(self, method: str, *parameters: Any) -> Any:
        endpoint = self.daemon.endpoint
        assert endpoint is not None
        call = {"jsonrpc": "2.0", "id": "1", "method": method, "params": [f"token:{endpoint.secret}", *parameters]}
        return (await self._http.post(endpoint.url, json=call)).json()

    async def ready(self) -> bool:
        try:
            return "result" in await self.call("aria2.getVersion")
        except (httpx.HTTPError, AssertionError):
            return False

    async def add(self, part: Part, target: Path, position: int = 0) -> str:
        """Begins or continues; the gid."""
        if part.ranges and not target.exists():
            assert part.size
            prepare_ranges(target, part.size, part.ranges, part.known)
        await wait_until(self.ready, 30)
        gid = gid_of(1, 1, position)
        transfer = Transfer(gid=gid, part=part, target=target, restart=_nothing, drop=_nothing, finish=_nothing)
        method, parameters = call_for(transfer, part.uris, connections=4)
        assert await self.call(method, *parameters) == {"id": "1", "jsonrpc": "2.0", "result": gid}
        return gid

    async def status(self, gid: str) -> dict[str, str]:
        answer: dict[str, str] = (await self.call("aria2.tellStatus", gid))["result"]
        return answer

    async def fetch(self, parts: Sequence[Part], directory: Path) -> list[Path]:
        """The files of all parts."""
        files = [directory / f"{position}.part" for position in range(len(parts))]
        gids = []
        for position, (part, file) in enumerate(zip(parts, files, strict=True)):
            if part.content is not None:
                file.write_bytes(part.content)
            else:
                gids.append(await self.add(part, file, position))
        for gid in gids:
            status = await wait_until(partial(self._ended, gid), 60)
            assert status["status"] == "complete", status
        return files

    async def _ended(self, gid: str) -> dict[str, str]:
        """Its status once it has ended, else nothing."""
        status = await self.status(gid)
        return status if status["status"] not in ("active", "waiting") else {}


@asynccontextmanager
async def fetching(directory: Path) -> AsyncIterator[Fetcher]:
    """One with a daemon of its own."""
    daemon = Aria2cDaemon(directory)
    await daemon.start()
    fetcher = Fetcher(daemon)
    try:
        yield fetcher
    finally:
        await fetcher.close()
        if daemon.pid is not None:
            os.kill(daemon.pid, signal.SIGKILL)  # nothing is left that it should save, for which it takes a second
        await daemon.stop()


def _nothing(*_: object) -> None:
    """Takes anything, does nothing."""
