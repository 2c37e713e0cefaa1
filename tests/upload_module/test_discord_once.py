"""Each file in exactly one message, whatever happens between the send and the record of it."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from core.earlier import DELETED
from core.errors import DeliveryUnclear, SendFailed
from core.models import DOWNLOAD_STAGE, NewMediaFile, Settlement, Status
from core.store import Store
from tests.support.discord_server import Channel, DiscordServer, Fault, Permission
from tests.support.discord_server.posting import remove
from tests.upload_module.given import ONE, Stage, downloaded
from upload_module.delivery_nonce import DeliveryNonce
from upload_module.upload_manager import Limits

MESSAGES = "/channels/*/messages"
LONG_AGO = "60000000-1-0123456789"


async def crash_while_the_answer_is_held(stage: Stage, channel: Channel, discord: DiscordServer, row: int) -> None:
    """The message is there, the record of it is not."""
    before = len(channel.messages)
    discord.fail("POST", MESSAGES, Fault.slow(60, after=True))
    working = asyncio.create_task(stage.deliver(row))
    await channel.wait_until(lambda shown: len(shown.messages) > before)
    working.cancel()
    await asyncio.wait([working])
    await stage.crash()


async def make_old(stage: Stage, discord: DiscordServer, row: int) -> None:
    """Discord no longer knows the nonce, and its time says so."""
    discord.settings.nonce_window = 0
    await stage.write_files(row, nonce=LONG_AGO)


@pytest.mark.parametrize("old", [False, True])
async def test_a_crash_between_send_and_record_makes_no_second_message(
    stage: Stage, channel: Channel, discord: DiscordServer, old: bool
) -> None:
    row = await downloaded(stage.database, stage.download_dir, channel=channel)
    await crash_while_the_answer_is_held(stage, channel, discord, row)
    if old:
        await make_old(stage, discord, row)
    assert (await stage.deliver(row)).status is Status.UPLOADED
    (message,) = channel.messages
    (file,) = await stage.files(row)
    assert (file.delivered_message_id, file.delivered_url) == (message.id, message.attachments[0].url)
    assert len(discord.requests("POST", MESSAGES)) == 1, "it was found, not sent again"


async def cancel_and_ask_again(stage: Stage, row: int, *, sha256: str) -> None:
    """The row was cancelled in the middle of its delivery; somebody presses Retry, and it is fetched once more."""
    await stage.write_row(row, status="cancelled", cancelled=1, failed_stage=None)
    await stage.retry(row)
    fetching = Store(stage.database, stage=DOWNLOAD_STAGE, runner="download-1")
    claim = await fetching.claim()
    assert claim is not None
    fetched = [
        NewMediaFile(path=file.path, kind=file.kind, mime_type=None, bytes=file.bytes, sha256=sha256)
        for file in await stage.files(row)
    ]
    assert await fetching.settle(claim, Settlement(Status.DOWNLOADED), files=fetched)


@pytest.mark.parametrize(("now", "messages"), [("the same", 1), ("another", 2)])
async def test_what_was_sent_when_it_was_cancelled_is_not_sent_again(
    stage: Stage, channel: Channel, discord: DiscordServer, now: str, messages: int
) -> None:
    row = await downloaded(stage.database, stage.download_dir, channel=channel)
    await stage.write_files(row, sha256="the same")
    await crash_while_the_answer_is_held(stage, channel, discord, row)
    await cancel_and_ask_again(stage, row, sha256=now)
    assert (await stage.deliver(row)).status is Status.UPLOADED
    assert len(channel.messages) == messages
    assert (await stage.files(row))[0].delivered_message_id == channel.messages[-1].id


async def test_what_was_delivered_whole_and_is_set_back_is_sent_again(stage: Stage, channel: Channel) -> None:
    row = await downloaded(stage.database, stage.download_dir, channel=channel)
    await stage.write_files(row, sha256="the same")
    stage.cleanup = False
    await stage.deliver(row)
    await cancel_and_ask_again(stage, row, sha256="the same")
    await stage.deliver(row)
    assert len(channel.messages) == 2


async def test_it_is_too_late_to_cancel_when_all_is_posted(
    stage: Stage, channel: Channel, discord: DiscordServer, sqlite_file: Path
) -> None:
    """The answer has come, and its record waits for a shell that holds the database."""
    row = await downloaded(stage.database, stage.download_dir, channel=channel)
    discord.fail("POST", MESSAGES, Fault.slow(0.5, after=True))
    working = asyncio.create_task(stage.deliver(row))
    await channel.wait_until(lambda shown: len(shown.messages) == 1)
    with closing(sqlite3.connect(sqlite_file, isolation_level=None)) as shell:
        shell.execute("BEGIN IMMEDIATE")
        await asyncio.sleep(1)
        working.cancel()
        await asyncio.sleep(0.1)
        shell.execute("ROLLBACK")
    assert (await working).status is Status.UPLOADED


async def test_a_crash_before_the_send_is_made_up_for(stage: Stage, channel: Channel) -> None:
    row = await downloaded(stage.database, stage.download_dir, channel=channel)
    nonce = DeliveryNonce.new(1).text
    await stage.write_files(row, nonce=nonce)
    await stage.deliver(row)
    (message,) = channel.messages
    assert message.nonce == nonce, "the same nonce, lest the first try still arrives"


async def test_without_the_history_a_young_nonce_is_enough(
    stage: Stage, channel: Channel, discord: DiscordServer
) -> None:
    row = await downloaded(stage.database, stage.download_dir, channel=channel)
    await crash_while_the_answer_is_held(stage, channel, discord, row)
    await channel.forbid(Permission.READ_MESSAGE_HISTORY)
    await stage.deliver(row)
    (message,) = channel.messages
    assert (await stage.files(row))[0].delivered_message_id == message.id


async def test_without_the_history_an_old_nonce_waits_for_a_person(
    stage: Stage, channel: Channel, discord: DiscordServer
) -> None:
    row = await downloaded(stage.database, stage.download_dir, channel=channel)
    await crash_while_the_answer_is_held(stage, channel, discord, row)
    await make_old(stage, discord, row)
    await channel.forbid(Permission.READ_MESSAGE_HISTORY)
    claim = await stage.claim(row)
    with pytest.raises(DeliveryUnclear) as unclear:
        await stage.pooler.work(claim)
    assert "retry this download" in str(unclear.value)
    assert len(channel.messages) == 1, "never blindly"

    await stage.fail(claim, unclear.value)
    await stage.retry(row)
    assert (await stage.deliver(row)).status is Status.UPLOADED
    assert [message.files for message in channel.messages] == [ONE, ONE], "a person wanted it"


async def test_an_old_failure_does_not_count_as_a_person_s_word(
    stage: Stage, channel: Channel, discord: DiscordServer
) -> None:
    await stage.deliver(await downloaded(stage.database, stage.download_dir, channel=channel))
    row = await downloaded(stage.database, stage.download_dir, channel=channel)
    claim = await stage.claim(row)
    await stage.fail(claim, SendFailed())
    await stage.retry(row)
    await make_old(stage, discord, row)
    await channel.forbid(Permission.READ_MESSAGE_HISTORY)
    with pytest.raises(DeliveryUnclear):
        await stage.deliver(row)


async def test_a_history_that_can_be_read_and_lacks_the_message_means_send(
    stage: Stage, channel: Channel, discord: DiscordServer
) -> None:
    await stage.deliver(await downloaded(stage.database, stage.download_dir, channel=channel))
    row = await downloaded(stage.database, stage.download_dir, channel=channel)
    await make_old(stage, discord, row)
    await stage.deliver(row)
    assert len(channel.messages) == 2, "the other download's message is alike, but not this one's"


async def test_two_messages_of_one_download_that_look_alike_are_told_apart(
    stage: Stage, channel: Channel, discord: DiscordServer
) -> None:
    stage.limits = Limits(file=100, message=100, files=1)
    row = await downloaded(stage.database, stage.download_dir, {"a": b"1", "b": b"2"}, channel=channel)
    discord.fail("POST", MESSAGES, Fault.status(503), skip=1)
    with pytest.raises(SendFailed):
        await stage.deliver(row)
    await stage.crash()
    discord.settings.nonce_window = 0
    await stage.deliver(row)
    assert [message.files for message in channel.messages] == [{"a": b"1"}, {"b": b"2"}]


@pytest.mark.parametrize(
    "fault",
    [
        Fault.status(500, after=True),
        Fault.status(502, after=True),
        Fault.status(503, after=True),
        Fault.reset(after=True),
        Fault.status(200, after=True, text="<html>"),
    ],
    ids=["500", "502", "503", "reset", "garbage"],
)
async def test_trouble_after_the_work_is_done_makes_no_second_message(
    stage: Stage, channel: Channel, discord: DiscordServer, fault: Fault
) -> None:
    row = await downloaded(stage.database, stage.download_dir, channel=channel)
    discord.fail("POST", MESSAGES, fault)
    try:
        await stage.deliver(row)
    except SendFailed:
        await stage.crash()
        await stage.deliver(row)
    (message,) = channel.messages
    assert (await stage.files(row))[0].delivered_message_id == message.id


@pytest.mark.parametrize("fault", [Fault.status(503), Fault.reset(), Fault.reset(body_read=True)])
async def test_trouble_before_the_work_loses_nothing(
    stage: Stage, channel: Channel, discord: DiscordServer, fault: Fault
) -> None:
    row = await downloaded(stage.database, stage.download_dir, channel=channel)
    discord.fail("POST", MESSAGES, fault)
    with pytest.raises(SendFailed):
        await stage.deliver(row)
    await stage.crash()
    await stage.deliver(row)
    assert [message.files for message in channel.messages] == [ONE]


async def test_a_message_that_somebody_deleted_counts_as_delivered(
    stage: Stage, channel: Channel, discord: DiscordServer
) -> None:
    row = await downloaded(stage.database, stage.download_dir, channel=channel)
    await crash_while_the_answer_is_held(stage, channel, discord, row)
    remove(channel.messages[0])
    assert (await stage.deliver(row)).status is Status.UPLOADED
    assert channel.messages == []
    assert (await stage.files(row))[0].delivered_message_id == DELETED


async def test_only_what_is_missing_is_sent_after_a_crash(
    stage: Stage, channel: Channel, discord: DiscordServer
) -> None:
    files = {f"{number:02}.jpg": bytes([number]) for number in range(12)}
    row = await downloaded(stage.database, stage.download_dir, files, channel=channel)
    discord.fail("POST", MESSAGES, Fault.status(503), skip=1)
    with pytest.raises(SendFailed):
        await stage.deliver(row)
    await stage.crash()
    await stage.deliver(row)
    assert [len(message.attachments) for message in channel.messages] == [10, 2]
    assert [message.content[-3:] for message in channel.messages] == ["1/2", "2/2"]


async def test_a_row_that_was_delivered_but_not_settled_needs_no_file(stage: Stage, channel: Channel) -> None:
    row = await downloaded(stage.database, stage.download_dir, channel=channel)
    await stage.pooler.work(await stage.claim(row))
    await stage.crash()
    assert (await stage.deliver(row)).status is Status.UPLOADED
    assert len(channel.messages) == 1


async def test_a_nonce_that_is_too_old_is_not_tried_again_by_the_library(
    stage: Stage, channel: Channel, discord: DiscordServer
) -> None:
    stage.nonce_is_safe = 0.5
    discord.fail("POST", MESSAGES, Fault.status(500, after=True))
    row = await downloaded(stage.database, stage.download_dir, channel=channel)
    with pytest.raises(SendFailed):  # the library would wait 1 s and send once more
        await stage.deliver(row)
    assert len(discord.requests("POST", MESSAGES)) == 1


async def test_a_history_that_is_too_long_to_be_read_counts_as_unreadable(
    stage: Stage, channel: Channel, discord: DiscordServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("upload_module.uploader_bot.SEARCH_AT_MOST", 3)
    for _ in range(3):
        await stage.deliver(await downloaded(stage.database, stage.download_dir, channel=channel))
    row = await downloaded(stage.database, stage.download_dir, channel=channel)
    await make_old(stage, discord, row)
    with pytest.raises(DeliveryUnclear):
        await stage.deliver(row)
    assert len(channel.messages) == 3


async def test_a_message_that_is_too_large_the_second_time_is_planned_anew(
    stage: Stage, channel: Channel, discord: DiscordServer
) -> None:
    files = {"a": b"1", "b": b"2"}
    row = await downloaded(stage.database, stage.download_dir, files, channel=channel)
    await stage.write_files(row, nonce=DeliveryNonce.new(1).text)
    discord.fail("POST", MESSAGES, Fault.too_large())
    await stage.deliver(row)
    assert [message.files for message in channel.messages] == [files]


async def test_a_channel_where_nothing_was_ever_sent_needs_no_history(
    stage: Stage, channel: Channel, discord: DiscordServer
) -> None:
    row = await downloaded(stage.database, stage.download_dir, channel=channel)
    await make_old(stage, discord, row)
    await channel.forbid(Permission.READ_MESSAGE_HISTORY)
    await stage.deliver(row)
    assert [message.files for message in channel.messages] == [ONE]
