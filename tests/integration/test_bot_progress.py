"""The one message tells the truth: after restarts, through Discord's bad days, and never as a second message."""

import math
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.models import Progress, Settlement, Status
from tests.cogs.scene import URL, Scene, opened
from tests.support.discord_server import Fault, Message, Permission
from tests.support.processes import Programs, wait_until

FAILED = Settlement(Status.FAILED, {"error": "The transfer failed.", "error_kind": "TransferError"})
EDIT = "/channels/*/messages/*"


@pytest.fixture
async def scene(sqlite_file: Path, programs: Programs) -> AsyncIterator[Scene]:
    async with opened(sqlite_file, programs) as scene:
        yield scene


async def asked(scene: Scene) -> Message:
    await scene.alice.use(scene.channel, "download", url=URL)
    card = await scene.card("next in line")
    await recorded(scene, Status.PENDING)
    return card


async def recorded(scene: Scene, status: Status) -> None:
    async def look() -> bool:
        return (await scene.row()).progress_message_status is status

    await wait_until(look, description=f"the row knows that {status} is shown")


async def forgotten(scene: Scene) -> None:
    async def look() -> bool:
        return (await scene.row()).progress_message_id is None

    await wait_until(look, description="the row has no message any more")


async def test_an_outcome_is_shown_although_the_bot_was_down_when_it_came(scene: Scene) -> None:
    bot = await scene.start_bot()
    card = await asked(scene)
    await bot.kill()
    runner, claim = await scene.claimed()
    await runner.settle(claim, FAILED)
    await scene.start_bot()
    shown = await scene.card("❌", "The transfer failed.", timeout=15)
    assert shown is card
    assert len(scene.said()) == 1
    await recorded(scene, Status.FAILED)
    edits = card.edits
    await scene.bob.write(scene.channel, "$ping")
    await scene.card("Pong!")
    assert card.edits == edits


async def test_a_message_that_was_deleted_is_not_replaced(scene: Scene) -> None:
    await scene.start_bot()
    card = await asked(scene)
    await scene.moderator.delete(card)
    runner, claim = await scene.claimed()
    await forgotten(scene)
    await runner.settle(claim, FAILED)
    await scene.bob.write(scene.channel, "$ping")
    await scene.card("Pong!")
    assert len(scene.said()) == 1
    assert (await scene.row()).status is Status.FAILED


async def test_a_channel_that_is_gone_ends_its_messages_and_no_others(scene: Scene) -> None:
    bot = await scene.start_bot()
    await asked(scene)
    other = scene.guild.add_text_channel("other")
    await scene.bob.use(other, "download", url=URL)
    await other.wait_for(lambda one: "#2" in one.text)
    await scene.channel.delete()
    await scene.claimed()
    await forgotten(scene)
    await scene.claimed()
    await other.wait_for(lambda one: "looking for the media" in one.text)
    assert bot.running


async def test_a_refused_edit_is_tried_again_at_long_intervals(scene: Scene) -> None:
    bot = await scene.start_bot()
    card = await asked(scene)
    await scene.channel.forbid(Permission.VIEW_CHANNEL)
    runner, claim = await scene.claimed()
    await bot.wait_for_output("Discord refuses to edit its message, trying again in 60 s")
    await runner.settle(claim, FAILED)
    other = scene.guild.add_text_channel("other")
    await scene.bob.use(other, "download", url=URL)
    await other.wait_for(lambda one: "#2" in one.text)
    assert scene.discord.invalid_requests == 1
    assert (await scene.row()).progress_message_id == card.id
    await scene.channel.allow(Permission.VIEW_CHANNEL)
    await bot.kill()
    await scene.start_bot()  # it remembers no interval
    assert await scene.card("❌", "The transfer failed.") is card


