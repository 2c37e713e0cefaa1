"""Members are answered at once and cards go on, whatever happens: locks, crowds, restarts, lost gateways, shards."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from core.models import Settlement, Status
from tests.cogs.scene import URL, Scene, opened
from tests.support.discord_server import Fault, Guild, Interaction, Message
from tests.support.processes import Programs

FAILED = Settlement(Status.FAILED, {"error": "The transfer failed.", "error_kind": "TransferError"})
CALM: dict[str, Any] = {"COMMAND_COOLDOWNS": "false"}
WINDOW = 3.0  # seconds in which Discord wants an answer


@pytest.fixture
async def scene(sqlite_file: Path, programs: Programs) -> AsyncIterator[Scene]:
    async with opened(sqlite_file, programs) as scene:
        yield scene


async def card_of(interaction: Interaction, *words: str) -> Message:
    """The message that answered, once it says all that."""

    def says(message: Message) -> bool:
        return message is interaction.original and all(word in message.text for word in words)

    return await interaction.channel.wait_for(says, 30)


def ended(message: Message) -> bool:
    return "The transfer failed." in message.text


async def test_everybody_is_answered_in_time_while_an_admin_holds_the_lock(scene: Scene) -> None:
    bot = await scene.start_bot(**CALM)
    first = await scene.alice.use(scene.channel, "download", url=URL)
    card = await card_of(first, "cat.mp4")
    with closing(scene.locked()):
        began = time.monotonic()
        slash = await scene.alice.use(scene.channel, "download", url="https://media.example/slash.mp4")
        pressed = await scene.alice.press(card, custom_id=custom_id(card, "cancel"))
        await scene.bob.write(scene.channel, "$download https://media.example/prefix.mp4")
        suggested = await scene.alice.autocomplete(scene.channel, "cancel", "id", "1")
        await asyncio.gather(slash.answer(WINDOW), pressed.answer(WINDOW))
        typed = await scene.channel.wait_for(lambda one: one.author is scene.discord.bot and one is not card, WINDOW)
        assert time.monotonic() - began < WINDOW
        assert suggested[0]["value"] == 1
        assert typed is not None
        assert await scene.queries.get(2) is None  # nothing was promised: no row is there yet
        await bot.wait_for_output("the database is locked by another process; waiting for it")
    await card_of(slash, "slash.mp4")
    await scene.card("prefix.mp4")
    assert (await scene.row(1)).cancelled
    assert "Traceback" not in bot.output


async def test_an_answer_that_takes_longer_than_its_token_lives_is_edited_the_ordinary_way(scene: Scene) -> None:
    await scene.start_bot(**CALM)
    first = await scene.alice.use(scene.channel, "download", url=URL)
    await card_of(first, "cat.mp4")
    with closing(scene.locked()):
        cancelled = await scene.alice.use(scene.channel, "cancel", id=1)
        answer = (await cancelled.answer(WINDOW)).message
        scene.discord.settings.interaction_token_window = 0.0  # a quarter of an hour later
    await card_of(cancelled, "Download 1 is being cancelled.")
    assert answer is cancelled.original
    assert 401 in {one.status for one in scene.discord.requests("PATCH", "/webhooks/**")}


def custom_id(message: Message, word: str) -> str:
    return next(str(one["custom_id"]) for one in message.interactive_components if word in one.get("custom_id", ""))


async def test_fifty_commands_at_once_are_fifty_rows(scene: Scene) -> None:
    await scene.start_bot(**CALM)
    members = [scene.guild.add_member(f"member{number}") for number in range(50)]
    asked = [await one.use(scene.channel, "download", url=URL) for one in members]
    await scene.discord.wait_until(lambda: all(one.is_answered for one in asked), WINDOW)
    last = await scene.row(50)
    rows = [await scene.row(number) for number in range(1, last.id + 1)]
    assert {row.user_id for row in rows} == {one.id for one in members}
    shown = {interaction.original.id for interaction in asked if interaction.original}
    assert {row.progress_message_id for row in rows} == shown
    assert len(scene.said()) == 50


async def test_a_restart_amid_twenty_downloads_leaves_each_card_with_its_outcome(scene: Scene) -> None:
    bot = await scene.start_bot(PROGRESS_EDIT_INTERVAL="0.5", **CALM)
    channels = [scene.guild.add_text_channel(f"media-{number}") for number in range(4)]
    asked = [
        await scene.alice.use(channels[number % 4], "download", url=f"https://media.example/{number}.mp4")
        for number in range(20)
    ]
    cards = [await card_of(one, f"{number}.mp4") for number, one in enumerate(asked)]
    claims = [await scene.claimed() for _ in range(20)]
    for runner, claim in claims[:5]:
        await runner.settle(claim, FAILED)
    await bot.kill()
    for runner, claim in claims[5:15]:
        await runner.settle(claim, FAILED)
    await scene.start_bot(PROGRESS_EDIT_INTERVAL="0.5", **CALM)
    for runner, claim in claims[15:]:
        await runner.settle(claim, FAILED)
    for card in cards:
        await scene.discord.wait_until(partial(ended, card), 40)
    assert sum(len(channel.messages) for channel in channels) == 20


async def test_a_gateway_that_is_away_for_long_is_resumed_and_nothing_is_missed(scene: Scene) -> None:
    bot = await scene.start_bot(**CALM)
    first = await scene.alice.use(scene.channel, "download", url=URL)
    await card_of(first, "cat.mp4")
    scene.discord.refuse_gateway(4)  # a minute is no other than this: the session stays resumable
    await scene.discord.drop_gateway()
    runner, claim = await scene.claimed()
    await scene.bob.write(scene.channel, "$download https://media.example/meanwhile.mp4")
    await runner.settle(claim, FAILED)
    await card_of(first, "The transfer failed.")  # edits need no gateway
    await scene.discord.wait_until_ready(30)
    await scene.channel.wait_for(lambda one: one.author is scene.discord.bot and "meanwhile.mp4" in one.text)
    assert scene.discord.identifies == 1
    pressed = await scene.alice.use(scene.channel, "cancel", id=2)
    await pressed.answer(WINDOW)
    assert "Traceback" not in bot.output


async def test_a_forgotten_session_begins_anew_and_cards_go_on(scene: Scene) -> None:
    await scene.start_bot(**CALM)
    first = await scene.alice.use(scene.channel, "download", url=URL)
    card = await card_of(first, "cat.mp4")
    await scene.discord.forget_sessions()
    await scene.discord.wait_until(lambda: scene.discord.identifies == 2, 30)
    runner, claim = await scene.claimed()
    await runner.settle(claim, FAILED)
    assert await card_of(first, "The transfer failed.") is card


async def test_edits_that_are_too_many_are_made_later_and_none_is_lost(scene: Scene) -> None:
    bot = await scene.start_bot(PROGRESS_EDIT_INTERVAL="0.5", **CALM)
    first = await scene.alice.use(scene.channel, "download", url=URL)
    await card_of(first, "cat.mp4")
    limited = scene.discord.fail("PATCH", "/channels/*/messages/*", Fault.rate_limit(0.5), times=3)
    runner, claim = await scene.claimed()
    await runner.settle(claim, FAILED)
    await card_of(first, "The transfer failed.")
    assert limited.struck == 3
    assert "Traceback" not in bot.output


async def test_two_shards_share_the_guilds(scene: Scene) -> None:
    guilds: dict[int, Guild] = {}
    while len(guilds) < 2:
        guild = scene.discord.add_guild(f"Guild {len(guilds)}")
        guilds.setdefault((guild.id >> 22) % 2, guild)
        await asyncio.sleep(0.001)  # ids are times: another millisecond may be another shard
    scene.discord.settings.shards = 2
    await scene.start_bot(**CALM)
    for guild in guilds.values():
        channel, member = guild.add_text_channel("media"), guild.add_member("carol")
        await member.use(channel, "download", url=URL)
        await channel.wait_for(lambda one: "cat.mp4" in one.text)
    await scene.alice.use(scene.alice.dm, "download", url=URL)
    await scene.alice.dm.wait_for(lambda one: "cat.mp4" in one.text)
    assert scene.discord.identifies == 2


async def test_the_language_is_that_of_the_member_else_of_the_guild(scene: Scene) -> None:
    scene.alice.user.locale = "de"
    scene.guild.locale = "de"
    bob_speaks = scene.bob.user.locale
    await scene.start_bot(**CALM)
    await scene.alice.use(scene.channel, "cancel", id=7)
    await scene.card("Es gibt hier keinen Download 7.")
    assert bob_speaks == "en-US"
    await scene.bob.use(scene.channel, "cancel", id=8)
    await scene.card("There is no download 8 here.")
    await scene.bob.write(scene.channel, "$cancel 9")  # a message tells no locale of its author
    await scene.card("Es gibt hier keinen Download 9.")


async def test_members_read_the_list_of_commands_in_their_language(scene: Scene) -> None:
    await scene.start_bot()
    commands = {one["name"]: one for one in scene.discord.commands()}
    download = commands["download"]
    assert download["description_localizations"]["de"] == "Postet hier die Medien hinter einem Link."
    assert "en-US" not in download["description_localizations"]
    assert "de" in download["options"][0]["description_localizations"]
    assert all(not one.get("name_localizations") for one in commands.values() if one["type"] == 1)
    assert all(one["integration_types"] == [0, 1] and one["contexts"] == [0, 1, 2] for one in commands.values())
