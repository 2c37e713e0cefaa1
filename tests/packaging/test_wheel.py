"""What `pipx install` gives: the whole program, away from any checkout."""

import asyncio
import json
import os
import signal
import subprocess
import zipfile
from pathlib import Path

import pytest

from tests.packaging.wheels import ROOT, Environment, build, older_tree
from tests.support.discord_server import DiscordServer
from tests.support.media_server import MediaServer
from tests.support.processes import Program, Programs, wait_until

MIB = 1024 * 1024
pytestmark = pytest.mark.timeout(300)  # a dozen commands, each of which imports all of the program


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(ROOT, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def older_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("older")
    return build(older_tree(directory / "tree"), directory)


class Installation:
    """An environment with the wheel, and a directory that has nothing to do with it."""

    def __init__(self, environment: Environment, directory: Path, programs: Programs) -> None:
        self.environment = environment
        self.directory = directory
        self.variables = {"EGRESS_ALLOW": "127.0.0.0/8", "PYTHONPATH": "", "BOSS_BOT_DISCORD_TOKEN": ""}
        self._programs = programs

    async def start(self, program: str, *arguments: str, **variables: str) -> Program:
        argv = (str(self.environment.program(program)), *arguments)
        return await self._programs.start(argv, env=self.variables | variables, cwd=self.directory, name=program)

    async def ctl(self, *arguments: str, status: int = 0) -> str:
        done = await self.start("bossbotctl", *arguments)
        assert await done.wait(60) == status, done.output
        return done.output


@pytest.fixture
def installation(tmp_path: Path, programs: Programs) -> Installation:
    foreign = tmp_path / "anywhere"
    foreign.mkdir()
    return Installation(Environment(tmp_path / "environment"), foreign, programs)


def test_every_file_that_the_program_reads_is_in_the_wheel(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        packed = {name.partition(".data/data/share/boss-bot/")[2] or f"src/{name}" for name in archive.namelist()}
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "src", "migrations"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    needed = {name for name in listed if (ROOT / name).exists()} | {"aria2.conf", "sites.example.toml"}
    assert needed - packed == set()
    assert any(name.endswith(".po") for name in needed)
    assert any(name.endswith(".sql") for name in needed)


async def test_it_is_set_up_runs_and_fetches_from_a_foreign_directory(installation: Installation, wheel: Path) -> None:
    installation.environment.install(wheel)
    content = os.urandom(2 * MIB)
    async with DiscordServer() as discord, MediaServer() as site:
        url = site.add("/clip.bin", content)
        installation.variables |= discord.environment | {"BOSS_BOT_DISCORD_TOKEN": ""}
        (installation.directory / "token").write_text(discord.token)
        assert "Invite it" in await installation.ctl("init", "--token-file", "token")
        found = json.loads(await installation.ctl("doctor", "--json", "--online"))
        assert [one for one in found if one["verdict"] == "bad"] == []
        assert any("taken by Discord" in one["found"] for one in found)

        running = await installation.start("boss-bot")  # the same as `bossbotctl run`, and as `python -m bot`
        for told in ("connected to Discord", "download runner is ready", "upload runner is ready"):
            await running.wait_for_output(told, 60)
        assert "alive" in await installation.ctl("health")
        await installation.ctl("add", url)
        delivered = installation.directory / "downloads" / "delivered" / "clip.bin"
        await wait_until(delivered.exists, 60, description="the delivered file")
        assert delivered.read_bytes() == content
        running.send(signal.SIGTERM)
        assert await running.wait(20) == 0, running.output
    assert "Traceback" not in running.output
    assert "clip.bin" not in {path.name for path in installation.environment.directory.rglob("*")}


async def test_a_newer_wheel_migrates_at_its_first_start_and_the_older_one_refuses(
    installation: Installation, wheel: Path, older_wheel: Path
) -> None:
    await asyncio.to_thread(installation.environment.install, older_wheel)
    await installation.ctl("db", "upgrade")
    before = await _revision(installation)
    await _insert(installation, "https://example.com/before.mp4")
    await asyncio.to_thread(installation.environment.install, wheel)
    assert "before.mp4" in await installation.ctl("list")
    assert "is sound" in await installation.ctl("db", "check")
    await asyncio.to_thread(installation.environment.install, older_wheel)
    refused = await installation.ctl("list", status=1)
    assert "made by a newer version of Boss-Bot" in refused
    assert "Traceback" not in refused
    (copy,) = (installation.directory / "data").glob("boss-bot.db.before-*")
    await installation.ctl("db", "restore", str(copy))
    assert await _revision(installation) == before, "the schema that it had"
    await asyncio.to_thread(installation.environment.install, wheel)
    assert "before.mp4" in await installation.ctl("list")


async def _insert(installation: Installation, url: str) -> None:
    await _shell(installation, f"INSERT INTO downloads (url) VALUES ('{url}')")


async def _revision(installation: Installation) -> str:
    return await _shell(installation, "SELECT version_num FROM alembic_version")


async def _shell(installation: Installation, statement: str) -> str:
    command = ["sqlite3", str(installation.directory / "data" / "boss-bot.db"), statement]
    done = await asyncio.to_thread(subprocess.run, command, check=True, timeout=30, capture_output=True, text=True)
    return done.stdout
