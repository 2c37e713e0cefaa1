"""No secret of the admin leaves its place, whatever fails: neither for logs, rows and messages nor for other processes.

Each secret is a marker that is found again: in what the real processes print, in every table, in what was said on
Discord, in the arguments of every process, the environment of their children, and the files that are left.
"""

import asyncio
import contextlib
import json
import sqlite3
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from xml.sax.saxutils import escape

import psutil
import pytest
from aiohttp import web

from tests.acceptance.house import House
from tests.support.discord_server import Channel, DiscordServer, Fault
from tests.support.media_server import MediaServer
from tests.support.processes import Program, Programs, free_port, wait_until
from tests.support.sample_media import page

RPC = "marker-of-the-rpc-4711"
S3 = "marker-of-the-store-4712"
COOKIE = "marker-of-a-cookie-4713"
PROXY = "marker-of-a-proxy-4714"
ACCOUNT = "marker-of-an-account-4715"
UPSTREAM = "marker-of-all-proxies-4716"
OURS = ("sites.toml", "cookies.txt", "gallery.json", ".env")  # where the admin wrote them
PRIVATE = 0o077
ENDS = ("uploaded", "downloaded", "failed")


@pytest.fixture
async def discord() -> AsyncIterator[DiscordServer]:
    async with DiscordServer() as server:
        yield server


@pytest.fixture
async def site() -> AsyncIterator[MediaServer]:
    async with MediaServer() as site:
        yield site


def settings_in(directory: Path, discord: DiscordServer, store: str) -> dict[str, str]:
    """Every secret that there can be, each where an admin puts it."""
    files = {
        "cookies.txt": f"# Netscape HTTP Cookie File\n127.0.0.1\tFALSE\t/\tFALSE\t0\tsession\t{COOKIE}\n",
        "sites.toml": f'[sites."127.0.0.1"]\ncookies = "cookies.txt"\n[sites."127.0.0.3"]\n'
        f'proxy = "http://someone:{PROXY}@127.0.0.1:{free_port()}"\n',
        "gallery.json": json.dumps({"extractor": {"mastodon": {"access-token": ACCOUNT}}}),
        ".env": f"BOSS_BOT_DISCORD_TOKEN={discord.token}\nS3_SECRET_ACCESS_KEY={S3}\n",
    }
    for name, text in files.items():
        path = directory / name
        path.touch(mode=0o600)
        path.write_text(text)
    return {
        "SITES_FILE": str(directory / "sites.toml"),
        "GALLERY_DL_CONFIG_FILE": str(directory / "gallery.json"),
        "S3_ACCESS_KEY_ID": "someone",
        "S3_ENDPOINT_URL": store,
        "BOSS_BOT_DISCORD_TOKEN": "",  # it is in .env
        "MAX_DOWNLOAD_RETRIES": "0",
        "BROWSER_TIMEOUT": "8",
        "BOSS_BOT_LOG_LEVEL": "TRACE",
        "EGRESS_ALLOW": "127.0.0.0/8",
    }


@contextlib.asynccontextmanager
async def refusing_store() -> AsyncIterator[str]:
    """An S3 that says no, and repeats what it was told."""

    async def refuse(request: web.Request) -> web.Response:
        await request.read()
        said = escape(request.headers.get("Authorization", ""))
        body = f"<Error><Code>AccessDenied</Code><Message>Not with {said}</Message></Error>"
        return web.Response(status=403, text=body, content_type="application/xml")

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", refuse)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def leaks(text: str, secrets: set[str]) -> set[str]:
    return {secret for secret in secrets if secret in text}


def everything_in(database: Path) -> str:
    """All rows of all tables, as text."""
    with contextlib.closing(sqlite3.connect(database, timeout=10)) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return "\n".join(str(row) for name in names for row in connection.execute(f'SELECT * FROM "{name}"'))


def own_keys(directory: Path) -> set[str]:
    """The secrets that the program made itself: those of its aria2c."""
    return {
        line.partition("=")[2]
        for path in directory.glob("data/aria2/*.conf")
        for line in path.read_text().splitlines()
        if line.startswith("rpc-secret=")
    }