async def test_trouble_with_an_edit_only_delays_it(scene: Scene) -> None:
    troubles = {
        "429": Fault.rate_limit(1.0),
        "429 without headers": Fault.rate_limit(1.0, headers=False, via=False),
        "429 of a shared resource": Fault.rate_limit(1.0, scope="shared"),
        "429 for everything": Fault.rate_limit(1.0, scope="global"),
        "500": Fault.status(500),
        "503": Fault.status(503),
        "500 after the work": Fault.status(500, after=True),
        "reset": Fault.reset(),
        "reset after the work": Fault.reset(after=True),
        "a proxy's page": Fault.status(404, text="<html>not found</html>"),
    }
    bot = await scene.start_bot()
    cards = {}
    for name, fault in troubles.items():
        channel = scene.guild.add_text_channel(name)
        answer = await (await scene.alice.use(channel, "download", url=URL)).answer()
        cards[name] = channel, answer.message
        await channel.wait_for(lambda one: "#" in one.text)
        scene.discord.fail("PATCH", f"/channels/{channel.id}/messages/*", fault)
    for _ in troubles:
        runner, claim = await scene.claimed()
        await runner.settle(claim, FAILED)
    for channel, card in cards.values():
        await channel.wait_for(lambda one: "The transfer failed." in one.text, 20)
        assert channel.messages == [card]
    await recorded(scene, Status.FAILED)
    assert "Traceback" not in bot.output


async def test_a_long_rate_limit_of_one_channel_does_not_hold_up_the_others(scene: Scene) -> None:
    bot = await scene.start_bot()
    await asked(scene)
    other = scene.guild.add_text_channel("other")
    await scene.bob.use(other, "download", url=URL)
    await other.wait_for(lambda one: "#2" in one.text)
    scene.discord.fail("PATCH", f"/channels/{scene.channel.id}/messages/*", Fault.rate_limit(90.0))
    await scene.claimed()
    await bot.wait_for_output("Discord wants fewer edits for 90 s")
    await scene.claimed()
    await other.wait_for(lambda one: "looking for the media" in one.text)
    assert not any("looking for the media" in one.text for one in scene.said())


async def test_edits_go_on_while_the_gateway_is_away(scene: Scene) -> None:
    await scene.start_bot()
    await asked(scene)
    scene.discord.refuse_gateway(math.inf)
    await scene.discord.drop_gateway()
    runner, claim = await scene.claimed()
    await scene.card("looking for the media")
    await runner.settle(claim, FAILED)
    await scene.card("The transfer failed.")


async def test_fifty_downloads_in_one_channel_share_what_discord_allows(scene: Scene) -> None:
    """Discord's five edits in 5 s, five times as fast: less often for all, and never an answer of 429."""
    scene.discord.limit_rate("PATCH", EDIT, 5, per=1.0)
    for number in range(50):
        await scene.with_card(f"https://media.example/{number}.mp4")
    runner = scene.runner()
    claims = [claim for _ in range(50) if (claim := await runner.claim())]
    for claim in claims:
        await runner.move(claim, Status.DOWNLOADING)
    bot = await scene.start_bot(PROGRESS_EDIT_INTERVAL="1")
    percent = 0

    async def many_were_shown() -> bool:
        nonlocal percent
        percent = (percent + 7) % 100
        now = Progress(
            progress=percent, downloaded_bytes=percent, download_speed=1, eta_seconds=1, activity="downloading"
        )
        await runner.write_progress([(claim, now) for claim in claims])
        return sum("⬇️" in one.text for one in scene.said()) >= 20

    await wait_until(many_were_shown, 40, every=0.2, description="many cards show their bars")
    for claim in claims:
        await runner.settle(claim, FAILED)
    await scene.channel.wait_until(lambda _: all("❌" in one.text for one in scene.said()), 40)
    assert len(scene.said()) == 50
    edits = scene.discord.requests("PATCH", EDIT)
    assert {edit.status for edit in edits} == {200}
    assert "Traceback" not in bot.output
    assert "could not" not in bot.output


async def test_those_who_wait_see_the_queue_move(scene: Scene) -> None:
    await scene.start_bot(PROGRESS_EDIT_INTERVAL="0.5")
    await asked(scene)
    await scene.bob.use(scene.channel, "download", url="https://media.example/dog.mp4")
    second = await scene.card("dog.mp4", "1 ahead of it")
    await scene.claimed()
    assert await scene.card("dog.mp4", "next in line") is second
