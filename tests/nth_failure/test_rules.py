"""The rules see what is broken: a trial that finds nothing means something."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from core import migrate
from core.database import Database
from tests.nth_failure.rules import broken_rules
from tests.nth_failure.shapes import Shape, digest
from tests.support.discord_server import Channel, DiscordServer, posting
from tests.support.discord_server.bodies import Body, Upload
from tests.support.discord_server.messages import Message

SHAPE = Shape(url="https://site.test/a", files={"a.jpg": digest(b"a")})


@pytest.fixture
async def channel() -> Channel:
    return DiscordServer().add_guild("guild").add_text_channel("media")


def posted(channel: Channel, name: str = "a.jpg", content: bytes = b"a") -> Message:
    message = posting.compose(channel, channel.world.bot, {}, Body({}, {0: Upload(name, content)}))
    posting.show(message)
    return message


async def broken(directory: Path, channel: Channel, status: str, recorded: Message | None, said: str = "") -> str:
    database = directory / "boss-bot.db"
    opened = Database(f"sqlite+aiosqlite:///{database}")
    await migrate.upgrade(opened)
    await opened.close()
    with sqlite3.connect(database) as connection:
        values = "'https://site.test/a', ?, 'discord', 1, 'x', 'SendFailed', 'upload'"
        names = "url, status, destination, channel_id, error, error_kind, failed_stage"
        connection.execute(f"INSERT INTO downloads ({names}) VALUES ({values})", (status,))
        row = (None if recorded is None else recorded.id,)
        names = "download_id, position, path, kind, bytes, delivered_message_id"
        connection.execute(f"INSERT INTO media_files ({names}) VALUES (1, 0, '/a.jpg', 'image', 1, ?)", row)
    connection.close()
    downloads = directory / "downloads"
    messages = channel.messages
    return "; ".join(
        broken_rules(
            database=database, downloads=downloads, shape=SHAPE, messages=messages, said=said, secret="the token"
        )
    )


async def test_what_is_as_it_should_be_breaks_no_rule(tmp_path: Path, channel: Channel) -> None:
    assert await broken(tmp_path, channel, "uploaded", posted(channel)) == ""


async def test_a_row_that_stays_is_seen(tmp_path: Path, channel: Channel) -> None:
    assert "2: the row stays downloaded" in await broken(tmp_path, channel, "downloaded", None)


async def test_a_second_message_is_seen(tmp_path: Path, channel: Channel) -> None:
    posted(channel)
    assert "3: a.jpg was posted 2 times" in await broken(tmp_path, channel, "failed", posted(channel))


async def test_other_bytes_are_seen(tmp_path: Path, channel: Channel) -> None:
    found = await broken(tmp_path, channel, "uploaded", posted(channel, content=b"b"))
    assert "3: a.jpg is not what was fetched" in found


async def test_a_delivery_that_never_was_is_seen(tmp_path: Path, channel: Channel) -> None:
    assert "3: uploaded without a.jpg" in await broken(tmp_path, channel, "uploaded", None)


async def test_a_stray_file_and_a_secret_are_seen(tmp_path: Path, channel: Channel) -> None:
    left = tmp_path / "downloads" / ".staging" / "1-1"
    await asyncio.to_thread(left.mkdir, parents=True)
    found = await broken(tmp_path, channel, "uploaded", posted(channel), said="... the token ...")
    assert "4: left on disk: .staging/1-1" in found
    assert "8: the token is told" in found
