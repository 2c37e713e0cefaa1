"""An admin's shell holds the database for half a minute, twice a lease, while all processes are at work."""

import asyncio
import os
import time
from contextlib import closing
from sqlite3 import connect

from tests.acceptance.house import House
from tests.support.discord_server import DiscordServer, Fault
from tests.support.processes import wait_until

KIB = 1024
HELD = 30.0  # seconds; CLAIM_LEASE is 15
HOLDERS = "SELECT id, status, claimed_by FROM downloads WHERE claimed_by IS NOT NULL ORDER BY id"
ENDED_BY = "SELECT actor FROM events WHERE download_id = ? AND moved_to = ?"
WINDOW = 2.5  # seconds in which a command must be acknowledged; Discord waits for 3


async def test_a_lock_that_outlasts_the_leases_loses_and_doubles_nothing(
    discord_house: House, discord: DiscordServer
) -> None:
    house = discord_house
    guild = discord.add_guild("Media lovers")
    channel = guild.add_text_channel("media")
    alice = guild.add_member("alice")
    content = {f"{name}.bin": os.urandom(200 * KIB) for name in ("sent", "fetched", "one", "two", "three")}
    sent, fetched, *asked = [house.site.add(f"/{name}", body) for name, body in content.items()]
    house.site.change("/fetched.bin", rate=7 * KIB)  # for as long as the lock
    programs = await house.start("bot", "download", "download", "upload", "upload", COMMAND_COOLDOWNS="false")
    await discord.wait_until_ready()
    await house.ready("download", 2)
    await house.ready("upload", 2)
    await (await alice.use(channel, "download", url=sent)).reply()
    slow = discord.fail("POST", "/channels/*/messages", Fault.slow(HELD / 3), times=1)
    await wait_until(lambda: slow.struck > 0, 30, description="the post of the files")
    await (await alice.use(channel, "download", url=fetched)).reply()
    downloading = "SELECT id FROM downloads WHERE status = 'downloading'"
    await wait_until(lambda: house.query(downloading) == [(2,)], 30, description="the transfer")

    with closing(connect(house.database, isolation_level=None, timeout=10)) as shell:
        shell.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        for number, url in enumerate(asked):
            await asyncio.sleep(max(0.0, began + number * HELD / 3 - time.monotonic()))
            await (await alice.use(channel, "download", url=url)).answer(WINDOW)
        await asyncio.sleep(max(0.0, began + HELD - time.monotonic()))
        held = {id_: (status, runner) for id_, status, runner in shell.execute(HOLDERS)}
        shell.execute("COMMIT")

    assert {id_: status for id_, (status, _) in held.items()} == {1: "uploading", 2: "downloading"}
    house.site.change("/fetched.bin", rate=None)
    for number in range(1, 6):
        row = await house.until(number, "uploaded", timeout=60)
        claims = house.query("SELECT count(*) FROM events WHERE download_id = ? AND moved_to = 'uploading'", number)
        assert (row["attempts"], row["epoch"], claims) == (0, 2, [(1,)]), "each stage claimed it once"
    for number, (status, runner) in held.items():
        ended = house.query(ENDED_BY, number, "downloaded" if status == "downloading" else "uploaded")
        assert ended == [(runner,)], "the one who held it when the lock began"
    posted = [message.files for message in channel.messages if message.files]
    assert sorted(name for files in posted for name in files) == sorted(content)
    assert all(content[name] == body for files in posted for name, body in files.items())
    for program in programs:
        assert program.running
        assert "Traceback" not in program.output
