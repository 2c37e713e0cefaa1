"""Deliveries to a Discord channel when all goes well."""

import asyncio
import math
import sqlite3
from pathlib import Path

import pytest

from core.errors import FileTooLarge
from core.models import Status
from core.requests import Requests
from tests.support.discord_server import MIB, Channel, DiscordServer, Fault
from tests.support.processes import wait_until
from tests.upload_module.given import ONE, Stage, downloaded
from upload_module.upload_manager import Limits

MESSAGES = "/channels/*/messages"


async def test_a_file_is_posted_recorded_and_removed(stage: Stage, channel: Channel) -> None:
    row = await downloaded(stage.database, stage.download_dir, channel=channel, title="A *clip*", attempts=3)
    done = await stage.deliver(row)
    (message,) = channel.messages
    assert message.files == ONE
    assert message.content == r"**A \*clip\***" + f"\n-# <https://site.test/clip> · #{row}"
    (file,) = await stage.files(row)
    assert file.delivered_message_id == message.id
    assert file.delivered_url == message.attachments[0].url
    assert (done.status, done.attempts, done.progress, done.file_path) == (Status.UPLOADED, 0, 100, None)
    assert not (stage.download_dir / str(row)).exists()


async def test_files_are_kept_where_the_admin_wants_it(stage: Stage, channel: Channel) -> None:
    stage.cleanup = False
    row = await downloaded(stage.database, stage.download_dir, channel=channel)
    done = await stage.deliver(row)
    assert done.file_path == str(stage.download_dir / str(row))
    assert (stage.download_dir / str(row) / "clip.mp4").exists()


async def test_many_files_go_into_few_messages_in_their_order(stage: Stage, channel: Channel) -> None:
    files = {f"{number:02}.jpg": bytes([number]) * 100 for number in range(23)}
    await stage.deliver(await downloaded(stage.database, stage.download_dir, files, channel=channel))
    assert [len(message.attachments) for message in channel.messages] == [10, 10, 3]
    assert [message.content[-3:] for message in channel.messages] == ["1/3", "2/3", "3/3"]
    posted = [name for message in channel.messages for name in message.files]
    assert posted == list(files)


async def test_what_is_done_now_is_shown(
    stage: Stage, channel: Channel, sqlite_file: Path, discord: DiscordServer
) -> None:
    stage.limits = Limits(file=MIB, message=MIB, files=1)
    discord.fail("POST", MESSAGES, Fault.slow(0.5), skip=1)
    row = await downloaded(stage.database, stage.download_dir, {"a": b"1", "b": b"2"}, channel=channel)

    async def shown() -> bool:
        return (await stage.now(row)).activity == "sending 2/2"

    working = asyncio.create_task(stage.deliver(row))
    await wait_until(shown)
    await working


async def test_the_message_answers_the_progress_message(stage: Stage, channel: Channel, discord: DiscordServer) -> None:
    await stage.deliver(await downloaded(stage.database, stage.download_dir, channel=channel))
    first = channel.messages[0]
    row = await downloaded(stage.database, stage.download_dir, channel=channel, progress_message_id=first.id)
    await stage.deliver(row)
    assert channel.messages[1].reference is first
    assert channel.messages[1].mentions == []


async def test_a_progress_message_that_is_gone_is_no_obstacle(stage: Stage, channel: Channel) -> None:
    row = await downloaded(stage.database, stage.download_dir, channel=channel, progress_message_id=12345)
    assert (await stage.deliver(row)).status is Status.UPLOADED


async def test_a_title_full_of_mentions_pings_nobody(stage: Stage, channel: Channel) -> None:
    title = f"@everyone @here <@{channel.guild.members[0].user.id if channel.guild else 0}> <@&1>"
    await stage.deliver(await downloaded(stage.database, stage.download_dir, channel=channel, title=title))
    (message,) = channel.messages
    assert not message.mentions_everyone
    assert message.mentions == []


async def test_a_spoiler_is_hidden(stage: Stage, channel: Channel) -> None:
    options = '{"spoiler": true}'
    await stage.deliver(await downloaded(stage.database, stage.download_dir, channel=channel, options=options))
    assert channel.messages[0].attachments[0].is_spoiler


async def test_a_hostile_name_is_shown_clean(stage: Stage, channel: Channel) -> None:
    name = "exe\u202e4pm.\x07clip" + "x" * 200 + ".mp4"
    await stage.deliver(await downloaded(stage.database, stage.download_dir, {name: b"1"}, channel=channel))
    (shown,) = channel.messages[0].files
    assert shown.startswith("exe4pm.clipxxx")
    assert len(shown) == 100


