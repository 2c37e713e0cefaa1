"""Who sees and who ends what: one's own, a moderator everything of the guild, nobody anything of another guild."""

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from core.models import Settlement, Status
from tests.cogs.scene import URL, Scene, opened
from tests.support.discord_server import Channel
from tests.support.processes import Programs


@pytest.fixture
async def scene(sqlite_file: Path, programs: Programs) -> AsyncIterator[Scene]:
    async with opened(sqlite_file, programs) as scene:
        yield scene


def last_of(count: int, answer: str, channel: Channel) -> bool:
    return len(channel.messages) == count and channel.messages[-1].content == answer


async def test_a_member_cancels_his_own_download_and_its_message_says_so(scene: Scene) -> None:
    await scene.start_bot()
    await scene.alice.use(scene.channel, "download", url=URL)
    card = await scene.card("#1")
    runner, claim = await scene.claimed()
    await scene.alice.use(scene.channel, "cancel", id=1)
    await scene.card("🛑 Download 1 is being cancelled.")
    assert (await scene.row()).cancelled
    await runner.settle(claim, Settlement(Status.CANCELLED))
    assert await scene.card("🚫 **cat.mp4** was cancelled") is card
    await scene.alice.write(scene.channel, "$dlc 1")
    await scene.card("Download 1 is over already")


async def test_only_a_moderator_cancels_what_others_asked_for(scene: Scene) -> None:
    await scene.start_bot()
    await scene.alice.use(scene.channel, "download", url=URL)
    await scene.card("#1")
    await scene.bob.use(scene.channel, "cancel", id=1)
    await scene.card("❌ Download 1 is not yours. Moderators (Manage Messages) may cancel it.")
    await scene.bob.write(scene.channel, "$cancel 1")
    await scene.channel.wait_until(lambda _: sum("is not yours" in one.content for one in scene.said()) == 2)
    assert not (await scene.row()).cancelled
    await scene.moderator.write(scene.channel, "$cancel 1")
    await scene.card("🛑 Download 1 is being cancelled.")
    assert (await scene.row()).cancelled


async def test_nothing_is_seen_or_ended_from_another_guild(scene: Scene) -> None:
    elsewhere = scene.discord.add_guild("Elsewhere")
    other = elsewhere.add_text_channel("media")
    stranger = elsewhere.add_admin("stranger")
    await scene.start_bot()
    await scene.alice.use(scene.channel, "download", url=URL)
    await scene.card("#1")
    nothing: list[tuple[str, dict[str, int], str]] = [
        ("cancel", {"id": 1}, "❌ There is no download 1 here."),
        ("status", {"id": 1}, "❌ There is no download 1 here."),
        ("status", {}, "You asked for nothing here yet."),
        ("queue", {}, "Nothing is running and nothing waits here."),
    ]
    for number, (command, options, answer) in enumerate(nothing, start=1):
        await stranger.use(other, command, **options)
        await other.wait_until(partial(last_of, number, answer))
    assert await stranger.autocomplete(other, "cancel", "id", "") == []
    assert not (await scene.row()).cancelled


async def test_direct_messages_show_and_end_ones_own_alone(scene: Scene) -> None:
    await scene.start_bot()
    await scene.alice.use(scene.channel, "download", url=URL)
    await scene.card("#1")
    await scene.bob.use(scene.channel, "download", url="https://media.example/dog.mp4")
    await scene.card("#2")
    dm = scene.alice.dm
    await scene.alice.write(dm, "$queue")
    listed = await dm.wait_for(lambda one: "**cat.mp4**" in one.content)
    assert "dog.mp4" not in listed.content
    await scene.alice.write(dm, "$cancel 2")
    await dm.wait_for(lambda one: "There is no download 2 here." in one.content)
    await scene.alice.write(dm, "$cancel 1")
    await dm.wait_for(lambda one: "Download 1 is being cancelled." in one.content)
    assert [(await scene.row(number)).cancelled for number in (1, 2)] == [True, False]


async def test_a_download_asked_for_in_direct_messages_is_told_there(scene: Scene) -> None:
    await scene.start_bot()
    dm = scene.alice.dm
    await scene.alice.write(dm, f"$download {URL}")
    await dm.wait_for(lambda one: "#1" in one.content)
    row = await scene.row()
    assert (row.guild_id, row.channel_id, row.user_id) == (None, dm.id, scene.alice.id)


async def test_queue_and_status_say_where_downloads_stand(scene: Scene) -> None:
    await scene.start_bot()
    for clip in ("a", "b", "c"):
        await scene.alice.use(scene.channel, "download", url=f"https://media.example/{clip}.mp4")
        await scene.card(f"{clip}.mp4")
    await scene.claimed()
    await scene.bob.write(scene.channel, "$dlq")
    listed = await scene.card("Running and waiting")
    for words in (("a.mp4", "extracting"), ("b.mp4", "next in line"), ("c.mp4", "1 ahead of it")):
        assert any(all(word in one for word in words) for one in listed.content.splitlines()), words
    await scene.alice.use(scene.channel, "status")
    await scene.card("Your latest downloads", "a.mp4", "b.mp4", "c.mp4")
    interaction = await scene.bob.use(scene.channel, "status", id=3)
    await scene.discord.wait_until(
        lambda: any("waits, 1 ahead of it" in one.content and "#3" in one.content for one in interaction.messages)
    )


async def test_typing_a_number_suggests_ones_own_downloads(scene: Scene) -> None:
    await scene.start_bot()
    await scene.alice.use(scene.channel, "download", url="https://media.example/a.mp4")
    await scene.card("#1")
    await scene.alice.use(scene.channel, "download", url="https://media.example/b.mp4")
    await scene.card("#2")
    suggested = await scene.alice.autocomplete(scene.channel, "cancel", "id", "")
    assert suggested == [{"name": "⏳ 2: b.mp4", "value": 2}, {"name": "⏳ 1: a.mp4", "value": 1}]
    assert [one["value"] for one in await scene.alice.autocomplete(scene.channel, "cancel", "id", "a.m")] == [1]
    assert await scene.bob.autocomplete(scene.channel, "cancel", "id", "") == []
    runner, claim = await scene.claimed()
    await runner.settle(claim, Settlement(Status.CANCELLED))
    assert [one["value"] for one in await scene.alice.autocomplete(scene.channel, "cancel", "id", "")] == [2]
    assert [one["value"] for one in await scene.alice.autocomplete(scene.channel, "status", "id", "")] == [2, 1]
