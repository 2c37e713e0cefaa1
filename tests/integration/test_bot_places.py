"""Wherever a member may write, a download can be asked for; where the bot is no member, its limits are said."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.models import Settlement, Status
from tests.cogs.scene import URL, Scene, opened
from tests.support.discord_server import Channel, Message, Permission
from tests.support.processes import Programs

FAILED = Settlement(Status.FAILED, {"error": "The transfer failed.", "error_kind": "TransferError"})


@pytest.fixture
async def scene(sqlite_file: Path, programs: Programs) -> AsyncIterator[Scene]:
    async with opened(sqlite_file, programs) as scene:
        yield scene


async def shown(channel: Channel, *words: str, timeout: float = 30) -> Message:
    return await channel.wait_for(lambda message: all(word in message.text for word in words), timeout)


async def test_threads_posts_voice_chats_and_direct_messages_are_places_like_any_other(scene: Scene) -> None:
    thread = scene.guild.add_thread(scene.channel, "clips")
    post = await scene.guild.add_post(scene.guild.add_forum("films"), "A film", scene.bob, "look")
    voice = scene.guild.add_voice_channel("lounge")
    late = scene.guild.add_thread(scene.channel, "found while running")
    await scene.start_bot(COMMAND_COOLDOWNS="false")
    for number, place in enumerate((thread, post, voice, late, scene.alice.dm), start=1):
        await scene.alice.use(place, "download", url=f"https://media.example/{number}.mp4")
        card = await shown(place, f"{number}.mp4")
        row = await scene.row(number)
        assert (row.channel_id, row.progress_message_id) == (place.id, card.id)
        assert row.guild_id == (None if place is scene.alice.dm else scene.guild.id)
        runner, claim = await scene.claimed()
        await runner.settle(claim, FAILED)
        assert await shown(place, "The transfer failed.") is card


async def test_a_card_goes_on_in_a_thread_that_was_archived(scene: Scene) -> None:
    thread = scene.guild.add_thread(scene.channel, "clips")
    bot = await scene.start_bot()
    await scene.alice.use(thread, "download", url=URL)
    card = await shown(thread, "cat.mp4")
    await thread.archive()
    runner, claim = await scene.claimed()
    await runner.settle(claim, FAILED)
    await scene.discord.wait_until(
        lambda: any(one.status == 400 for one in scene.discord.requests("PATCH", f"/channels/{thread.id}/messages/*"))
    )
    await scene.bob.write(thread, "hello again")  # as in Discord, a message opens the thread
    thread.archived = False
    assert await shown(thread, "The transfer failed.", timeout=20) is card
    assert "Traceback" not in bot.output


async def test_what_the_bot_may_not_do_in_a_channel_is_named(scene: Scene) -> None:
    await scene.start_bot(COMMAND_COOLDOWNS="false")
    await scene.channel.forbid(Permission.ATTACH_FILES)
    await scene.alice.use(scene.channel, "download", url=URL)
    await shown(scene.channel, "❌", "Attach Files")
    await scene.bob.write(scene.channel, f"$download {URL}")
    await scene.channel.wait_until(lambda channel: sum("Attach Files" in one.text for one in channel.messages) == 2)
    assert await scene.queries.get(1) is None


async def test_a_guild_without_the_bot_gets_an_answer_and_the_member_the_files(scene: Scene) -> None:
    other = scene.discord.add_guild("Elsewhere", boost_tier=3)
    channel = other.add_text_channel("general")
    alice = other.add_member("alice", user=scene.alice.user)
    await other.kick_bot()
    alice.user.has_installed_bot = True
    bot = await scene.start_bot()
    interaction = await alice.use(channel, "download", url=URL)
    answer = await interaction.reply()
    await shown(channel, "go to your direct messages", "15 minutes", "waits")
    assert answer.sees_only is alice
    card = await shown(alice.dm, "cat.mp4")
    row = await scene.row()
    assert (row.guild_id, row.channel_id, row.progress_message_id) == (None, alice.dm.id, card.id)
    assert row.upload_limit_bytes is None  # not that of the other guild
    runner, claim = await scene.claimed()
    await runner.settle(claim, FAILED)
    assert await shown(alice.dm, "The transfer failed.") is card
    await shown(channel, "The transfer failed.", "direct messages")
    stored = scene.database_file.read_bytes() + scene.database_file.with_suffix(".db-wal").read_bytes()
    assert interaction.token.encode() not in stored
    assert interaction.token not in bot.output
    assert scene.discord.invalid_requests == 0


async def test_links_of_a_message_elsewhere_are_taken_by_its_menu(scene: Scene) -> None:
    other = scene.discord.add_guild("Elsewhere")
    channel, carol = other.add_text_channel("general"), other.add_member("carol")
    alice = other.add_member("alice", user=scene.alice.user)
    await other.kick_bot()
    alice.user.has_installed_bot = True
    await scene.start_bot()
    message = await carol.write(channel, "https://media.example/1.mp4 and https://media.example/2.mp4")
    interaction = await alice.use_on(message, "Download media")
    await shown(channel, "1.mp4", "2.mp4", "direct messages")
    for number in (1, 2):
        card = await shown(alice.dm, f"{number}.mp4")
        row = await scene.row(number)
        assert (row.guild_id, row.user_id, row.progress_message_id) == (None, alice.id, card.id)
        runner, claim = await scene.claimed()
        await runner.settle(claim, FAILED)
    answer = await interaction.reply()
    await scene.discord.wait_until(lambda: answer.text.count("The transfer failed.") == 2)
    assert interaction.messages == [answer]


async def test_the_download_outlives_the_token_of_its_command(scene: Scene) -> None:
    group = scene.discord.add_group_dm(scene.alice, scene.bob)
    scene.alice.user.has_installed_bot = True
    bot = await scene.start_bot()
    await scene.alice.use(group, "download", url=URL)
    await shown(group, "direct messages", "waits")
    scene.discord.settings.interaction_token_window = 0.0  # a quarter of an hour later
    runner, claim = await scene.claimed()
    await runner.settle(claim, FAILED)
    await shown(scene.alice.dm, "The transfer failed.")
    await bot.wait_for_output("could not edit the answer to a command elsewhere")
    assert len(scene.discord.requests("PATCH", "/webhooks/**")) <= 4
    assert "Traceback" not in bot.output


async def test_a_member_who_takes_no_direct_messages_is_told_so(scene: Scene) -> None:
    group = scene.discord.add_group_dm(scene.alice, scene.bob)
    scene.alice.user.has_installed_bot, scene.alice.user.accepts_dms = True, False
    await scene.start_bot()
    await scene.alice.use(group, "download", url=URL)
    await shown(group, "❌", "direct messages")
    assert await scene.queries.get(1) is None


async def test_elsewhere_nothing_of_a_guild_is_shown(scene: Scene) -> None:
    other = scene.discord.add_guild("Elsewhere")
    channel = other.add_text_channel("general")
    admin = other.add_admin("alice")
    await other.kick_bot()
    admin.user.has_installed_bot = True
    await scene.start_bot(COMMAND_COOLDOWNS="false")
    await scene.bob.use(scene.channel, "download", url=URL)
    await scene.card("cat.mp4")
    await admin.use(channel, "status", id=1)
    told = await shown(channel, "no download 1")
    assert told.sees_only is admin
    assert await admin.autocomplete(channel, "cancel", "id", "") == []
    await admin.use(channel, "cancel", id=1)
    await channel.wait_until(lambda one: sum("no download 1" in said.text for said in one.all_messages) == 2)
    assert not (await scene.row()).cancelled
