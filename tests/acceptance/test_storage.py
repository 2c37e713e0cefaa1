"""What is here already is not fetched again; what is kept lies where it belongs, with all that is known of it."""

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.house import House
from tests.support.discord_server import Channel, DiscordServer, Guild

KIB = 1024
LONG = 60.0  # seconds; two processes begin first


@dataclass(frozen=True, slots=True, kw_only=True)
class Lovers:
    """A guild that shares one clip."""

    house: House
    guild: Guild
    channel: Channel
    content: bytes
    url: str

    def into(self, channel: Channel) -> dict[str, Any]:
        """The columns of who asks in a channel of the guild."""
        return {"destination": "discord", "channel_id": channel.id, "guild_id": self.guild.id}


@pytest.fixture
async def lovers(discord_house: House, discord: DiscordServer, migrated_file: Path) -> Lovers:
    """Both runners are starting."""
    shutil.copy(migrated_file, discord_house.database)
    guild = discord.add_guild("Media lovers")
    content = os.urandom(300 * KIB)
    url = discord_house.site.add("/clip.bin", content)
    await discord_house.start("download", "upload")
    return Lovers(house=discord_house, guild=guild, channel=guild.add_text_channel("media"), content=content, url=url)


async def test_media_that_was_posted_already_is_answered_with_its_message(
    lovers: Lovers, discord: DiscordServer
) -> None:
    house, guild, channel, content, url = lovers.house, lovers.guild, lovers.channel, lovers.content, lovers.url
    here = lovers.into(channel)
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


async def test_two_who_ask_at_once_have_it_fetched_once(lovers: Lovers, discord: DiscordServer) -> None:
    house, channel, other = lovers.house, lovers.channel, lovers.guild.add_text_channel("talk")
    house.site.change("/clip.bin", rate=200 * KIB)
    first = await house.ask(lovers.url, **lovers.into(channel), user_id=7)
    await house.until(first, "downloading", timeout=LONG)  # of those that are claimed together any may be the first
    second = await house.ask(lovers.url, **lovers.into(channel), user_id=8)
    elsewhere = await house.ask(lovers.url, **lovers.into(other), user_id=9)
    for id_ in (first, second, elsewhere):
        await house.until(id_, "uploaded", timeout=LONG)
    assert (house.row(second)["same_as"], house.row(second)["same_by"]) == (first, "link")
    for place in (channel, other):
        assert [message.files for message in place.messages if message.files] == [{"clip.bin": lovers.content}]
    assert house.site.bytes_served() < 1.5 * len(lovers.content)


async def test_kept_files_lie_by_guild_and_day_and_are_posted_without_being_fetched(lovers: Lovers) -> None:
    house, guild, channel, content, url = lovers.house, lovers.guild, lovers.channel, lovers.content, lovers.url
    where = lovers.into(channel)
    kept = await house.ask(url, **where, upload=0, user_id=7)
    row = await house.until(kept, "downloaded", timeout=LONG)
    home = house.downloads / str(guild.id) / row["added_at"][:10] / str(kept)
    assert Path(row["file_path"]) == home
    served = house.site.bytes_served()

    posted = await house.ask(url, **where)
    await house.until(posted, "uploaded", timeout=LONG)
    assert [message.files for message in channel.messages] == [{"clip.bin": content}]
    assert house.site.bytes_served() == served
    assert (home / "clip.bin").read_bytes() == content
    assert not (home.parent / str(posted)).exists()

    assert json.loads((home / "metadata.json").read_text())["download"]["asked_url"] == url
    assert "clip.bin" in await house.ctl("storage")
    assert (await house.ctl("storage", "check")).splitlines()[-1].endswith("1 files checked")
