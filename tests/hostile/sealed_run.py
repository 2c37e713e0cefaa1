"""A download runner in network namespaces of its own, where every address is a canary; run as a process of its own.

`unshare --user --map-root-user --net --mount --pid --fork --mount-proc --kill-child python -m tests.hostile.sealed_run
DIRECTORY DATABASE` takes the whole catalogue through one runner and leaves `DIRECTORY/report.json`.

The runner lives in the *house*, whose loopback and own addresses are canaries on a few ports. All that it sends
elsewhere goes to the *internet*, another namespace.
"""

import asyncio
import json
import os
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from tests.hostile.address_cases import Case, catalogue, write_files
from tests.hostile.internet import PORTS, RESOLVER
from tests.support.processes import Programs, wait_until

SETTLED = ("downloaded", "failed", "cancelled")
STALLS = "by torrent"  # has no peers, and waits for some
SETTINGS = {
    "ARIA2C_RPC_URL": None,
    "BOSS_BOT_MAX_CONCURRENT_DOWNLOADS": "24",
    "BROWSER_TIMEOUT": "8",
    "EGRESS_ALLOW": None,
    "MAX_DOWNLOAD_RETRIES": "0",
    "CONNECTIONS_PER_HOST": "256",
    "SITES_FILE": "sites.toml",
}
ADDRESSES = ("10.0.0.5", "169.254.169.254", "192.168.1.5", "fd00::5", "fe80::1%house", "127.0.0.1", "::1", "198.18.0.2")


def ip(*arguments: str, within: int | None = None) -> None:
    """Run ip(8), in the namespace of a process when one is given."""
    entered = ("nsenter", f"--net=/proc/{within}/ns/net") if within else ()
    subprocess.run([*entered, "ip", *arguments], check=True, timeout=10)


def connect_namespaces(internet: int) -> None:
    """Lay the cable between the house and a process that is the internet; its every address is then answered there."""
    ip("link", "set", "lo", "up")
    ip("link", "add", "house", "type", "veth", "peer", "name", "world")
    ip("link", "set", "world", "netns", str(internet))
    ip("addr", "add", "198.18.0.2/30", "dev", "house")
    ip("-6", "addr", "add", "2001:2::2/64", "dev", "house", "nodad")
    ip("link", "set", "house", "up")
    ip("link", "set", "lo", "up", within=internet)
    ip("addr", "add", f"{RESOLVER}/30", "dev", "world", within=internet)
    for address in ("2001:2::1/64", "fe80::1/64"):
        ip("-6", "addr", "add", address, "dev", "world", "nodad", within=internet)
    ip("link", "set", "world", "up", within=internet)
    ip("route", "add", "local", "0.0.0.0/0", "dev", "lo", within=internet)
    # Not in the table `local`, which would keep the answers to the house too.
    ip("-6", "route", "add", "local", "::/0", "dev", "lo", "table", "main", within=internet)
    ip("route", "add", "default", "via", RESOLVER)
    ip("-6", "route", "add", "default", "via", "2001:2::1")


def resolve_by(server: str, directory: Path) -> None:
    """Ask this name server alone, in this mount namespace."""
    written = directory / "resolv.conf"
    written.write_text(f"nameserver {server}\noptions timeout:2 attempts:2\n")
    subprocess.run(["mount", "--bind", written, "/etc/resolv.conf"], check=True, timeout=10)


