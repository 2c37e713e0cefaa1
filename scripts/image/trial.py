"""Uses an image as compose.yaml does: another user, a read-only root, no rights, volumes; and asks for a download."""

import asyncio
import json
import os
import subprocess
import time
from pathlib import Path

import psutil

from scripts.image.dockerfile import Stage
from scripts.image.rootfs import Tree
from tests.support.media_server import MediaServer
from tests.support.processes import wait_until

MIB = 1024 * 1024
BUILD_TOOLS = ("cc", "gcc", "make", "git", "pip", "pip3")
HOME = "/var/lib/boss-bot"


class Trial:
    """One container of the image, and commands in further ones on the same volumes."""

    def __init__(self, tree: Tree, stage: Stage, volumes: Path) -> None:
        self.entry = stage.last("ENTRYPOINT").words
        self.program = stage.last("CMD").words
        self.health = stage.last("HEALTHCHECK").text.partition(" CMD ")[2]
        self._tree = tree
        uid, gid = map(int, tree.user.split(":"))
        self._mounts = [
            ("tmpfs:/tmp", "size=512m,mode=1777"),
            (f"tmpfs:{HOME}", f"size=64m,uid={uid},gid={gid},mode=0750"),
        ]
        for name in ("data", "downloads"):
            (volumes / name).mkdir(parents=True)
            os.chown(volumes / name, uid, gid)
            self._mounts.append((str(volumes / name), f"{HOME}/{name}"))
        self._environment = tree.environment | {"EGRESS_ALLOW": "127.0.0.0/8", "BOSS_BOT_DISCORD_TOKEN": ""}

    def started(self, *argv: str) -> list[str]:
        return self._tree.command([*self.entry, *argv], read_only=True, mounts=self._mounts)

    async def start(self, *argv: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *self.started(*argv), env=self._environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
        )

    async def run(self, *argv: str) -> tuple[int, str]:
        """Exit status and output of a command in a container of its own."""
        program = await self.start(*argv)
        out, _ = await asyncio.wait_for(program.communicate(), 60)
        return program.returncode or 0, out.decode()


async def try_out(tree: Tree, stage: Stage, volumes: Path) -> None:
    """Doctor, start, health, a download, the end; raises at the first thing that is not as it should be."""
    trial = Trial(tree, stage, volumes)
    for tool in BUILD_TOOLS:
        status, _ = await trial.run("sh", "-c", f"! command -v {tool}")
        assert status == 0, f"{tool} is in the image"
    for said in ("test $(id -u) != 0", "! touch /opt/oops", "! touch /etc/oops", "touch data/x downloads/x x /tmp/x"):
        status, _ = await trial.run("sh", "-c", said)
        assert status == 0, f"not so: {said}"

    status, said = await trial.run("bossbotctl", "doctor", "--json")
    findings = json.loads(said)
    for finding in findings:
        print(f"  {finding['verdict']:8} {finding['name']}: {finding['found']}")
    assert status == 0, "doctor found faults"

    running = await trial.start(*trial.program)
    try:
        async with MediaServer() as site:
            await _fetch(trial, site, volumes)
        began = time.monotonic()
        psutil.Process(running.pid).children()[0].terminate()  # PID 1 of the container, as `docker stop` does it
        status = await asyncio.wait_for(running.wait(), 30)
        print(f"ended with {status} in {time.monotonic() - began:.1f} s")
        assert status == 0, "the end is orderly"
    finally:
        if running.returncode is None:
            running.kill()


async def _fetch(trial: Trial, site: MediaServer, volumes: Path) -> None:
    began = time.monotonic()
    health = json.loads(trial.health)
    await wait_until(lambda: _succeeds(trial, *health), 90, every=0.5, description="health")
    print(f"healthy after {time.monotonic() - began:.1f} s")
    content = os.urandom(4 * MIB)
    status, _ = await trial.run("bossbotctl", "add", site.add("/clip.bin", content))
    assert status == 0
    delivered = volumes / "downloads" / "delivered" / "clip.bin"
    await wait_until(delivered.exists, 30, description="the delivered file")
    assert delivered.read_bytes() == content
    print(f"fetched and delivered {len(content) // MIB} MiB")


async def _succeeds(trial: Trial, *argv: str) -> bool:
    return (await trial.run(*argv))[0] == 0
