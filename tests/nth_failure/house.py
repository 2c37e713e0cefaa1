"""An installation of its own for one trial: a database, directories, a Discord, and the runners in it."""

import contextlib
import json
import os
import shutil
import signal
import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from tests.nth_failure.nursery import Nursery, Runner
from tests.nth_failure.plan import Kind, Trial
from tests.nth_failure.rpc_proxy import RpcProxy
from tests.nth_failure.rules import rows_of
from tests.nth_failure.shapes import Shape
from tests.support.discord_server import Channel, DiscordServer
from tests.support.installation import settings_below
from tests.support.processes import gone, wait_until

PATIENCE = 120.0  # seconds from the start to the end of the row
STOPS_WITHIN = 20.0
MAX_STARTS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """What all trials begin with."""

    nursery: Nursery
    migrated: Path  # an empty database
    patterns: Path  # what a first start would find out


@dataclass(slots=True, kw_only=True)
class House:
    """An installation of its own for one trial."""

    trial: Trial
    shape: Shape
    directory: Path
    nursery: Nursery
    discord: DiscordServer
    channel: Channel
    proxy: RpcProxy | None = None
    runner: Runner | None = None
    outputs: list[Runner] = field(default_factory=list)

    @property
    def database(self) -> Path:
        return self.directory / "boss-bot.db"

    @property
    def downloads(self) -> Path:
        return self.directory / "downloads"

    @property
    def record(self) -> Path:
        return self.directory / "record"

    async def start(self, *, both: bool = False) -> None:
        """Start the runners that have work, or both: the first time with the fault, then without."""
        given: dict[str, object] = {"delivers_only": bool(self.shape.fetched) and not both}
        if self.proxy is not None:
            given["proxy"] = self.proxy.port
        if not self.outputs and self.trial.kind in (Kind.SQL, Kind.FILE):
            given |= {"trial": self.trial.as_json(), "record": str(self.record), "below": str(self.directory)}
        environment = {
            **os.environ,
            **self.discord.environment,
            **self.shape.environment,
            **settings_below(self.directory),
            "RETRY_BASE_DELAY": "0",
            "NTH_FAILURE": json.dumps(given),
        }
        output = self.directory / f"{len(self.outputs)}.log"
        self.runner = await self.nursery.fork(environment, self.directory, output)
        self.outputs.append(self.runner)

    def kill(self) -> None:
        """End the runner at once."""
        if self.runner is not None:
            self.runner.send(signal.SIGKILL)

    def ask(self) -> None:
        """What a person, or an earlier runner, has written."""
        guild, fetched = self.channel.guild, self.shape.fetched
        directory = self.downloads / "1"
        values: dict[str, object] = {
            "url": self.shape.url,
            "destination": "discord",
            "channel_id": self.channel.id,
            "guild_id": guild.id if guild else None,
            "upload_limit_bytes": self.shape.limit,
            "status": "downloaded" if fetched else "pending",
            "file_path": str(directory) if fetched else None,
        }
        self._insert("downloads", values)
        for position, path in enumerate(fetched):
            directory.mkdir(parents=True, exist_ok=True)
            lies = {"path": shutil.copy(path, directory), "bytes": path.stat().st_size, "kind": "image"}
            self._insert("media_files", {"download_id": 1, "position": position, **lies})

    def _insert(self, table: str, values: Mapping[str, object]) -> None:
        marks = ", ".join("?" * len(values))
        self.write(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({marks})", *map(_plain, values.values()))

    def write(self, statement: str, *values: object) -> None:
        """What a person does by SQL."""
        with sqlite3.connect(self.database, timeout=10) as connection:
            connection.execute(statement, values)
        connection.close()

    async def until_over(self) -> str:
        """Keep a runner running until the row has ended; how."""

        async def over() -> bool:
            assert self.runner is not None
            if not self.runner.running and len(self.outputs) < MAX_STARTS:
                await self.start()
            return rows_of(self.database)[0]["status"] in ("uploaded", "failed")

        with contextlib.suppress(TimeoutError):  # a rule says so
            await wait_until(over, PATIENCE, every=0.05, description="the end of the row")
        return str(rows_of(self.database)[0]["status"])

    async def stop(self) -> list[str]:
        """End the runner in order; what was wrong with that."""
        assert self.runner is not None
        children: list[psutil.Process] = []
        with contextlib.suppress(psutil.NoSuchProcess):
            children = psutil.Process(self.runner.pid).children(recursive=True)
        self.runner.send(signal.SIGTERM)
        try:
            status = await self.runner.wait(STOPS_WITHIN)
            for child in children:
                await gone(child)
        except TimeoutError as error:
            self.kill()
            return [f"9: it does not stop within {STOPS_WITHIN:g} s: {error}"]
        return [f"9: it stops with status {status}"] if status not in (0, -signal.SIGKILL) else []


@asynccontextmanager
async def opened(trial: Trial, shape: Shape, directory: Path, workshop: Workshop) -> AsyncIterator[House]:
    """Build it, with a proxy before aria2c where calls to it are to fail."""
    directory.mkdir(parents=True)
    shutil.copy(workshop.migrated, directory / "boss-bot.db")
    shutil.copytree(workshop.patterns, directory / "data" / "patterns")
    async with DiscordServer() as discord:
        house = House(
            trial=trial,
            shape=shape,
            directory=directory,
            nursery=workshop.nursery,
            discord=discord,
            channel=discord.add_guild("Media lovers").add_text_channel("media"),
        )
        if trial.kind is not Kind.RPC:
            yield house
            return
        async with RpcProxy(trial, house.kill).serving() as house.proxy:
            yield house


def _plain(value: object) -> object:
    return str(value) if isinstance(value, Path) else value
