"""Playlists and large galleries: a checklist on one card, and a thread where there is much of it; by the real bot."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.models import ChildRow, Download, Settlement, Status
from core.store import Store
from tests.cogs.scene import UPLOADS, Scene, opened
from tests.support.discord_server import Message, Permission
from tests.support.processes import Programs, wait_until

LIST = "https://media.example/list"


@pytest.fixture
async def scene(sqlite_file: Path, programs: Programs) -> AsyncIterator[Scene]:
    async with opened(sqlite_file, programs) as scene:
        yield scene


async def listed(scene: Scene, count: int) -> Message:
    """A playlist of so many entries, asked for by alice."""
    await scene.alice.use(scene.channel, "download", url=LIST)
    await scene.card("next in line")
    runner, claim = await scene.claimed()
    children = tuple(ChildRow(f"https://media.example/{n}.mp4", f"Film {n}") for n in range(1, count + 1))
    await runner.settle(claim, Settlement(Status.DOWNLOADED, {"title": "My list"}), children=children)
    return await scene.card("📃 **Playlist: My list**", f"{count} left")


async def row_in_thread(scene: Scene, number: int) -> Download:
    async def look() -> bool:
        return (await scene.row(number)).thread_id is not None

    await wait_until(look, description="the row knows its thread")
    return await scene.row(number)


async def fail(runner: Store, claim: Download) -> None:
    told = {"error": "This media is private.", "error_kind": "PrivateMedia", "failed_stage": "download"}
    await runner.settle(claim, Settlement(Status.FAILED, told))


async def test_a_short_list_has_a_button_for_each_entry(scene: Scene) -> None:
    await scene.start_bot()
    card = await listed(scene, 3)
    ids = [one["custom_id"] for one in card.interactive_components]
    assert ids == ["bb:cancel:2", "bb:cancel:3", "bb:cancel:4", "bb:cancel:1", "bb:info:1"]
    await scene.alice.press(card, custom_id="bb:cancel:3")
    await scene.card("🛑 `#3` Film 2: is being cancelled")
    await scene.runner().cancel_waiting()
    await scene.card("1 cancelled · 2 left", "🚫 `#3` Film 2: cancelled")
    runner, claim = await scene.claimed()
    await fail(runner, claim)
    await scene.card("1 failed · 1 cancelled · 1 left", "❌ `#2` Film 1: This media is private.")
    await scene.alice.press(card, custom_id="bb:retry:1")
    await scene.card("3 left")
    assert scene.said() == [card]
    assert scene.channel.messages == [card]


async def test_a_long_list_goes_on_in_a_thread_with_a_card_for_each_entry(scene: Scene) -> None:
    bot = await scene.start_bot()
    card = await listed(scene, 8)
    row = await row_in_thread(scene, 1)
    thread = card.thread
    assert thread is not None
    assert (thread.name, row.thread_id, row.channel_id) == ("My list", thread.id, scene.channel.id)
    for number in range(2, 10):
        entry = await row_in_thread(scene, number)
        assert (entry.channel_id, entry.progress_message_id) == (thread.id, None)
    await scene.card("The files are in", thread.mention)

    runner, claim = await scene.claimed()
    entry_card = await thread.wait_for(lambda one: "Film 1" in one.text)
    assert [one["custom_id"] for one in entry_card.interactive_components] == [
        "bb:pause:2",
        "bb:cancel:2",
        "bb:info:2",
    ]
    await fail(runner, claim)
    await thread.wait_for(lambda one: "❌" in one.text and "Only its owner can share it" in one.text)
    await scene.card("❌ `#2` Film 1: This media is private.", "1 failed · 7 left")

    shown = await (await scene.bob.select(card, "2", custom_id="bb-entry:1")).reply()
    assert shown.is_ephemeral
    assert "Film 1" in shown.text
    await bot.kill()
    await scene.start_bot()
    await scene.alice.press(card, custom_id="bb:retry:1")
    await scene.card("8 left")
    assert len([one for one in thread.messages if "Film 1" in one.text]) == 1, "the same card again"
    await scene.alice.press(card, custom_id="bb:cancel:1")
    await scene.channel.wait_until(lambda _: card.text.count("is being cancelled") == 8)
    await scene.runner().cancel_waiting()
    await scene.card("🚫 **Playlist: My list**", "8 cancelled")
    assert scene.said() == [card]
    assert scene.discord.invalid_requests == 0


async def test_without_permission_a_long_list_stays_on_its_card(scene: Scene) -> None:
    await scene.start_bot()
    await scene.channel.forbid(Permission.CREATE_PUBLIC_THREADS)
    card = await listed(scene, 7)
    runner, claim = await scene.claimed()
    await fail(runner, claim)
    await scene.card("❌ `#2` Film 1", "6 left")
    interaction = await scene.alice.select(card, "2", custom_id="bb-entry:1")
    shown = await interaction.reply()
    await scene.alice.press(shown, custom_id="bb:info:2")
    assert card.thread is None
    assert scene.discord.invalid_requests == 0
    assert scene.discord.requests("POST", "/channels/*/messages/*/threads") == []


async def test_a_large_gallery_gets_a_thread_for_its_files(scene: Scene) -> None:
    await scene.start_bot()
    await scene.alice.use(scene.channel, "download", url="https://media.example/album")
    runner, claim = await scene.claimed()
    await runner.move(claim, Status.DOWNLOADING, title="An album", download_plan=json.dumps({"files": 40}))
    card = await scene.card("An album", "40 files")
    row = await row_in_thread(scene, 1)
    assert card.thread is not None
    assert (row.channel_id, row.thread_id) == (scene.channel.id, card.thread.id)
    await runner.settle(claim, Settlement(Status.DOWNLOADED))
    uploader, claim = await scene.claimed(UPLOADS)
    await uploader.settle(claim, Settlement(Status.UPLOADED))
    await scene.card("✅ **An album**")
