"""From a command on Discord to the file in the channel, by the real bot and both runners that it starts."""

import asyncio
import os

import pytest

from tests.acceptance.house import House
from tests.support.discord_server import DiscordServer, Fault
from tests.support.processes import wait_until

MIB = 1024 * 1024


@pytest.mark.parametrize("way", ["slash", "prefix"])
async def test_from_the_command_to_an_attachment_with_the_same_bytes(
    discord_house: House, discord: DiscordServer, way: str
) -> None:
    house = discord_house
    guild = discord.add_guild("Media lovers")
    channel = guild.add_text_channel("media")
    alice = guild.add_member("alice")
    content = os.urandom(2 * MIB)
    url = house.site.add("/clip.bin", content)
    await house.start("bot", BOSS_BOT_START_RUNNERS="true")
    await discord.wait_until_ready()
    await house.ready("upload")
    if way == "slash":
        await alice.use(channel, "download", url=url)
    else:
        await alice.write(channel, f"$download {url}")
    posted = await channel.wait_for(lambda message: bool(message.files), timeout=30)
    assert posted.files == {"clip.bin": content}
    row = await house.until(1, "uploaded")
    ours = [message for message in channel.messages if message.author.id == discord.bot.id]
    assert [message.id for message in ours] == [row["progress_message_id"], posted.id]
    assert posted.reference is not None
    await wait_until(lambda: house.row(1)["progress_message_status"] == "uploaded", 10, description="the last edit")


async def test_a_file_over_the_limit_fails_with_a_sentence(discord_house: House, discord: DiscordServer) -> None:
    house = discord_house
    guild = discord.add_guild("Small", upload_limit=MIB)
    channel = guild.add_text_channel("media")
    alice = guild.add_member("alice")
    url = house.site.add("/huge.bin", 2 * MIB)
    await house.start("bot", "download", "upload")
    await discord.wait_until_ready()
    await alice.use(channel, "download", url=url)
    await wait_until(lambda: bool(house.query("SELECT id FROM downloads WHERE id = 1")), 10, description="the row")
    row = await house.until(1, "failed")
    assert (row["error_kind"], row["failed_stage"]) == ("FileTooLarge", "upload")
    assert "huge.bin" in row["error"]
    await wait_until(lambda: house.row(1)["progress_message_status"] == "failed", 10, description="the last edit")
    assert not any(message.files for message in channel.messages)


async def test_two_upload_runners_post_each_file_once(discord_house: House, discord: DiscordServer) -> None:
    house = discord_house
    channel = discord.add_guild("Media lovers").add_text_channel("media")
    urls = [house.site.add(f"/{number}.bin", 10_000 + number) for number in range(12)]
    await house.start("download", "download", "upload", "upload")
    await house.ready("upload", 2)
    values = ", ".join(f"('{url}', 'discord', {channel.id})" for url in urls)
    await house.shell(f"INSERT INTO downloads (url, destination, channel_id) VALUES {values}")

    def delivered() -> bool:
        return int(house.query("SELECT count(*) FROM downloads WHERE status = 'uploaded'")[0][0]) == len(urls)

    await wait_until(delivered, 60, description=lambda: str(house.query("SELECT id, status, error FROM downloads")))
    names = sorted(name for message in channel.messages for name in message.files)
    assert names == sorted(f"{number}.bin" for number in range(12))


async def test_an_answer_comes_at_once_although_the_database_is_locked(
    discord_house: House, discord: DiscordServer
) -> None:
    house = discord_house
    guild = discord.add_guild("Media lovers")
    channel = guild.add_text_channel("media")
    alice = guild.add_member("alice")
    await house.start("bot")
    await discord.wait_until_ready()
    argv = ("sqlite3", str(house.database))
    shell = await asyncio.create_subprocess_exec(*argv, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE)
    assert shell.stdin is not None
    assert shell.stdout is not None
    shell.stdin.write(b"BEGIN IMMEDIATE; SELECT 'held';\n")
    await shell.stdin.drain()
    assert await shell.stdout.readline() == b"held\n"
    interaction = await alice.use(channel, "download", url=house.site.add("/x.bin", 1000))
    await interaction.answer(timeout=1)
    shell.stdin.write(b"COMMIT;\n.quit\n")
    await shell.communicate()
    await wait_until(lambda: len(house.query("SELECT id FROM downloads")) == 1, 10, description="the row")


async def test_a_server_error_after_the_message_was_made_posts_nothing_twice(
    discord_house: House, discord: DiscordServer
) -> None:
    house = discord_house
    channel = discord.add_guild("Media lovers").add_text_channel("media")
    discord.fail("POST", "/channels/*/messages", Fault.status(503, after=True), times=1)
    await house.start("download", "upload")
    await house.ready("upload")
    await house.ask(house.site.add("/once.bin", 50_000), destination="discord", channel_id=channel.id)
    await house.until(1, "uploaded")
    assert len(channel.messages) == 1
