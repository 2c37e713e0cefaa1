"""What is here already is not fetched again; what is kept lies where it belongs, with all that is known of it."""

import json
import os
import shutil
from pathlib import Path

from tests.acceptance.house import House
from tests.support.discord_server import DiscordServer

KIB = 1024


LONG = 60.0  # seconds; two processes begin first


async def test_media_that_was_posted_already_is_answered_with_its_message(
    discord_house: House, discord: DiscordServer, migrated_file: Path
) -> None:
    house = discord_house
    shutil.copy(migrated_file, house.database)
    guild = discord.add_guild("Media lovers")
    channel = guild.add_text_channel("media")
    content = os.urandom(200 * KIB)
    url = house.site.add("/clip.bin", content)
    here = {"destination": "discord", "channel_id": channel.id, "guild_id": guild.id}
    await house.start("download", "upload")

    await house.until(await house.ask(url, **here), "uploaded", timeout=LONG)
    (first,) = channel.messages
    served = house.site.bytes_served()

    link = f"https://discord.com/channels/{guild.id}/{channel.id}/{first.id}"
    row = await house.until(await house.ask(url, **here), "uploaded", timeout=LONG)
    assert (row["same_as"], row["same_by"], row["same_url"], row["file_path"]) == (1, "link", link, None)
    assert house.site.bytes_served() == served

    other_guild = discord.add_guild("Others")
    elsewhere = other_guild.add_text_channel("media")
    others = await house.ask(url, destination="discord", channel_id=elsewhere.id, guild_id=other_guild.id)
    forced = await house.ask(url, **here, options='{"force": true}')
    for id_ in (others, forced):
        assert (await house.until(id_, "uploaded", timeout=LONG))["same_as"] is None
    assert [message.files for message in elsewhere.messages if message.files] == [{"clip.bin": content}]

    for message in list(channel.messages):
        if message.files:
            message.deleted = True
    again = await house.ask(url, **here)
    row = await house.until(again, "uploaded", timeout=LONG)
    assert (row["same_as"], row["same_url"]) == (None, None)
    assert [message.files for message in channel.messages if message.files] == [{"clip.bin": content}]


async def test_kept_files_lie_by_guild_and_day_and_are_posted_without_being_fetched(
    discord_house: House, discord: DiscordServer, migrated_file: Path
) -> None:
    house = discord_house
    shutil.copy(migrated_file, house.database)
    guild = discord.add_guild("Media lovers")
    channel = guild.add_text_channel("media")
    content = os.urandom(300 * KIB)
    url = house.site.add("/film.bin", content)
    where = {"destination": "discord", "channel_id": channel.id, "guild_id": guild.id}
    await house.start("download", "upload")
    kept = await house.ask(url, **where, upload=0, user_id=7)
    row = await house.until(kept, "downloaded", timeout=LONG)
    home = house.downloads / str(guild.id) / row["added_at"][:10] / str(kept)
    assert Path(row["file_path"]) == home
    served = house.site.bytes_served()

    posted = await house.ask(url, **where)
    await house.until(posted, "uploaded", timeout=LONG)
    assert [message.files for message in channel.messages] == [{"film.bin": content}]
    assert house.site.bytes_served() == served
    assert (home / "film.bin").read_bytes() == content
    assert not (home.parent / str(posted)).exists()

    assert json.loads((home / "metadata.json").read_text())["download"]["asked_url"] == url
    assert "film.bin" in await house.ctl("storage")
    assert (await house.ctl("storage", "check")).splitlines()[-1].endswith("1 files checked")
