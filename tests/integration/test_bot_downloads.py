"""A command becomes a row, and the row's life is told in one message; by the real bot, the test plays the runners."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from core.models import ChildRow, Destination, Progress, Settlement, Status
from tests.cogs.scene import UPLOADS, URL, Scene, opened
from tests.support.discord_server import MIB
from tests.support.processes import Programs, wait_until


@pytest.fixture
async def scene(sqlite_file: Path, programs: Programs) -> AsyncIterator[Scene]:
    async with opened(sqlite_file, programs) as scene:
        yield scene


async def test_a_slash_command_becomes_a_row_that_knows_all_about_who_asked(scene: Scene) -> None:
    await scene.start_bot()
    interaction = await scene.alice.use(scene.channel, "download", url=URL)
    answer = await interaction.answer()
    assert answer.message is not None
    row = await scene.row()
    assert (row.url, row.destination, row.upload, row.status) == (URL, Destination.DISCORD, True, Status.PENDING)
    assert (row.user_id, row.guild_id, row.channel_id) == (scene.alice.id, scene.guild.id, scene.channel.id)
    assert row.progress_message_id == answer.message.id
    assert row.upload_limit_bytes == 20 * MIB

    async def learned() -> bool:
        return await scene.queries.learned_upload_limit(scene.guild.id) == 20 * MIB

    await wait_until(learned)


async def test_the_life_of_a_download_is_told_in_one_message(scene: Scene) -> None:
    await scene.start_bot()
    await scene.alice.use(scene.channel, "download", url=URL)
    card = await scene.card("cat.mp4", "next in line", scene.alice.mention, "#1")
    runner, claim = await scene.claimed()
    await scene.card("looking for the media")
    await runner.move(claim, Status.DOWNLOADING, title="A cat", file_size=4 * MIB)
    half = Progress(progress=50.0, downloaded_bytes=2 * MIB, download_speed=MIB, eta_seconds=2, activity="fetching")
    await runner.write_progress([(claim, half)])
    await scene.card("A cat", "[=========>          ]` 50%", "1.0 MB/s", "2 s left", "2.0 MB of 4.0 MB", "fetching")
    await runner.settle(claim, Settlement(Status.DOWNLOADED))
    await scene.card("A cat", "ready to be sent")
    uploader, claim = await scene.claimed(UPLOADS)
    await uploader.write(claim, activity="sending")
    await scene.card("sending")
    await uploader.settle(claim, Settlement(Status.UPLOADED))
    last = await scene.card("✅", "4.0 MB in", "media.example")
    assert "\n" not in last.text
    assert scene.said() == [card]


async def test_a_message_with_the_prefix_becomes_a_row(scene: Scene) -> None:
    await scene.start_bot()
    forms = {
        f"$download {URL}": True,
        f"$DL <{URL}>": True,
        f"$download {URL} upload=False": False,
        f"$download {URL} upload=yes": True,
        f"$download-only {URL}": False,
        f"{scene.discord.bot.mention} download {URL}": True,
    }
    for number, (typed, upload) in enumerate(forms.items(), start=1):
        await scene.alice.write(scene.channel, typed)
        row = await scene.row(number)
        assert (row.url, row.upload, row.user_id) == (URL, upload, scene.alice.id), typed
        assert row.progress_message_id == scene.said()[-1].id, typed
        assert row.upload_limit_bytes is None, typed  # a message tells no limit
        assert len(scene.said()) == number, typed


async def test_wishes_become_options_of_the_row(scene: Scene) -> None:
    await scene.start_bot()
    await scene.alice.use(
        scene.channel, "download", url=URL, quality="720P", clip="0:30-1:10", items="1 - 5", audio=True, spoiler=True
    )
    assert (await scene.row(1)).options == {
        "quality": "720p",
        "clip": "0:30-1:10",
        "items": "1-5",
        "audio": True,
        "spoiler": True,
    }
    typed = f"$download {URL} quality=720p subtitles=en,de thumbnail=yes audio=no upload=False"
    await scene.alice.write(scene.channel, typed)
    row = await scene.row(2)
    assert (row.options, row.upload) == ({"quality": "720p", "subtitles": "en,de", "thumbnail": True}, False)


async def test_qualities_are_suggested_while_one_types(scene: Scene) -> None:
    await scene.start_bot()

    async def suggested(typed: str) -> list[str]:
        choices = await scene.alice.autocomplete(scene.channel, "download", "quality", typed)
        return [choice["value"] for choice in choices]

    assert await suggested("") == ["best", "1080p", "720p", "480p", "360p", "audio", "worst"]
    assert await suggested("0P") == ["1080p", "720p", "480p", "360p"]


async def test_a_playlist_tells_in_one_message_how_far_its_entries_are(scene: Scene) -> None:
    await scene.start_bot()
    await scene.alice.use(scene.channel, "download", url="https://media.example/list")
    card = await scene.card("next in line")
    runner, claim = await scene.claimed()
    found = Settlement(Status.DOWNLOADED, {"title": "My list", "activity": "3 downloads"})
    children = tuple(ChildRow(f"https://media.example/{number}.mp4", f"Film {number}") for number in (1, 2, 3))
    await runner.settle(claim, found, children=children)
    assert await scene.card("📃 **Playlist: My list**, 3 downloads", "0% · 3 left") is card
    runner, claim = await scene.claimed()
    await runner.settle(claim, Settlement(Status.DOWNLOADED))
    uploader, claim = await scene.claimed(UPLOADS)
    await uploader.settle(claim, Settlement(Status.UPLOADED))
    await scene.card("33% · 1 done · 2 left")
    runner, claim = await scene.claimed()
    await runner.settle(claim, Settlement(Status.FAILED, {"error": "This media is private."}))
    await scene.card("66% · 1 done · 1 failed · 1 left", "❌ `#3` Film 2: This media is private.")

    await scene.alice.use(scene.channel, "cancel", id=1)
    await scene.card("🛑 Download 1 is being cancelled.")
    assert (await scene.row(4)).cancelled
    await runner.cancel_waiting()
    assert await scene.card("✅ **Playlist: My list**", "1 done · 1 failed · 1 cancelled") is card

    async def recorded() -> bool:
        return (await scene.row(1)).progress_message_status is Status.DOWNLOADED

    await wait_until(recorded)
    assert await scene.queries.with_stale_message() == []
    await scene.alice.use(scene.channel, "status")
    await scene.card("Your latest downloads", "`#1` **My list** · 1 done · 1 failed · 1 cancelled")
    assert not any("`#3`" in one.text for one in scene.said() if "latest" in one.text)


async def test_a_slash_command_can_ask_to_keep_the_files(scene: Scene) -> None:
    await scene.start_bot()
    await scene.alice.use(scene.channel, "download-only", url=URL)
    await scene.row(1)
    await scene.alice.use(scene.channel, "download", url=URL, upload=False)
    assert [(await scene.row(number)).upload for number in (1, 2)] == [False, False]
    runner, claim = await scene.claimed()
    await runner.settle(claim, Settlement(Status.DOWNLOADED))
    await scene.card("is kept on the bot's machine")


async def test_the_answer_does_not_wait_for_a_locked_database(scene: Scene) -> None:
    await scene.start_bot()
    with closing(scene.locked()):
        asked = time.monotonic()
        interaction = await scene.alice.use(scene.channel, "download", url=URL)
        await scene.bob.write(scene.channel, f"$download {URL}")
        await interaction.answer(1)
        await scene.channel.wait_until(lambda _: len(scene.said()) == 2, 1)
        held_for = time.monotonic() - asked
        status = await scene.alice.use(scene.channel, "status")
        await scene.channel.wait_for(lambda one: "You asked for nothing here yet." in one.text, 1)
        assert await scene.queries.newest() == []
        await asyncio.sleep(3 - held_for)  # the case is a lock that is held for several seconds
    await scene.card("#1")
    await scene.card("#2")
    assert {row.user_id for row in await scene.queries.newest()} == {scene.alice.id, scene.bob.id}
    assert status.is_answered
    assert len(scene.said()) == 3


async def test_a_command_that_dies_before_its_row_has_promised_nothing(scene: Scene) -> None:
    bot = await scene.start_bot()
    with closing(scene.locked()):
        answer = await (await scene.alice.use(scene.channel, "download", url=URL)).answer()
        await bot.kill()
    assert answer.content == "⏳ ..."
    assert await scene.queries.newest() == []


async def test_a_shutdown_tells_those_whose_command_was_not_carried_out(scene: Scene) -> None:
    bot = await scene.start_bot()
    with closing(scene.locked()):
        await (await scene.alice.use(scene.channel, "download", url=URL)).answer()
        assert await bot.terminate(15) == 0
        await scene.card("The bot is being restarted and did not do this.")
    assert await scene.queries.newest() == []
    assert len(scene.said()) == 1


async def test_fifty_commands_at_once_are_answered_in_time_under_a_lock(scene: Scene) -> None:
    await scene.start_bot()
    with closing(scene.locked()):
        began = time.monotonic()
        asked = [await scene.alice.use(scene.channel, "download", url=URL) for _ in range(50)]
        for interaction in asked:
            await interaction.answer(3)
        assert time.monotonic() - began < 2.5

    async def written() -> bool:
        return len(await scene.queries.newest(limit=100)) == 50

    await wait_until(written, 20)
    assert len(scene.said()) == 50