async def test_a_direct_message_needs_no_guild(stage: Stage, discord: DiscordServer) -> None:
    member = discord.add_guild("guild").add_member("alice")
    dm = discord.world.dm_with(member.user)
    await stage.deliver(await downloaded(stage.database, stage.download_dir, channel=dm))
    assert dm.messages[0].files == ONE


async def test_the_nonce_is_committed_before_the_send(
    stage: Stage, channel: Channel, discord: DiscordServer, sqlite_file: Path
) -> None:
    discord.fail("POST", MESSAGES, Fault.slow(0.5, after=True))
    working = asyncio.create_task(stage.deliver(await downloaded(stage.database, stage.download_dir, channel=channel)))
    message = await channel.wait_for(lambda one: bool(one.attachments))
    with sqlite3.connect(sqlite_file) as shell:
        (committed,) = shell.execute("SELECT nonce FROM media_files WHERE delivered_message_id IS NULL").fetchone()
    shell.close()
    assert message.nonce == committed
    await working


@pytest.mark.parametrize(
    ("row_limit", "learned", "boost_tier", "fits"),
    [
        (5 * MIB, 50 * MIB, 3, False),
        (50 * MIB, 5 * MIB, 0, True),
        (None, 5 * MIB, 3, False),
        (None, 50 * MIB, 0, True),
        (None, None, 0, False),
        (None, None, 2, True),
    ],
)
async def test_the_limit_is_what_was_seen_learned_or_said(
    stage: Stage, discord: DiscordServer, row_limit: int | None, learned: int | None, boost_tier: int, fits: bool
) -> None:
    guild = discord.add_guild("guild", boost_tier=boost_tier, upload_limit=100 * MIB)
    channel = guild.add_text_channel("media")
    if learned:
        await Requests(stage.database, actor="bot").learn_upload_limit(guild.id, learned)
    files = {"clip.mp4": bytes(21 * MIB)}
    row = await downloaded(stage.database, stage.download_dir, files, channel=channel, upload_limit_bytes=row_limit)
    if fits:
        await stage.deliver(row)
    else:
        with pytest.raises(FileTooLarge, match=r"this server takes (5|20) MiB"):
            await stage.deliver(row)
        assert channel.messages == []


async def test_a_limit_is_learned_when_discord_refuses(stage: Stage, discord: DiscordServer) -> None:
    guild = discord.add_guild("guild", upload_limit=8 * MIB)
    channel = guild.add_text_channel("media")
    files = {"small.mp4": b"1", "large.mp4": bytes(9 * MIB)}
    row = await downloaded(stage.database, stage.download_dir, files, channel=channel)
    with pytest.raises(FileTooLarge, match=r"large\.mp4 is 9 MiB; this server takes 8 MiB"):
        await stage.deliver(row)
    assert await stage.queries.learned_upload_limit(guild.id) == 8 * MIB
    assert (await stage.now(row)).upload_limit_bytes == 8 * MIB
    sent = [message.files.keys() for message in channel.messages]
    assert sent in ([], [{"small.mp4"}]), "nothing twice"


async def test_a_message_that_is_too_large_is_split(stage: Stage, discord: DiscordServer, channel: Channel) -> None:
    discord.settings.request_limit = 6 * MIB
    files = {f"{number}.mp4": bytes([number]) * (2 * MIB) for number in range(5)}
    await stage.deliver(await downloaded(stage.database, stage.download_dir, files, channel=channel))
    posted = {name: content for message in channel.messages for name, content in message.files.items()}
    assert posted == files
    assert sum(len(message.attachments) for message in channel.messages) == 5


async def test_a_server_that_finds_everything_too_large_is_not_asked_for_ever(
    stage: Stage, discord: DiscordServer, channel: Channel
) -> None:
    refused = discord.fail("POST", MESSAGES, Fault.too_large(), times=math.inf)
    files = {"a": b"", "b": b"", "c": b"1"}
    row = await downloaded(stage.database, stage.download_dir, files, channel=channel)
    with pytest.raises(FileTooLarge):
        await stage.deliver(row)
    assert refused.struck < 10


async def test_a_limit_that_is_known_to_be_lower_stays(stage: Stage, discord: DiscordServer) -> None:
    guild = discord.add_guild("guild", upload_limit=MIB)
    requests = Requests(stage.database, actor="bot")
    await requests.learn_upload_limit(guild.id, 2 * MIB)
    files = {"clip.mp4": bytes(5 * MIB)}
    channel = guild.add_text_channel("media")
    row = await downloaded(stage.database, stage.download_dir, files, channel=channel, upload_limit_bytes=50 * MIB)
    with pytest.raises(FileTooLarge):
        await stage.deliver(row)
    assert await stage.queries.learned_upload_limit(guild.id) == 2 * MIB
