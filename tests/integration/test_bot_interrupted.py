"""Answers whose own answer is lost on the way, and commands that were answered by a bot that then died."""

from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.cogs.scene import URL, Scene, opened
from tests.support.discord_server import Fault
from tests.support.processes import Programs, wait_until

INTERRUPTED = "The bot was interrupted and did not do this. Ask again."


@pytest.fixture
async def scene(sqlite_file: Path, programs: Programs) -> AsyncIterator[Scene]:
    async with opened(sqlite_file, programs) as scene:
        yield scene


async def test_an_answer_that_is_made_although_its_connection_broke_is_the_only_one(scene: Scene) -> None:
    bot = await scene.start_bot()
    faults = [
        scene.discord.fail("POST", "/channels/*/messages", Fault.reset(after=True)),
        scene.discord.fail("POST", "/interactions/**", Fault.reset(after=True)),
        scene.discord.fail("GET", "/webhooks/**", Fault.reset()),
    ]
    await scene.bob.write(scene.channel, f"$download {URL}")
    slash = await scene.alice.use(scene.channel, "download", url="https://media.example/slash.mp4")
    await scene.discord.wait_until(lambda: [one.text.count(".mp4") for one in scene.said()] == [1, 1], 20)
    assert [fault.struck for fault in faults] == [1, 1, 1]
    assert slash.original in scene.said()
    assert {(await scene.row(n)).progress_message_id for n in (1, 2)} == {message.id for message in scene.said()}
    assert "Traceback" not in bot.output


async def test_a_command_that_died_with_the_bot_is_said_to_be_undone(scene: Scene) -> None:
    bot = await scene.start_bot()
    await scene.alice.use(scene.channel, "download", url=URL)
    done = await scene.card("cat.mp4")
    with closing(scene.locked()):
        slash = await scene.alice.use(scene.channel, "download", url="https://media.example/slash.mp4")
        await scene.bob.write(scene.channel, "$download https://media.example/typed.mp4")
        await slash.reply()
        await scene.channel.wait_until(lambda channel: sum(one.text == "⏳ ..." for one in channel.messages) == 2)
        await bot.kill()
    await scene.start_bot()
    await scene.channel.wait_until(lambda channel: sum(INTERRUPTED in one.text for one in channel.messages) == 2, 20)
    assert "cat.mp4" in done.text
    assert await scene.queries.get(2) is None
    marks = scene.database_file.parent / "data" / "begun"
    await wait_until(lambda: not list(marks.iterdir()), 10, description="nothing in doubt")