def seen_by_others(programs: Programs, mains: set[int]) -> Iterator[tuple[str, str]]:
    """What everybody sees of processes, and what their children were given; `mains` are those that may know."""
    for process in programs.left():
        with contextlib.suppress(psutil.Error):
            command = process.cmdline()
            yield f"arguments of {command[:4]}", "\0".join(command)
            # Between fork and exec a child is what its parent is; nothing of a stranger runs in it yet.
            begins = process.ppid() in mains and command == psutil.Process(process.ppid()).cmdline()
            if process.pid not in mains and not begins:
                yield f"environment of {command[:4]}", str(process.environ())


async def watch(programs: Programs, mains: set[int], secrets: set[str], found: set[str], names: set[str]) -> None:
    """Look again and again, because children come and go."""
    while True:
        for what, text in seen_by_others(programs, mains):
            names.add(what)
            if leaks(text, secrets):
                found.add(what)
        await asyncio.sleep(0.1)


def add_failures(site: MediaServer, channel: Channel) -> list[dict[str, object]]:
    """Rows that end in every way: a site that repeats its cookie, that refuses it, a proxy, a store, nothing at all."""
    film = {"@type": "VideoObject", "@context": "https://schema.org", "contentUrl": site.url("/film.mp4")}
    said = json.dumps(film | {"name": f"Your cookie is session={COOKIE}", "thumbnailUrl": site.url(f"/{COOKIE}.jpg")})
    script = f'<script type="application/ld+json">{said}</script>'
    site.add("/film.mp4", 100_000, content_type="video/mp4")
    there = {"destination": "discord", "channel_id": channel.id}
    store = {"destination": "folder", "options": json.dumps({"to": "s3://bucket/prefix"})}
    return [
        {"url": site.add("/fine.bin", 50_000), **there},
        {"url": site.add("/private.bin", 10, cookie="session=another"), **there},
        {"url": site.add_page("/echo", page(f"Hello {COOKIE}", script)), **there},
        {"url": site.add_page("/nothing", page("Nothing", "<p>nothing</p>")), **there},
        {"url": site.add("/broken.bin", 50_000, status=500), **there},
        {"url": "http://127.0.0.3:8080/by-proxy.bin", **there},
        {"url": site.add("/to-the-store.bin", 20_000), **store},
    ]


async def test_nothing_tells_a_secret_whatever_fails(
    tmp_path: Path, programs: Programs, discord: DiscordServer, site: MediaServer
) -> None:
    channel = discord.add_guild("guild").add_text_channel("media")
    house = House(directory=tmp_path, programs=programs, site=site)
    async with refusing_store() as store:
        environment = settings_in(tmp_path, discord, store) | {
            "DISCORD_API_BASE": discord.api_base,
            "DISCORD_GATEWAY_URL": discord.gateway_url,
            "BOSS_BOT_START_RUNNERS": "true",
        }
        (bot,) = await house.start("bot", **environment)
        await discord.wait_until_ready()
        await house.ready("download")
        await house.ready("upload")
        own = await wait_until(lambda: own_keys(tmp_path), 30, description="the key of aria2c")
        secrets = {discord.token, S3, COOKIE, PROXY, ACCOUNT} | own
        found, names = set[str](), set[str]()
        watching = asyncio.create_task(watch(programs, mains_of(bot), secrets, found, names))
        discord.fail("POST", "/channels/*/messages", Fault.status(403), times=1)
        rows = [await house.ask(str(row.pop("url")), **row) for row in add_failures(site, channel)]

        def over() -> bool:
            return all(house.row(row)["status"] in ENDS or house.row(row)["error"] for row in rows)

        await wait_until(over, 90, description=lambda: str([house.row(row) for row in rows]))
        # While they run: what is on disk for them is for this user alone.
        assert [path for path in tmp_path.glob("data/aria2/*.conf") if path.stat().st_mode & PRIVATE] == []
        watching.cancel()
        await bot.terminate(30)
    assert {house.row(row)["error_kind"] for row in rows} >= {"LoginRequired", "SourceUnreachable"}
    assert any("aria2c" in name for name in names), names
    assert found == set()
    assert leaks(bot.output, secrets) == set()
    assert "export them anew" in bot.output
    assert leaks(everything_in(house.database), secrets) == set()
    assert "Your cookie is session=[secret]" in everything_in(house.database)
    assert leaks(str(channel.messages) + "".join(str(request.payload) for request in discord.log), secrets) == set()
    assert {path.name for path in files_with(tmp_path, secrets)} <= set(OURS)


