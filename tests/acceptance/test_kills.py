"""kill -9 of every process, in mid-transfer and in mid-upload: nothing lost, nothing twice, nothing fetched again."""

import os
import sqlite3
from pathlib import Path

import psutil
import pytest

from tests.acceptance.house import House
from tests.support.discord_server import DiscordServer, Fault
from tests.support.discord_server.channels import Channel
from tests.support.processes import Program, wait_until

MIB = 1024 * 1024
SIZE = 16 * MIB
IN_BUFFERS = 16 * 64 * 1024  # bytes that may lie in the guard for connections that break off; nobody has them then


@pytest.mark.parametrize("victim", ["bot", "download", "upload", "aria2c"])
async def test_killed_in_mid_transfer(discord_house: House, discord: DiscordServer, victim: str) -> None:
    house = discord_house
    guild = discord.add_guild("Media lovers")
    channel = guild.add_text_channel("media")
    alice = guild.add_member("alice")
    content = os.urandom(SIZE)
    url = house.site.add("/film.bin", content, etag='"one"', rate=64 * MIB)  # limited: small pieces
    house.site.pause("/film.bin", after=6 * MIB)
    (bot,) = await house.start("bot", BOSS_BOT_START_RUNNERS="true")
    await discord.wait_until_ready()
    await house.ready("upload")
    await alice.use(channel, "download", url=url)
    await house.held_at("/film.bin", 6 * MIB)
    child_of(bot, victim).kill()
    if victim == "bot":
        await bot.wait()
        await house.start("bot", BOSS_BOT_START_RUNNERS="true")
    if victim in ("bot", "download"):  # the orphaned aria2c ends first, with little in its buffers
        await wait_until(lambda: house.row(1)["epoch"] >= 2, 30, description="the next claim")
    house.let_go("/film.bin")
    await house.until(1, "uploaded", timeout=60)
    await delivered_once(house, channel, content)
    assert house.site.bytes_served("/film.bin") <= 1.05 * SIZE + IN_BUFFERS
    assert house.row(1)["attempts"] == 0


@pytest.mark.parametrize("made", [True, False], ids=["message made", "message not made"])
@pytest.mark.parametrize("victim", ["bot", "upload"])
async def test_killed_in_mid_upload(discord_house: House, discord: DiscordServer, victim: str, made: bool) -> None:
    house = discord_house
    guild = discord.add_guild("Media lovers")
    channel = guild.add_text_channel("media")
    alice = guild.add_member("alice")
    content = os.urandom(MIB)
    url = house.site.add("/film.bin", content)
    (bot,) = await house.start("bot", BOSS_BOT_START_RUNNERS="true")
    await discord.wait_until_ready()
    await house.ready("upload")
    message = await alice.use(channel, "download", url=url)
    await message.reply()
    fault = discord.fail("POST", "/channels/*/messages", Fault.slow(20, after=made), times=1)
    await wait_until(lambda: fault.struck > 0, 20, description="the post of the files")
    if made:
        await channel.wait_for(lambda message: bool(message.files))
    child_of(bot, victim).kill()
    if victim == "bot":
        await bot.wait()
        await house.start("bot", BOSS_BOT_START_RUNNERS="true")
    await house.until(1, "uploaded", timeout=60)
    await delivered_once(house, channel, content)
    assert house.site.bytes_served("/film.bin") <= 1.05 * MIB


async def delivered_once(house: House, channel: Channel, content: bytes) -> None:
    posted = [message for message in channel.messages if message.files]
    assert [message.files for message in posted] == [{"film.bin": content}]
    cards = [message for message in channel.messages if message.id == house.row(1)["progress_message_id"]]
    assert len(cards) == 1
    assert len(channel.messages) == 2
    assert house.query("SELECT delivered_message_id FROM media_files") == [(posted[0].id,)]
    await wait_until(lambda: house.row(1)["progress_message_status"] == "uploaded", 15, description="the last edit")
    with sqlite3.connect(house.database) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


def child_of(bot: Program, victim: str) -> psutil.Process:
    """The bot itself, one of its runners, or the aria2c below."""
    if victim == "bot":
        return psutil.Process(bot.pid)
    wanted = "aria2c" if victim == "aria2c" else f"pooler.{victim}_runner"
    (found,) = [one for one in bot.children() if wanted in {Path(word).name for word in one.cmdline()}]
    return found