class Canaries:
    """Listen on every address of the house; what connects is a hit."""

    def __init__(self) -> None:
        self.hits: list[str] = []

    async def open(self) -> None:
        """On the ports that the catalogue names."""
        for port in PORTS:
            for host in ("0.0.0.0", "::"):
                await asyncio.start_server(self._hear, host, port)
        for family, host in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):
            listener = socket.socket(family, socket.SOCK_DGRAM)
            if family == socket.AF_INET6:
                listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            listener.bind((host, 3478))
            listener.setblocking(False)
            asyncio.get_running_loop().add_reader(listener, self._take(listener, host))

    async def _hear(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.hits.append(f"tcp {':'.join(map(str, writer.get_extra_info('sockname')[:2]))}")
        writer.close()

    def _take(self, listener: socket.socket, host: str) -> Callable[[], None]:
        def take() -> None:
            listener.recvfrom(65535)
            self.hits.append(f"udp {host} 3478")

        return take


class Rows:
    """The person with the database shell."""

    def __init__(self, database: Path) -> None:
        self._database = database

    def shell(self, statement: str, *values: Any) -> list[sqlite3.Row]:
        """One statement."""
        connection = sqlite3.connect(self._database, isolation_level=None, timeout=10)
        connection.row_factory = sqlite3.Row
        try:
            return connection.execute(statement, values).fetchall()
        finally:
            connection.close()

    def ask(self, case: Case) -> int:
        """Insert its row."""
        statement = "INSERT INTO downloads (url, upload, options) VALUES (?, 0, ?) RETURNING id"
        return int(self.shell(statement, case.url, json.dumps(case.options))[0]["id"])

    def open(self) -> list[int]:
        """The rows that have not ended."""
        marks = ", ".join("?" * len(SETTLED))
        return [row["id"] for row in self.shell(f"SELECT id FROM downloads WHERE status NOT IN ({marks})", *SETTLED)]


async def prove_canaries(canaries: Canaries, events: Path) -> None:
    """Connect to each kind of address once: a canary that hears nothing now would prove nothing later.

    Raises:
        TimeoutError: one of them is deaf.
    """
    for address in ADDRESSES:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        target = socket.getaddrinfo(address, 80, family, socket.SOCK_STREAM)[0][4]
        with socket.socket(family, socket.SOCK_STREAM) as tried:
            tried.setblocking(False)
            try:
                async with asyncio.timeout(5):
                    await asyncio.get_running_loop().sock_connect(tried, target)
            except (TimeoutError, OSError):
                raise TimeoutError(f"{address} can't be reached") from None
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as tried:
        tried.sendto(b"x", ("10.0.0.5", 3478))
        tried.sendto(b"x", ("127.0.0.1", 3478))

    def heard() -> bool:
        seen = [*canaries.hits, *(each["what"].removesuffix(" 80") for each in read(events, "hit"))]
        found = {text.partition(" ")[2].removesuffix(":80") for text in seen}
        return {address.partition("%")[0] for address in ADDRESSES} <= found and "10.0.0.5 3478" in found

    await wait_until(heard, 5, description=lambda: f"all canaries, but: {canaries.hits} {read(events, 'hit')}")
    canaries.hits.clear()


def read(events: Path, kind: str) -> list[dict[str, str]]:
    """What the internet wrote down."""
    lines = [json.loads(line) for line in events.read_text().splitlines()]
    return [line for line in lines if line["kind"] == kind]


async def main(directory: Path, database: Path) -> None:
    """All of it."""
    served, events = directory / "served", directory / "events"
    served.mkdir()
    write_files(served)
    (directory / "sites.toml").write_text('[sites."other.example"]\ngallery_instance = "mastodon"\n')
    internet = await asyncio.create_subprocess_exec(
        *("unshare", "--net", sys.executable, "-m", "tests.hostile.internet", events, served),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert internet.stdin, "a pipe"
    assert internet.stdout, "a pipe"
    await internet.stdout.readline()  # it is in its namespace
    connect_namespaces(internet.pid)
    internet.stdin.write(b"go\n")
    await internet.stdout.readline()  # it listens
    resolve_by(RESOLVER, directory)
    canaries = Canaries()
    await canaries.open()
    await prove_canaries(canaries, events)
    events.write_text("")

    rows = Rows(database)
    asked = {rows.ask(case): case for case in catalogue()}
    async with AsyncExitStack() as stack:
        programs = await stack.enter_async_context(Programs(directory / "programs"))
        runner = await programs.start(
            [sys.executable, "-m", "pooler.download_runner"],
            env={
                **SETTINGS,
                "BOSS_BOT_DATABASE_URL": f"sqlite+aiosqlite:///{database}",
                "BOSS_BOT_DATA_DIR": str(directory / "data"),
                "DOWNLOAD_DIR": str(directory / "downloads"),
                "HOME": str(directory),
            },
            cwd=directory,
        )
        stalled = {number for number, case in asked.items() if case.name.startswith(STALLS)}
        try:
            await wait_until(lambda: not set(rows.open()) - stalled, 240, every=0.2)
        except TimeoutError as error:
            sys.stderr.write(f"{error}\n")
        rows.shell("UPDATE downloads SET cancelled = 1 WHERE status NOT IN ('downloaded', 'failed')")
        await wait_until(lambda: not rows.open(), 20, every=0.1)
        lived = runner.running
        await runner.terminate(20)
    internet.stdin.close()
    await internet.wait()
    report = {
        "lived": lived,
        "rows": {
            asked[row["id"]].name: [row["status"], row["error_kind"], row["error"]]
            for row in rows.shell("SELECT id, status, error_kind, error FROM downloads")
        },
        "hits": sorted({*canaries.hits, *(each["what"] for each in read(events, "hit"))}),
        "ran": sorted({each["what"] for each in read(events, "asked")}),
        "names": sorted(each["what"] for each in read(events, "name")),
    }
    (directory / "report.json").write_text(json.dumps(report))


if __name__ == "__main__":
    os.chdir(sys.argv[1])
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2])))