def mains_of(bot: Program) -> set[int]:
    """The bot and both runners, which must know what they use."""
    return {bot.pid, *(child.pid for child in bot.children() if "pooler." in " ".join(child.cmdline()))}


def files_with(directory: Path, secrets: set[str]) -> list[Path]:
    return [
        path
        for path in directory.rglob("*")
        if path.is_file() and any(secret.encode() in path.read_bytes() for secret in secrets)
    ]


async def test_a_shared_aria2c_that_refuses_the_secret_does_not_make_it_known(
    tmp_path: Path, programs: Programs, site: MediaServer
) -> None:
    house = House(directory=tmp_path, programs=programs, site=site)
    port = free_port()
    options = ("--enable-rpc", f"--rpc-listen-port={port}", "--rpc-secret=another-one", "--no-conf", "--quiet")
    await programs.start(["aria2c", *options], name="aria2c")
    (runner,) = await house.start(
        "download", ARIA2C_RPC_URL=f"http://127.0.0.1:{port}/jsonrpc", ARIA2C_RPC_SECRET=RPC, BOSS_BOT_LOG_LEVEL="TRACE"
    )
    await house.ready("download")
    row = await house.ask(site.add("/fine.bin", 50_000))
    await wait_until(lambda: house.row(row)["epoch"] > 0, 30, description="a claim")
    await runner.wait_for_output("aria2c refuses the secret", 30)
    await runner.terminate(30)
    assert leaks(runner.output, {RPC}) == set()
    assert leaks(everything_in(house.database), {RPC}) == set()


async def test_a_proxy_that_refuses_does_not_make_its_password_known(
    tmp_path: Path, programs: Programs, site: MediaServer
) -> None:
    house = House(directory=tmp_path, programs=programs, site=site)
    async with MediaServer() as proxy:  # says 404 to whatever it is asked to connect to
        address = f"http://someone:{UPSTREAM}@127.0.0.1:{proxy.port}"
        (runner,) = await house.start("download", EGRESS_PROXY=address, MAX_DOWNLOAD_RETRIES="0")
        await house.ready("download")
        found, names = set[str](), set[str]()
        watching = asyncio.create_task(watch(programs, {runner.pid}, {UPSTREAM}, found, names))
        rows = [await house.ask(site.add("/fine.bin", 50_000)), await house.ask(site.add_page("/page", "<p>x</p>"))]
        for row in rows:
            await house.until(row, "failed", timeout=60)
        watching.cancel()
        assert found == set()
        assert leaks(runner.output, {UPSTREAM}) == set()
        assert leaks(everything_in(house.database), {UPSTREAM}) == set()
        assert files_with(tmp_path, {UPSTREAM}) == []


@pytest.mark.parametrize("kind", ["download", "upload", "bot"])
async def test_a_start_that_fails_says_why_without_the_password(tmp_path: Path, programs: Programs, kind: str) -> None:
    async with MediaServer() as site:
        house = House(directory=tmp_path, programs=programs, site=site)
        url = f"postgresql+asyncpg://someone:{UPSTREAM}@127.0.0.1:{free_port()}/nothing"
        (program,) = await house.start(kind, BOSS_BOT_DATABASE_URL=url, BOSS_BOT_DISCORD_TOKEN=RPC)
        assert await program.wait(30) != 0
        assert program.output
        assert leaks(program.output, {UPSTREAM, RPC}) == set()
