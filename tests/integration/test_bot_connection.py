"""Getting to Discord and staying there, and one clear sentence when that can't be."""

import math
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.cogs.scene import URL, Scene, opened
from tests.support.discord_server import Fault
from tests.support.processes import Programs


@pytest.fixture
async def scene(sqlite_file: Path, programs: Programs) -> AsyncIterator[Scene]:
    async with opened(sqlite_file, programs) as scene:
        yield scene


async def test_ping_tells_of_gateway_database_and_runners(scene: Scene) -> None:
    await scene.start_bot()
    await scene.runner().sign_on(1)
    await scene.alice.use(scene.channel, "ping")
    answer = await scene.card("Pong!", "Discord: ", "Database: ", "Download runners: 1", "Upload runners: ❌ none")
    assert scene.said() == [answer]


async def test_commands_are_registered_once_and_with_descriptions(scene: Scene) -> None:
    first = await scene.start_bot()
    commands = scene.discord.commands()
    assert {"cancel", "download", "download-only", "ping", "queue", "status"} <= {one["name"] for one in commands}
    assert all(one["description"] for one in commands if one["type"] == 1)
    assert await first.terminate() == 0
    second = await scene.start_bot()
    await second.wait_for_output("the commands are registered already")
    assert len(scene.discord.requests("PUT", "/applications/**")) == 1


async def test_without_a_token_and_without_runners_there_is_nothing_to_do(scene: Scene) -> None:
    bot = await scene.start_bot(ready=False, BOSS_BOT_DISCORD_TOKEN=None)
    assert await bot.wait() == 1
    assert "There is nothing to do: no BOSS_BOT_DISCORD_TOKEN" in bot.output
    assert "Traceback" not in bot.output


async def test_without_a_token_the_runners_work_alone(scene: Scene) -> None:
    bot = await scene.start_bot(ready=False, BOSS_BOT_DISCORD_TOKEN=None, BOSS_BOT_START_RUNNERS="true")
    await bot.wait_for_output("Discord is left out and the runners work alone")
    await bot.wait_for_output("pooler.upload_runner")
    assert await bot.terminate(20) == 0
    assert scene.discord.log == []


async def test_a_wrong_token_is_tried_once_and_the_runners_go_on(scene: Scene) -> None:
    bot = await scene.start_bot(ready=False, BOSS_BOT_DISCORD_TOKEN="wrong", BOSS_BOT_START_RUNNERS="true")
    await bot.wait_for_output("Discord refuses the bot's token.")
    await bot.wait_for_output("pooler.upload_runner")
    assert bot.running
    assert await bot.terminate(20) == 1
    assert len(scene.discord.log) == 1
    assert "Traceback" not in bot.output


async def test_a_token_that_is_revoked_ends_the_connection_for_good(scene: Scene) -> None:
    bot = await scene.start_bot()
    await scene.discord.revoke_token()
    assert await bot.wait() == 1
    assert "Discord refuses the bot's token." in bot.output
    assert "Traceback" not in bot.output


async def test_without_the_message_content_intent_slash_commands_work(scene: Scene) -> None:
    scene.discord.settings.privileged_intents_are_granted = False
    bot = await scene.start_bot(ready=False)
    await bot.wait_for_output('switch on \\"Message Content Intent\\" in the developer portal')
    await scene.discord.wait_until_ready()
    await scene.alice.use(scene.channel, "download", url=URL)
    await scene.card("#1")
    await scene.alice.write(scene.channel, f"{scene.discord.bot.mention} ping")
    await scene.card("Pong!")
    assert "Traceback" not in bot.output


@pytest.mark.parametrize(
    ("fault", "times"),
    [(Fault.status(503), 1), (Fault.reset(), 2)],  # aiohttp itself repeats a GET once after a reset
    ids=["503", "reset"],
)
async def test_discord_being_down_at_the_start_is_waited_out(scene: Scene, fault: Fault, times: int) -> None:
    scene.discord.fail("GET", "/users/@me", fault, times=times)
    bot = await scene.start_bot()
    assert "no connection to Discord" in bot.output
    assert "Traceback" not in bot.output


async def test_a_gateway_that_is_down_at_the_start_is_waited_out(scene: Scene) -> None:
    scene.discord.refuse_gateway(math.inf)
    bot = await scene.start_bot(ready=False)
    await bot.wait_for_output("no connection to Discord")
    scene.discord.refuse_gateway(0)
    await scene.discord.wait_until_ready()
    await scene.alice.use(scene.channel, "ping")
    await scene.card("Pong!")
    assert "Traceback" not in bot.output


async def test_commands_work_again_after_the_gateway_was_lost(scene: Scene) -> None:
    await scene.start_bot()
    await scene.discord.drop_gateway()
    await scene.discord.wait_until_ready()
    await scene.alice.write(scene.channel, f"$download {URL}")
    await scene.card("#1")


async def test_registering_commands_is_tried_again_and_does_not_keep_members_waiting(scene: Scene) -> None:
    scene.discord.fail("GET", "/applications/*/commands", Fault.status(503))
    bot = await scene.start_bot(ready=False)
    await bot.wait_for_output("could not register the commands yet")
    await scene.discord.wait_until_ready(commands=False)
    await scene.alice.write(scene.channel, "$ping")
    await scene.card("Pong!")


async def test_a_setting_that_is_wrong_is_said_in_one_sentence(scene: Scene) -> None:
    bot = await scene.start_bot(ready=False, BOSS_BOT_MAX_QUEUE_SIZE="many")
    assert await bot.wait() == 1
    assert "BOSS_BOT_MAX_QUEUE_SIZE" in bot.output
    assert "Traceback" not in bot.output


async def test_the_token_is_not_logged(scene: Scene) -> None:
    bot = await scene.start_bot()
    await scene.alice.use(scene.channel, "ping")
    await scene.card("Pong!")
    assert await bot.terminate() == 0
    assert scene.discord.token not in bot.output
